//! Nearest centroids with bounds: one upper bound for each point, and a lower one for each point
//! and group of centroids.
//!
//! ```text
//! for each point
//!     upper  >= the distance to its centroid              grows by that centroid's drift
//!     lower_g <= the distances to the others of group g   falls by the largest drift in the group
//!     where upper < every lower_g: nothing to do
//!     else measure upper; where upper >= lower_g: score the group, PANEL centroids at a time
//! ```
//!
//! Y. Ding et al., *Yinyang k-means: a drop-in replacement of the classic k-means with consistent
//! speedup*, ICML 2015.
//!
//! Every bound is rounded outward (R4 of docs/rounding.md), and a score only rules a centroid out. So the
//! label is that of the plain kernel.

use super::batch::{BATCH, Batch};
use super::frame::Frame;
use super::groups::Groups;
use super::packed::Packed;
use crate::float::Float;
use crate::kernels::isa::Simd;
use crate::kernels::matrix::PANEL;
use crate::kernels::sketches::Sketched;
use crate::kernels::{Kernels, Rows, Work};

/// What is known of the points of a block.
#[derive(Debug)]
pub(crate) struct Bounds<'a, F> {
    /// A centroid for each point: any, and the nearest one afterwards.
    pub(crate) labels: &'a mut [u32],
    /// One for each point; infinite before the first time.
    pub(crate) upper: &'a mut [F],
    /// `len` for each group; zero before the first time.
    pub(crate) lower: &'a mut [F],
    /// Sketches of the points, if there are sketches of the centroids.
    pub(crate) sketched: Option<Sketched<'a, F>>,
}

impl<F: Float> Kernels<F> {
    /// [`nearest`](Self::nearest) with bounds from the last time.
    ///
    /// IN: `points`, `centroids` of as many features, the same centroids in `groups`. IN, OUT:
    /// `bounds` on the distances of the points.
    pub(crate) fn nearest_bounded(
        &self,
        points: &Rows<'_, F>,
        centroids: &Packed<F>,
        groups: &Groups<F>,
        bounds: Bounds<'_, F>,
    ) -> Work {
        let (n, d) = (points.len(), points.n_features());
        assert_eq!(
            (bounds.labels.len(), bounds.upper.len(), bounds.lower.len()),
            (n, n, n * groups.len()),
            "bounds for each point"
        );
        F::with_scratch(n + BATCH * (d + PANEL), |scratch| {
            (self.nearest_bounded)(points, centroids, groups, bounds, scratch)
        })
    }
}

/// See [`Kernels::nearest_bounded`]. `R` points are scored at a time, each against `V` vectors of
/// centroids; `scratch` is workspace for the smallest lower bound of each point and for a batch.
#[inline(always)]
pub(in crate::kernels) fn nearest_bounded<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    groups: &Groups<F>,
    mut bounds: Bounds<'_, F>,
    scratch: &mut [F],
) -> Work {
    let (closest, framed) = scratch.split_at_mut(points.len());
    apply_drift(groups, &mut bounds, closest);
    let frame = Frame {
        points,
        centroids,
        groups,
        sketched: bounds.sketched,
    };
    let mut batch = Batch::new(frame, framed);
    let (mut rows, mut work) = (0..points.len(), Work::default());
    loop {
        work += batch.fill(&mut rows, closest, &mut bounds);
        if batch.is_empty() {
            return work;
        }
        work += batch.search::<S, R, V>(simd, &mut bounds);
    }
}

/// Moves the bounds by what the centroids have moved. OUT: `closest`, the smallest lower bound.
#[inline(always)]
fn apply_drift<F: Float>(groups: &Groups<F>, bounds: &mut Bounds<'_, F>, closest: &mut [F]) {
    let shrink = F::from_f64(1.0 - 4.0 * F::UNIT_ROUNDOFF);
    let grow = F::from_f64(1.0 + 4.0 * F::UNIT_ROUNDOFF);
    for (upper, &label) in bounds.upper.iter_mut().zip(&*bounds.labels) {
        *upper = (*upper + groups.drift[label as usize]) * grow;
    }
    closest.fill(F::INFINITY);
    let lower = bounds.lower.chunks_exact_mut(closest.len());
    for (lower, &drift) in lower.zip(&groups.group_drift) {
        for (lower, closest) in lower.iter_mut().zip(&mut *closest) {
            *lower = *lower * shrink - drift;
            *closest = if *lower < *closest { *lower } else { *closest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::NO_LABEL;
    use crate::kernels::tests::{each_table, for_both_types, lattice, naive};

    fn bounds_give_the_labels_of_the_plain_loop_while_centroids_move<F: Float>() {
        for (n, d, k) in [
            (150, 3, 20_usize),
            (100, 8, 33),
            (90, 21, 70),
            (64, 40, 130),
        ] {
            let x = lattice::<F>(n * d, 5);
            let points = Rows::new(&x, d);
            each_table::<F>(|table| {
                for panels in [1, 2] {
                    let mut order: Vec<u32> = (0..k as u32).rev().collect();
                    order.resize(k.next_multiple_of(PANEL * panels), NO_LABEL);
                    let mut groups = Groups::new(order, panels);
                    let mut labels = vec![0; n];
                    let mut upper = vec![F::INFINITY; n];
                    let mut lower = vec![F::ZERO; n * groups.len()];
                    let mut before = Vec::<F>::new();
                    let mut skipped = 0;
                    for step in 0..6 {
                        // Whole numbers: there are ties in plenty.
                        let drift = lattice::<f64>(k * d, 20 + step);
                        let start = lattice::<f64>(k * d, 9);
                        let moves = (0..k * d).map(|i| {
                            let moves = i / d % 5 == step as usize % 5 && i % 7 == 0;
                            F::from_f64(start[i] + if moves { drift[i].signum() } else { 0.0 })
                        });
                        let c: Vec<F> = moves.collect();
                        let packed = Packed::new(&Rows::new(&c, d));
                        let rows = (!before.is_empty()).then(|| Rows::new(&before, d));
                        groups.update(&packed, None, rows.as_ref());
                        let bounds = Bounds {
                            labels: &mut labels,
                            upper: &mut upper,
                            lower: &mut lower,
                            sketched: None,
                        };
                        let work = table.nearest_bounded(&points, &packed, &groups, bounds);
                        let expected = naive::nearest(&points, &packed.rows());
                        assert_eq!(labels, expected, "{} {n} {d} {k} {step}", table.name);
                        skipped += (n * k).saturating_sub(work.distances);
                        before = c;
                    }
                    assert!(skipped > 0, "{} {n} {d} {k}", table.name);
                }
            });
        }
    }

    for_both_types!(bounds_give_the_labels_of_the_plain_loop_while_centroids_move);
}
