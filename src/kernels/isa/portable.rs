//! Vectors as plain arrays of four lanes, for the compiler to turn into whatever the target's
//! baseline offers: SSE2 on x86-64, NEON on aarch64, scalars elsewhere.

use std::array::from_fn;

use super::simd::{Isa, Simd, Widen};
use crate::float::Float;

/// Needs no proof: every processor can run this set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

/// Values per vector.
const LANES: usize = 4;

#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
pub(super) struct Lanes<F>([F; LANES]);

impl<F: Float> Lanes<F> {
    #[inline(always)]
    fn map2(self, other: Self, f: impl Fn(F, F) -> F) -> Self {
        Self(from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Isa for Portable {
    const NAME: &'static str = "portable";
    const VECTORS: usize = 2;
    const DISTANCE_VECTORS: usize = 2;
}

impl<F: Float> Simd<F> for Portable {
    type Vector = Lanes<F>;
    type Mask = [bool; LANES];
    const LANES: usize = LANES;
    const ROWS: usize = 2;

    #[inline(always)]
    fn splat(self, value: F) -> Lanes<F> {
        Lanes([value; LANES])
    }
    #[inline(always)]
    fn load(self, from: &[F]) -> Lanes<F> {
        let from = &from[..LANES];
        Lanes(from_fn(|i| from[i]))
    }
    #[inline(always)]
    fn store(self, vector: Lanes<F>, to: &mut [F]) {
        to[..LANES].copy_from_slice(&vector.0);
    }
    #[inline(always)]
    fn add(self, a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
        a.map2(b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
        a.map2(b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
        a.map2(b, |a, b| a * b)
    }
    #[inline(always)]
    fn mul_add(self, a: Lanes<F>, b: Lanes<F>, c: Lanes<F>) -> Lanes<F> {
        Lanes(from_fn(|i| a.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    fn sqrt(self, a: Lanes<F>) -> Lanes<F> {
        Lanes(a.0.map(F::sqrt))
    }
    #[inline(always)]
    fn min(self, a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
        a.map2(b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn less(self, a: Lanes<F>, b: Lanes<F>) -> [bool; LANES] {
        from_fn(|i| a.0[i] < b.0[i])
    }
    #[inline(always)]
    fn all(self, mask: [bool; LANES]) -> bool {
        mask == [true; LANES]
    }
    #[inline(always)]
    fn select(self, mask: [bool; LANES], yes: Lanes<F>, no: Lanes<F>) -> Lanes<F> {
        Lanes(from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn zip(self, a: Lanes<F>, b: Lanes<F>) -> (Lanes<F>, Lanes<F>) {
        let half = |from: usize| {
            Lanes(from_fn(|i| {
                let lane = from + i / 2;
                if i % 2 == 0 { a.0[lane] } else { b.0[lane] }
            }))
        };
        (half(0), half(LANES / 2))
    }
    #[inline(always)]
    fn columns<const D: usize>(self, rows: [Lanes<F>; D]) -> [Lanes<F>; D] {
        let value = |at: usize| rows[at / LANES].0[at % LANES];
        from_fn(|j| Lanes(from_fn(|i| value(i * D + j))))
    }
}

impl<F: Float> Widen<F> for Portable {
    #[inline(always)]
    fn load_wide(self, from: &[F]) -> Lanes<f64> {
        let from = &from[..LANES];
        Lanes(from_fn(|i| from[i].to_f64()))
    }
}
