//! The x86-64 instruction sets: AVX-512 and AVX2 with FMA.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "one argument for all: the token in `self` proves that the processor has the \
              instruction, and loads and stores go through slices or arrays of the vector's length"
)]

use std::arch::x86_64::*;
use std::array::from_fn;

use super::simd::{Simd, Widen};
use super::transpose::columns_by_halves;

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

/// Lines of the cache that are asked for at a time: no more than a few rows should fill it.
const MOST_LINES: usize = 64;

macro_rules! impl_simd {
    (
        $token:ty, $float:ty, $lanes:literal, $vector:ty, $mask:ty,
        splat $splat:ident, load $load:ident, store $store:ident, add $add:ident, sub $sub:ident, mul $mul:ident,
        mul_add $mul_add:ident, sqrt $sqrt:ident, min $min:ident,
        less |$la:ident, $lb:ident| $less:expr,
        all |$am:ident| $all:expr,
        select |$sm:ident, $sy:ident, $sn:ident| $select:expr,
        zip |$za:ident, $zb:ident| $zip:expr,
        columns |$ct:ident, $cr:ident| $columns:expr
    ) => {
        impl Simd<$float> for $token {
            type Vector = $vector;
            type Mask = $mask;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(self, value: $float) -> $vector {
                unsafe { $splat(value) }
            }
            #[inline(always)]
            fn load(self, from: &[$float]) -> $vector {
                let from = &from[..$lanes];
                unsafe { $load(from.as_ptr()) }
            }
            #[inline(always)]
            fn store(self, vector: $vector, to: &mut [$float]) {
                let to = &mut to[..$lanes];
                unsafe { $store(to.as_mut_ptr(), vector) }
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn prefetch(self, from: &[$float]) {
                for line in from.chunks(64 / size_of::<$float>()).take(MOST_LINES) {
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
                }
            }
            #[inline(always)]
            fn mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                unsafe { $mul_add(a, b, c) }
            }
            #[inline(always)]
            fn sqrt(self, a: $vector) -> $vector {
                unsafe { $sqrt(a) }
            }
            #[inline(always)]
            fn min(self, a: $vector, b: $vector) -> $vector {
                unsafe { $min(a, b) }
            }
            #[inline(always)]
            fn less(self, $la: $vector, $lb: $vector) -> $mask {
                unsafe { $less }
            }
            #[inline(always)]
            fn all(self, $am: $mask) -> bool {
                $all
            }
            #[inline(always)]
            fn select(self, $sm: $mask, $sy: $vector, $sn: $vector) -> $vector {
                unsafe { $select }
            }
            #[inline(always)]
            fn zip(self, $za: $vector, $zb: $vector) -> ($vector, $vector) {
                unsafe { $zip }
            }
            #[inline(always)]
            fn columns<const D: usize>(self, $cr: [$vector; D]) -> [$vector; D] {
                let $ct = self;
                unsafe { $columns }
            }
        }
    };
}

impl_simd!(
    Avx512, f32, 16, __m512, __mmask16,
    splat _mm512_set1_ps, load _mm512_loadu_ps, store _mm512_storeu_ps, add _mm512_add_ps, sub _mm512_sub_ps,
    mul _mm512_mul_ps, mul_add _mm512_fmadd_ps, sqrt _mm512_sqrt_ps, min _mm512_min_ps,
    less |a, b| _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b),
    all |mask| mask == !0,
    select |mask, yes, no| _mm512_mask_blend_ps(mask, no, yes),
    zip |a, b| {
        let lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        let upper = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        (_mm512_permutex2var_ps(a, lower, b), _mm512_permutex2var_ps(a, upper, b))
    },
    columns |_simd, rows| from_fn(|j| {
        let of = |v: usize| _mm512_loadu_si512(Places::<D>::OF_16[j][v].as_ptr().cast());
        (1..D).fold(rows[0], |column, v| _mm512_permutex2var_ps(column, of(v), rows[v]))
    })
);

impl_simd!(
    Avx512, f64, 8, __m512d, __mmask8,
    splat _mm512_set1_pd, load _mm512_loadu_pd, store _mm512_storeu_pd, add _mm512_add_pd, sub _mm512_sub_pd,
    mul _mm512_mul_pd, mul_add _mm512_fmadd_pd, sqrt _mm512_sqrt_pd, min _mm512_min_pd,
    less |a, b| _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b),
    all |mask| mask == !0,
    select |mask, yes, no| _mm512_mask_blend_pd(mask, no, yes),
    zip |a, b| {
        let lower = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
        let upper = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
        (_mm512_permutex2var_pd(a, lower, b), _mm512_permutex2var_pd(a, upper, b))
    },
    columns |_simd, rows| from_fn(|j| {
        let of = |v: usize| _mm512_loadu_si512(Places::<D>::OF_8[j][v].as_ptr().cast());
        (1..D).fold(rows[0], |column, v| _mm512_permutex2var_pd(column, of(v), rows[v]))
    })
);

