//! The kernels of k-means++ for few features: what candidates would bring, and which points they would
//! win, all points being measured.

use super::columns::{Columns, with_few_columns};
use super::screen::NearPair;
use super::simd::{MAX_LANES, Widen};
use super::{Rows, sq_dist};
use crate::float::Float;

/// The most candidates that are measured together: more than `2 + ln k` for any `k`.
pub(crate) const MAX_TARGETS: usize = 32;

/// How the squared distance of a point becomes a term of a sum.
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

/// IN: points, targets, at most [`MAX_TARGETS`], terms, `closest`, the squared distance known of
/// each point. OUT: `falls`, to which is added for each target by how much the sum of the terms
/// would fall if the points nearer to it were its own; `scratch` is workspace for the targets.
#[inline(always)]
pub(super) fn potential_drops<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    terms: PotentialTerms<'_, F>,
    closest: &[f64],
    falls: &mut [f64],
    scratch: &mut [f64],
) {
    let wide = widen(targets, scratch);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    let lanes = with_few_columns!(simd, points.n_features(), |columns| {
        drops_in_lanes(simd, columns, &in_lanes, &wide, terms, closest)
    });
    for ((fall, lanes), target) in falls.iter_mut().zip(lanes).zip(targets.iter()) {
        *fall += sum::<F, S>(simd, lanes);
        for (row, &closest) in closest.iter().enumerate().skip(whole) {
            let after = sq_dist(points.row(row), target).min(closest);
            *fall += terms.of_one(row, closest) - terms.of_one(row, after);
        }
    }
}

/// What the terms fall by, summed in each lane, for whole vectors of points.
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
        for (fall, target) in lanes.iter_mut().zip(targets.iter()) {
            let sq_dists = simd.min(columns.sq_dists(simd, target), closest);
            let after = terms.of(simd, first, sq_dists);
            *fall = simd.add(*fall, simd.sub(before, after));
        }
    }
    lanes
}

/// IN: points, targets, `closest` and `scratch` as for [`potential_drops`]. OUT: `nearer`, to which the pairs of
/// points and targets are added whose squared distance is smaller than the one known.
#[inline(always)]
pub(super) fn measured_pairs<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    closest: &[f64],
    nearer: &mut Vec<NearPair>,
    scratch: &mut [f64],
) {
    let wide = widen(targets, scratch);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    with_few_columns!(simd, points.n_features(), |columns| {
        measure_in_lanes(simd, columns, &in_lanes, &wide, closest, nearer);
    });
    for (point, &known) in closest.iter().enumerate().skip(whole) {
        for (target, row) in targets.iter().enumerate() {
            let sq_dist = sq_dist(points.row(point), row);
            if sq_dist < known {
                nearer.push(NearPair {
                    point,
                    target: target as u32,
                    sq_dist,
                });
            }
        }
    }
}

/// [`measured_pairs`] for whole vectors of points.
#[inline(always)]
fn measure_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, f64>,
    closest: &[f64],
    nearer: &mut Vec<NearPair>,
) {
    for first in (0..points.len()).step_by(S::LANES) {
        columns.take(simd, &points.slice(first..first + S::LANES));
        let known = simd.load(&closest[first..]);
        for (target, row) in targets.iter().enumerate() {
            let sq_dists = columns.sq_dists(simd, row);
            if simd.all(simd.less(known, sq_dists)) {
                continue;
            }
            let mut lanes = [0.0; MAX_LANES];
            simd.store(sq_dists, &mut lanes);
            let known = closest[first..][..S::LANES].iter().zip(lanes);
            for (i, (&known, sq_dist)) in known.enumerate() {
                if sq_dist < known {
                    nearer.push(NearPair {
                        point: first + i,
                        target: target as u32,
                        sq_dist,
                    });
                }
            }
        }
    }
}

/// The targets in f64. OUT: `wide`, as many values.
#[inline(always)]
fn widen<'a, F: Float>(targets: &Rows<'_, F>, wide: &'a mut [f64]) -> Rows<'a, f64> {
    let pairs = wide.iter_mut().zip(targets.data());
    pairs.for_each(|(wide, x)| *wide = x.to_f64());
    Rows::new(wide, targets.n_features())
}

/// IN: points, one target, terms. IN, OUT: `closest`, lowered to the squared distance to the target
/// where that is smaller. Returns by how much the sum of the terms falls.
#[inline(always)]
pub(super) fn update_min<F: Float, S: Widen<F>>(
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
    let mut fall = sum::<F, S>(simd, lanes);
    for (row, closest) in closest.iter_mut().enumerate().skip(whole) {
        let after = sq_dist(points.row(row), target).min(*closest);
        fall += terms.of_one(row, *closest) - terms.of_one(row, after);
        *closest = after;
    }
    fall
}

/// [`update_min`] for whole vectors of points; what the terms fall by, summed in each lane.
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
        let fall = simd.sub(terms.of(simd, first, before), terms.of(simd, first, after));
        lanes = simd.add(lanes, fall);
    }
    lanes
}

/// The sum of the lanes, which is exact for terms.
#[inline(always)]
fn sum<F, S: Widen<F>>(simd: S, vector: S::Vector) -> f64 {
    let mut lanes = [0.0; MAX_LANES];
    simd.store(vector, &mut lanes);
    lanes.iter().sum()
}
