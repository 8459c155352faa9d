//! The x86-64 instruction sets: AVX-512 and AVX2 with FMA.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "one argument for all: the token in `self` proves that the processor has the \
              instruction, and loads and stores go through slices or arrays of the vector's length"
)]

use std::arch::x86_64::*;
use std::array::from_fn;

use super::super::transpose::columns_by_halves;
use super::simd::{Isa, Simd, Widen};

/// Proof that the processor has AVX-512 F, VL, DQ and BW.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw");
        detected.then_some(Self(()))
    }

    /// Inside a function compiled with the features no question is left.
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
    pub(super) fn here() -> Self {
        Self(())
    }
}

impl Isa for Avx512 {
    const NAME: &'static str = "avx512";
    const VECTORS: usize = 4;
    const DISTANCE_VECTORS: usize = 4;

    #[inline(always)]
    fn prefetch<T>(self, from: &[T]) {
        prefetch(from);
    }
}

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        detected.then_some(Self(()))
    }

    /// Inside a function compiled with the features no question is left.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn here() -> Self {
        Self(())
    }
}

impl Isa for Avx2 {
    const NAME: &'static str = "avx2";
    const VECTORS: usize = 2;
    const DISTANCE_VECTORS: usize = 4;

    #[inline(always)]
    fn prefetch<T>(self, from: &[T]) {
        prefetch(from);
    }
}

/// [`Isa::prefetch`], which every x86-64 processor has an instruction for.
#[inline(always)]
fn prefetch<T>(from: &[T]) {
    /// Cache lines that are asked for at a time: no more than a few rows should fill the cache.
    const MAX_LINES: usize = 64;
    for line in from.chunks(64 / size_of::<T>()).take(MAX_LINES) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
}

/// Methods that are one intrinsic of vectors each.
macro_rules! ops {
    ($($op:ident($($argument:ident),*) = $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $op(self, $($argument: Self::Vector),*) -> Self::Vector {
            unsafe { $intrinsic($($argument),*) }
        }
    )*};
}

/// Methods between memory and vectors.
macro_rules! memory {
    ($float:ty: splat = $splat:ident, load = $load:ident, store = $store:ident) => {
        #[inline(always)]
        fn splat(self, value: $float) -> Self::Vector {
            unsafe { $splat(value) }
        }
        #[inline(always)]
        fn load(self, from: &[$float]) -> Self::Vector {
            let from = &from[..<Self as Simd<$float>>::LANES];
            unsafe { $load(from.as_ptr()) }
        }
        #[inline(always)]
        fn store(self, vector: Self::Vector, to: &mut [$float]) {
            let to = &mut to[..<Self as Simd<$float>>::LANES];
            unsafe { $store(to.as_mut_ptr(), vector) }
        }
    };
}

impl Simd<f32> for Avx512 {
    type Vector = __m512;
    type Mask = __mmask16;
    const LANES: usize = 16;
    const ROWS: usize = 8;

    memory!(f32: splat = _mm512_set1_ps, load = _mm512_loadu_ps, store = _mm512_storeu_ps);
    ops! {
        add(a, b) = _mm512_add_ps;
        sub(a, b) = _mm512_sub_ps;
        mul(a, b) = _mm512_mul_ps;
        mul_add(a, b, c) = _mm512_fmadd_ps;
        sqrt(a) = _mm512_sqrt_ps;
        min(a, b) = _mm512_min_ps;
    }
    #[inline(always)]
    fn less(self, a: __m512, b: __m512) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn all(self, mask: __mmask16) -> bool {
        mask == !0
    }
    #[inline(always)]
    fn select(self, mask: __mmask16, yes: __m512, no: __m512) -> __m512 {
        unsafe { _mm512_mask_blend_ps(mask, no, yes) }
    }
    #[inline(always)]
    fn zip(self, a: __m512, b: __m512) -> (__m512, __m512) {
        unsafe {
            let lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let upper =
                _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            let zip = |places| _mm512_permutex2var_ps(a, places, b);
            (zip(lower), zip(upper))
        }
    }
    #[inline(always)]
    fn columns<const D: usize>(self, rows: [__m512; D]) -> [__m512; D] {
        from_fn(|j| {
            (1..D).fold(rows[0], |column, v| unsafe {
                let places = _mm512_loadu_si512(Places::<D>::OF_16[j][v].as_ptr().cast());
                _mm512_permutex2var_ps(column, places, rows[v])
            })
        })
    }
}

impl Simd<f64> for Avx512 {
    type Vector = __m512d;
    type Mask = __mmask8;
    const LANES: usize = 8;
    const ROWS: usize = 8;