impl_simd!(
    Avx2, f32, 8, __m256, __m256,
    splat _mm256_set1_ps, load _mm256_loadu_ps, store _mm256_storeu_ps, add _mm256_add_ps, sub _mm256_sub_ps,
    mul _mm256_mul_ps, mul_add _mm256_fmadd_ps, sqrt _mm256_sqrt_ps, min _mm256_min_ps,
    less |a, b| _mm256_cmp_ps::<_CMP_LT_OQ>(a, b),
    all |mask| (unsafe { _mm256_movemask_ps(mask) }) == 0xff,
    select |mask, yes, no| _mm256_blendv_ps(no, yes, mask),
    zip |a, b| {
        let (even, odd) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        (_mm256_permute2f128_ps::<0x20>(even, odd), _mm256_permute2f128_ps::<0x31>(even, odd))
    },
    columns |simd, rows| if let [a, b, c] = rows[..] {
        // The values of a column lie in different lanes, value `i` of column `j` in `(3 i + j) % 8`.
        let x = _mm256_blend_ps::<0b0010_0100>(_mm256_blend_ps::<0b1001_0010>(a, b), c);
        let y = _mm256_blend_ps::<0b0100_1001>(_mm256_blend_ps::<0b0010_0100>(a, b), c);
        let z = _mm256_blend_ps::<0b1001_0010>(_mm256_blend_ps::<0b0100_1001>(a, b), c);
        let columns = [
            _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5)),
            _mm256_permutevar8x32_ps(y, _mm256_setr_epi32(1, 4, 7, 2, 5, 0, 3, 6)),
            _mm256_permutevar8x32_ps(z, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7)),
        ];
        from_fn(|j| columns[j])
    } else {
        const { assert!(D == 3 || D.is_power_of_two()) };
        columns_by_halves::<f32, _, D>(simd, rows, D)
    }
);

impl_simd!(
    Avx2, f64, 4, __m256d, __m256d,
    splat _mm256_set1_pd, load _mm256_loadu_pd, store _mm256_storeu_pd, add _mm256_add_pd, sub _mm256_sub_pd,
    mul _mm256_mul_pd, mul_add _mm256_fmadd_pd, sqrt _mm256_sqrt_pd, min _mm256_min_pd,
    less |a, b| _mm256_cmp_pd::<_CMP_LT_OQ>(a, b),
    all |mask| (unsafe { _mm256_movemask_pd(mask) }) == 0xf,
    select |mask, yes, no| _mm256_blendv_pd(no, yes, mask),
    zip |a, b| {
        let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
        (_mm256_permute2f128_pd::<0x20>(even, odd), _mm256_permute2f128_pd::<0x31>(even, odd))
    },
    columns |simd, rows| if let [a, b, c] = rows[..] {
        // Value `i` of column `j` lies in lane `(3 i + j) % 4`.
        let x = _mm256_blend_pd::<0b0010>(_mm256_blend_pd::<0b0100>(a, b), c);
        let y = _mm256_blend_pd::<0b0100>(_mm256_blend_pd::<0b1001>(a, b), c);
        let z = _mm256_blend_pd::<0b1001>(_mm256_blend_pd::<0b0010>(a, b), c);
        let columns = [
            _mm256_permute4x64_pd::<0b01_10_11_00>(x),
            _mm256_permute4x64_pd::<0b10_11_00_01>(y),
            _mm256_permute4x64_pd::<0b11_00_01_10>(z),
        ];
        from_fn(|j| columns[j])
    } else {
        const { assert!(D == 3 || D.is_power_of_two()) };
        columns_by_halves::<f64, _, D>(simd, rows, D)
    }
);

/// Where the values of the columns of rows of `D` values are.
struct Places<const D: usize>;

impl<const D: usize> Places<D> {
    /// For each column and each vector, the lane of every value: in the column as put together so far,
    /// or counted from the number of lanes on, in that vector. Nothing is asked of the first vector.
    const OF_16: &'static [[[i32; 16]; D]; D] = &{
        let mut places = [[[0; 16]; D]; D];
        let mut at = 0;
        while at < 16 * D * D {
            let (i, j, v) = (at % 16, at / 16 % D, at / 16 / D);
            places[j][v][i] = place(16, i * D + j, i, v) as i32;
            at += 1;
        }
        places
    };
    /// The same for vectors of eight lanes.
    const OF_8: &'static [[[i64; 8]; D]; D] = &{
        let mut places = [[[0; 8]; D]; D];
        let mut at = 0;
        while at < 8 * D * D {
            let (i, j, v) = (at % 8, at / 8 % D, at / 8 / D);
            places[j][v][i] = place(8, i * D + j, i, v) as i64;
            at += 1;
        }
        places
    };
}

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

macro_rules! impl_widen {
    ($token:ty, $float:ty, $vector:ty, $lanes:literal, |$pointer:ident| $load:expr) => {
        impl Widen<$float> for $token {
            #[inline(always)]
            fn load_wide(self, from: &[$float]) -> $vector {
                let $pointer = from[..$lanes].as_ptr();
                unsafe { $load }
            }
        }
    };
}

impl_widen!(Avx512, f32, __m512d, 8, |from| _mm512_cvtps_pd(
    _mm256_loadu_ps(from)
));
impl_widen!(Avx512, f64, __m512d, 8, |from| _mm512_loadu_pd(from));
impl_widen!(Avx2, f32, __m256d, 4, |from| _mm256_cvtps_pd(_mm_loadu_ps(
    from
)));
impl_widen!(Avx2, f64, __m256d, 4, |from| _mm256_loadu_pd(from));

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
