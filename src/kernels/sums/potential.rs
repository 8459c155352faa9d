//! The potential of k-means++, the sum of squared distances to the nearest centroid: by how much it
//! drops with another centroid. For few features, where all points are measured.

use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::columns::{Columns, FEW_FEATURES, widen, with_few_columns};
use crate::kernels::isa::{MAX_LANES, Widen};
use crate::kernels::{Kernels, Rows, sq_dist};

/// The most targets that are measured together: more than the `2 + ln k` candidates of k-means++ for
/// any `k`.
pub(crate) const MAX_TARGETS: usize = 32;

/// How the squared distance of a point becomes a term of the potential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PotentialTerms<'a, F> {
    /// One for each point, or 1 for all.
    pub(crate) weights: Option<&'a [F]>,
    /// Added and subtracted again, this rounds a term, so that sums of terms are exact.
    pub(crate) splitter: f64,
}

impl<F: Float> PotentialTerms<'_, F> {
    #[inline(always)]
    fn of<S: Widen<F>>(self, simd: S, first: usize, sq_dists: S::Vector) -> S::Vector {
        let term = match self.weights {
            None => sq_dists,
            Some(weights) => simd.mul(simd.load_wide(&weights[first..]), sq_dists),
        };
        let splitter = simd.splat(self.splitter);
        simd.sub(simd.add(term, splitter), splitter)
    }

    #[inline(always)]
    fn of_one(self, row: usize, sq_dist: f64) -> f64 {
        let weight = self.weights.map_or(1.0, |weights| weights[row].to_f64());
        (weight * sq_dist + self.splitter) - self.splitter
    }
}

impl<F: Float> Kernels<F> {
    /// By how much the potential drops with each of some targets as a centroid.
    ///
    /// IN: `points` of at most [`FEW_FEATURES`] features; `targets` of as many, at most
    /// [`MAX_TARGETS`]; `terms`; `closest`, the squared distance of each point to its nearest
    /// centroid. IN, OUT: `drops`, one for each target, to which it is added.
    pub(crate) fn potential_drops(
        &self,
        points: &Rows<'_, F>,
        targets: &Rows<'_, F>,
        terms: PotentialTerms<'_, F>,
        closest: &[f64],
        drops: &mut [f64],
    ) {
        assert_eq!(
            (closest.len(), drops.len()),
            (points.len(), targets.len()),
            "one for each"
        );
        assert_eq!(
            points.n_features(),
            targets.n_features(),
            "as many features"
        );
        assert!(targets.len() <= MAX_TARGETS, "not too many targets");
        assert!(targets.n_features() <= FEW_FEATURES, "few features");
        f64::with_scratch(targets.data().len(), |wide| {
            (self.potential_drops)(points, targets, terms, closest, drops, wide);
        });
    }

    /// Takes in one target as a centroid, and returns by how much the potential drops.
    ///
    /// IN: `points`, `target`, of as many features, at most [`FEW_FEATURES`]; `terms`. IN, OUT:
    /// `closest`, the squared distance of each point to its nearest centroid.
    pub(crate) fn update_min(
        &self,
        points: &Rows<'_, F>,
        target: &[F],
        terms: PotentialTerms<'_, F>,
        closest: &mut [f64],
    ) -> f64 {
        assert_eq!(closest.len(), points.len(), "one for each point");
        assert_eq!(points.n_features(), target.len(), "as many features");
        assert!(target.len() <= FEW_FEATURES, "few features");
        (self.update_min)(points, target, terms, closest)
    }
}

/// See [`Kernels::potential_drops`]; `wide` is workspace for the targets.
#[inline(always)]
pub(in crate::kernels) fn potential_drops<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    terms: PotentialTerms<'_, F>,
    closest: &[f64],
    drops: &mut [f64],
    wide: &mut [f64],
) {
    let wide = widen(targets, wide);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    let lanes = with_few_columns!(simd, points.n_features(), |columns| {
        drops_in_lanes(simd, columns, &in_lanes, &wide, terms, closest)
    });
    for ((drop, lanes), target) in drops.iter_mut().zip(lanes).zip(targets.iter()) {
        *drop += sum::<F, S>(simd, lanes);
        for (row, &closest) in closest.iter().enumerate().skip(whole) {
            let after = sq_dist(points.row(row), target).min(closest);
            *drop += terms.of_one(row, closest) - terms.of_one(row, after);
        }
    }
}

