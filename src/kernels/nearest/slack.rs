//! How far rounding moves scores.

use crate::float::Float;
use crate::kernels::isa::Simd;

/// How far the scores of two centroids must lie apart for rounding not to have changed their
/// order: the smaller of two bounds, both linear in `|x'|^2` and the lower score.
///
/// With unit roundoff `u` the score `S = |c|^2 / 2 - x c` is computed within `E = g (|c|^2 / 2 +
/// |x| |c|)`, `g = (d + 4) u`: the chain of `d` multiply-adds, the products where they are
/// rounded, the first term, and bringing `x` and `c` into the frame.
///
/// - All centroids lie within `C` of the centre. So `E <= g (C^2 + |x|^2 / 2)`.
/// - A centroid that is really nearer than the one of the lower score, at distance `D`, lies
///   within `|x| + D` of the centre, as that one does. So `E <= g ((2 |x| + D)^2 - |x|^2) / 2`,
///   and with `D^2 = 2 S + |x|^2` and `(2 |x| + D)^2 <= 6 |x|^2 + 3 D^2` that is at most
///   `g (4 |x|^2 + 3 S)`. This is the smaller one where the point is near the centre and its
///   centroid near the point.
///
/// The order can change when the scores are `2 E` apart. The distance that decides,
/// [`sq_dist`](super::sq_dist), has an error of its own, `v (d / 8 + 6)` relative with `v` the
/// roundoff of f64, of `D^2 <= 2 (|x|^2 + C^2)`.
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
            // Beyond some 100,000 features in f32 the bounds would no longer hold: all is in doubt.
            return Self {
                near: (F::INFINITY, F::ZERO, F::ZERO),
                far: (F::INFINITY, F::ZERO),
                norm: F::INFINITY,
            };
        }
        // Room for products of roundoffs, and for the rounding of |x|^2, S and the bounds.
        let inflate = |bound: f64| F::from_f64(1.1 * bound);
        // Products that underflow lose less than the smallest normal number each: those of the
        // score in the frame, those of the distance that decides outside of it.
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

    /// How far the squared distance `2 S + |x'|^2` may be from what it is without rounding: twice
    /// the `E` of this score, either bound on which holds for every centroid at its own distance,
    /// and what the norm adds.
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