    memory!(f64: splat = _mm512_set1_pd, load = _mm512_loadu_pd, store = _mm512_storeu_pd);
    ops! {
        add(a, b) = _mm512_add_pd;
        sub(a, b) = _mm512_sub_pd;
        mul(a, b) = _mm512_mul_pd;
        mul_add(a, b, c) = _mm512_fmadd_pd;
        sqrt(a) = _mm512_sqrt_pd;
        min(a, b) = _mm512_min_pd;
    }
    #[inline(always)]
    fn less(self, a: __m512d, b: __m512d) -> __mmask8 {
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn all(self, mask: __mmask8) -> bool {
        mask == !0
    }
    #[inline(always)]
    fn select(self, mask: __mmask8, yes: __m512d, no: __m512d) -> __m512d {
        unsafe { _mm512_mask_blend_pd(mask, no, yes) }
    }
    #[inline(always)]
    fn zip(self, a: __m512d, b: __m512d) -> (__m512d, __m512d) {
        unsafe {
            let lower = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
            let upper = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
            let zip = |places| _mm512_permutex2var_pd(a, places, b);
            (zip(lower), zip(upper))
        }
    }
    #[inline(always)]
    fn columns<const D: usize>(self, rows: [__m512d; D]) -> [__m512d; D] {
        from_fn(|j| {
            (1..D).fold(rows[0], |column, v| unsafe {
                let places = _mm512_loadu_si512(Places::<D>::OF_8[j][v].as_ptr().cast());
                _mm512_permutex2var_pd(column, places, rows[v])
            })
        })
    }
}

impl Simd<f32> for Avx2 {
    type Vector = __m256;
    type Mask = __m256;
    const LANES: usize = 8;
    const ROWS: usize = 4;

    memory!(f32: splat = _mm256_set1_ps, load = _mm256_loadu_ps, store = _mm256_storeu_ps);
    ops! {
        add(a, b) = _mm256_add_ps;
        sub(a, b) = _mm256_sub_ps;
        mul(a, b) = _mm256_mul_ps;
        mul_add(a, b, c) = _mm256_fmadd_ps;
        sqrt(a) = _mm256_sqrt_ps;
        min(a, b) = _mm256_min_ps;
    }
    #[inline(always)]
    fn less(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn all(self, mask: __m256) -> bool {
        (unsafe { _mm256_movemask_ps(mask) }) == 0xff
    }
    #[inline(always)]
    fn select(self, mask: __m256, yes: __m256, no: __m256) -> __m256 {
        unsafe { _mm256_blendv_ps(no, yes, mask) }
    }
    #[inline(always)]
    fn zip(self, a: __m256, b: __m256) -> (__m256, __m256) {
        unsafe {
            let (even, odd) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            (
                _mm256_permute2f128_ps::<0x20>(even, odd),
                _mm256_permute2f128_ps::<0x31>(even, odd),
            )
        }
    }
    #[inline(always)]
    fn columns<const D: usize>(self, rows: [__m256; D]) -> [__m256; D] {
        let [a, b, c] = rows[..] else {
            const { assert!(D == 3 || D.is_power_of_two()) };
            return columns_by_halves::<f32, _, D>(self, rows, D);
        };
        // The values of a column lie in different lanes, value `i` of column `j` in `(3 i + j) % 8`.
        let columns = unsafe {
            let x = _mm256_blend_ps::<0b0010_0100>(_mm256_blend_ps::<0b1001_0010>(a, b), c);
            let y = _mm256_blend_ps::<0b0100_1001>(_mm256_blend_ps::<0b0010_0100>(a, b), c);
            let z = _mm256_blend_ps::<0b1001_0010>(_mm256_blend_ps::<0b0100_1001>(a, b), c);
            [
                _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5)),
                _mm256_permutevar8x32_ps(y, _mm256_setr_epi32(1, 4, 7, 2, 5, 0, 3, 6)),
                _mm256_permutevar8x32_ps(z, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7)),
            ]
        };
        from_fn(|j| columns[j])
    }
}

impl Simd<f64> for Avx2 {
    type Vector = __m256d;
    type Mask = __m256d;
    const LANES: usize = 4;
    const ROWS: usize = 2;