/// By how much the potential drops, summed in each lane, for whole vectors of points.
#[inline(always)]
fn drops_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, f64>,
    terms: PotentialTerms<'_, F>,
    closest: &[f64],
) -> [S::Vector; MAX_TARGETS] {
    let mut lanes = [simd.splat(0.0); MAX_TARGETS];
    for first in (0..points.len()).step_by(S::LANES) {
        columns.take(simd, &points.slice(first..first + S::LANES));
        let closest = simd.load(&closest[first..]);
        let before = terms.of(simd, first, closest);
        for (drop, target) in lanes.iter_mut().zip(targets.iter()) {
            let sq_dists = simd.min(columns.sq_dists(simd, target), closest);
            let after = terms.of(simd, first, sq_dists);
            *drop = simd.add(*drop, simd.sub(before, after));
        }
    }
    lanes
}

/// See [`Kernels::update_min`].
#[inline(always)]
pub(in crate::kernels) fn update_min<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    target: &[F],
    terms: PotentialTerms<'_, F>,
    closest: &mut [f64],
) -> f64 {
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    let lanes = with_few_columns!(simd, target.len(), |columns| {
        update_in_lanes(simd, columns, &in_lanes, target, terms, closest)
    });
    let mut drop = sum::<F, S>(simd, lanes);
    for (row, closest) in closest.iter_mut().enumerate().skip(whole) {
        let after = sq_dist(points.row(row), target).min(*closest);
        drop += terms.of_one(row, *closest) - terms.of_one(row, after);
        *closest = after;
    }
    drop
}

/// [`update_min`] for whole vectors of points; by how much the potential drops, summed in each lane.
#[inline(always)]
fn update_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    target: &[F],
    terms: PotentialTerms<'_, F>,
    closest: &mut [f64],
) -> S::Vector {
    let mut lanes = simd.splat(0.0);
    for first in (0..points.len()).step_by(S::LANES) {
        let block = points.slice(first..first + S::LANES);
        columns.take(simd, &block);
        let sq_dists = columns.sq_dists(simd, target);
        let before = simd.load(&closest[first..]);
        let after = simd.min(sq_dists, before);
        simd.store(after, &mut closest[first..]);
        let drop = simd.sub(terms.of(simd, first, before), terms.of(simd, first, after));
        lanes = simd.add(lanes, drop);
    }
    lanes
}

/// The sum of the lanes, which is exact for terms of a potential.
#[inline(always)]
fn sum<F, S: Widen<F>>(simd: S, vector: S::Vector) -> f64 {
    let mut lanes = [0.0; MAX_LANES];
    simd.store(vector, &mut lanes);
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, lattice};

    fn drops_and_updates_equal_the_plain_loop<F: Float>() {
        for (n, d, m) in [
            (1, 1, 1),
            (39, 1, 4),
            (37, 2, 3),
            (40, 3, 7),
            (25, 4, 2),
            (51, 4, 31),
        ] {
            let (x, t) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
            let weights: Vec<F> = (0..n).map(|i| F::from_f64((i % 3) as f64)).collect();
            let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
            let known: Vec<f64> = (0..n).map(|i| (40 + i % 90) as f64).collect();
            for weights in [None, Some(&weights[..])] {
                // A unit of 1 / 4.
                let splitter = 1.5 * f64::from_bits((50 + 1023) << 52);
                let terms = PotentialTerms { weights, splitter };
                let weight = |i: usize| weights.map_or(1.0, |weights| weights[i].to_f64());
                let drop = |i: usize, target: usize| {
                    let sq_dist = sq_dist(points.row(i), targets.row(target));
                    weight(i) * (known[i] - sq_dist).max(0.0)
                };
                each_table::<F>(|table| {
                    let mut drops = vec![1.0; m];
                    table.potential_drops(&points, &targets, terms, &known, &mut drops);
                    for (target, found) in drops.into_iter().enumerate() {
                        let expected: f64 = (0..n).map(|i| drop(i, target)).sum();
                        assert_eq!(found, 1.0 + expected, "{} {n} {d} {m}", table.name);
                        let mut closest = known.clone();
                        let row = targets.row(target);
                        let found = table.update_min(&points, row, terms, &mut closest);
                        assert_eq!(found, expected, "{} {n} {d} {m}", table.name);
                        for (i, found) in closest.into_iter().enumerate() {
                            let sq_dist = sq_dist(points.row(i), row);
                            assert_eq!(found, known[i].min(sq_dist), "{} {n} {d}", table.name);
                        }
                    }
                });
            }
        }
    }

    for_both_types!(drops_and_updates_equal_the_plain_loop);
}
