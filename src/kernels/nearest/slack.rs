//! How far rounding moves scores.

use crate::float::Float;
use crate::kernels::isa::Simd;

/// How far the scores of two centroids must lie apart for rounding not to have changed their
/// order: the smaller of two bounds, both linear in `|x'|^2` and the lower score.
///
/// Both are proved in R3 of docs/rounding.md.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slack<F> {
    /// `near.0 |x|^2 + near.1 S + near.2`
    near: (F, F, F),
    /// `far.0 |x|^2 + far.1`
    far: (F, F),
    /// The relative error of `|x'|^2`, twice as large.
    norm: F,
}

impl<F: Float> Slack<F> {
    pub(super) fn new(n_features: usize, sq_radius: f64, scale: F) -> Self {
        let d = n_features as f64;
        let score = (d + 4.0) * F::UNIT_ROUNDOFF;
        let decision = (d / 8.0 + 6.0) * f64::UNIT_ROUNDOFF;
        if score > 0.01 {
            // About 100,000 features in f32: the proof no longer holds, and everything is in doubt.
            return Self {
                near: (F::INFINITY, F::ZERO, F::ZERO),
                far: (F::INFINITY, F::ZERO),
                norm: F::INFINITY,
            };
        }
        let inflate = |bound: f64| F::from_f64(1.1 * bound);
        // Of the score in the frame, and of the distance that decides outside of it.
        let sq_scale = scale.to_f64() * scale.to_f64();
        let underflow = d * (F::SMALLEST_NORMAL.to_f64() + f64::MIN_POSITIVE * sq_scale);
        Self {
            near: (
                inflate(8.0 * score + decision),
                inflate(6.0 * score + 2.0 * decision),
                inflate(2.0 * underflow),
            ),
            far: (
                inflate(score + 2.0 * decision),
                inflate(2.0 * (score + decision) * sq_radius + 2.0 * underflow),
            ),
            norm: inflate(2.0 * score),
        }
    }

    /// How far above the lower one of two scores the other must be for the order to be beyond doubt.
    #[inline(always)]
    pub(super) fn of_order<S: Simd<F>>(
        &self,
        simd: S,
        sq_norm: S::Vector,
        lower: S::Vector,
    ) -> S::Vector {
        let near = simd.mul_add(lower, simd.splat(self.near.1), simd.splat(self.near.2));
        let near = simd.mul_add(sq_norm, simd.splat(self.near.0), near);
        let far = simd.mul_add(sq_norm, simd.splat(self.far.0), simd.splat(self.far.1));
        simd.min(near, far)
    }

    /// How far the squared distance `2 S + |x'|^2` may be from what it is without rounding: R3b.
    #[inline(always)]
    pub(super) fn of_distance<S: Simd<F>>(
        &self,
        simd: S,
        sq_norm: S::Vector,
        score: S::Vector,
    ) -> S::Vector {
        let of_score = self.of_order(simd, sq_norm, score);
        simd.mul_add(sq_norm, simd.splat(self.norm), of_score)
    }
}