    memory!(f64: splat = _mm256_set1_pd, load = _mm256_loadu_pd, store = _mm256_storeu_pd);
    ops! {
        add(a, b) = _mm256_add_pd;
        sub(a, b) = _mm256_sub_pd;
        mul(a, b) = _mm256_mul_pd;
        mul_add(a, b, c) = _mm256_fmadd_pd;
        sqrt(a) = _mm256_sqrt_pd;
        min(a, b) = _mm256_min_pd;
    }
    #[inline(always)]
    fn less(self, a: __m256d, b: __m256d) -> __m256d {
        unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn all(self, mask: __m256d) -> bool {
        (unsafe { _mm256_movemask_pd(mask) }) == 0xf
    }
    #[inline(always)]
    fn select(self, mask: __m256d, yes: __m256d, no: __m256d) -> __m256d {
        unsafe { _mm256_blendv_pd(no, yes, mask) }
    }
    #[inline(always)]
    fn zip(self, a: __m256d, b: __m256d) -> (__m256d, __m256d) {
        unsafe {
            let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            (
                _mm256_permute2f128_pd::<0x20>(even, odd),
                _mm256_permute2f128_pd::<0x31>(even, odd),
            )
        }
    }
    #[inline(always)]
    fn columns<const D: usize>(self, rows: [__m256d; D]) -> [__m256d; D] {
        let [a, b, c] = rows[..] else {
            const { assert!(D == 3 || D.is_power_of_two()) };
            return columns_by_halves::<f64, _, D>(self, rows, D);
        };
        // Value `i` of column `j` lies in lane `(3 i + j) % 4`.
        let columns = unsafe {
            let x = _mm256_blend_pd::<0b0010>(_mm256_blend_pd::<0b0100>(a, b), c);
            let y = _mm256_blend_pd::<0b0100>(_mm256_blend_pd::<0b1001>(a, b), c);
            let z = _mm256_blend_pd::<0b1001>(_mm256_blend_pd::<0b0010>(a, b), c);
            [
                _mm256_permute4x64_pd::<0b01_10_11_00>(x),
                _mm256_permute4x64_pd::<0b10_11_00_01>(y),
                _mm256_permute4x64_pd::<0b11_00_01_10>(z),
            ]
        };
        from_fn(|j| columns[j])
    }
}

/// Where the values of the columns of rows of `D` values are.
///
/// For each column and each vector, the lane of every value: in the column as put together so far, or
/// counted from the number of lanes on, in that vector. Nothing is asked of the first vector.
struct Places<const D: usize>;

macro_rules! places {
    ($name:ident, $index:ty, $lanes:literal) => {
        impl<const D: usize> Places<D> {
            const $name: &'static [[[$index; $lanes]; D]; D] = &{
                let mut places = [[[0; $lanes]; D]; D];
                let mut at = 0;
                while at < $lanes * D * D {
                    let (i, j, v) = (at % $lanes, at / $lanes % D, at / $lanes / D);
                    places[j][v][i] = place($lanes, i * D + j, i, v) as $index;
                    at += 1;
                }
                places
            };
        }
    };
}
places!(OF_16, i32, 16);
places!(OF_8, i64, 8);

/// From which lane the value number `at` of all rows comes to its own, `lane`, when vector `v` comes in.
const fn place(lanes: usize, at: usize, lane: usize, v: usize) -> usize {
    if at / lanes == v {
        lanes + at % lanes
    } else if v == 1 && at < lanes {
        at
    } else {
        lane
    }
}

impl Widen<f32> for Avx512 {
    #[inline(always)]
    fn load_wide(self, from: &[f32]) -> __m512d {
        let from = &from[..<Self as Simd<f64>>::LANES];
        unsafe { _mm512_cvtps_pd(_mm256_loadu_ps(from.as_ptr())) }
    }
}

impl Widen<f64> for Avx512 {
    #[inline(always)]
    fn load_wide(self, from: &[f64]) -> __m512d {
        self.load(from)
    }
}

impl Widen<f32> for Avx2 {
    #[inline(always)]
    fn load_wide(self, from: &[f32]) -> __m256d {
        let from = &from[..<Self as Simd<f64>>::LANES];
        unsafe { _mm256_cvtps_pd(_mm_loadu_ps(from.as_ptr())) }
    }
}

impl Widen<f64> for Avx2 {
    #[inline(always)]
    fn load_wide(self, from: &[f64]) -> __m256d {
        self.load(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the two-vector permutations of AVX-512 do with the places, on any processor.
    fn columns_by_places<I: Copy, const L: usize, const D: usize>(
        places: &[[[I; L]; D]; D],
        number: impl Fn(I) -> usize,
    ) {
        let rows: [[usize; L]; D] = from_fn(|v| from_fn(|lane| v * L + lane));
        for (j, places) in places.iter().enumerate() {
            let mut column = rows[0];
            for v in 1..D {
                let before = column;
                column = from_fn(|i| match number(places[v][i]) {
                    place if place < L => before[place],
                    place => rows[v][place - L],
                });
            }
            assert_eq!(column, from_fn(|i| i * D + j), "{L} {D}");
        }
    }

    #[test]
    fn places_lead_to_columns() {
        columns_by_places(Places::<2>::OF_16, |place| place as usize);
        columns_by_places(Places::<3>::OF_16, |place| place as usize);
        columns_by_places(Places::<4>::OF_16, |place| place as usize);
        columns_by_places(Places::<2>::OF_8, |place| place as usize);
        columns_by_places(Places::<3>::OF_8, |place| place as usize);
        columns_by_places(Places::<4>::OF_8, |place| place as usize);
    }
}
