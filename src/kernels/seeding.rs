//! The kernels of k-means++: what candidates would bring, and which points they would win.

use super::columns::{Columns, MOST_SHORT, panel_len, with_columns};
use super::groups::{
    BATCH, Frame, Groups, Open, PANEL, bring, lowest_sq_dist, score_panel, smallest,
};
use super::projection::Sketched;
use super::simd::{MAX_LANES, Simd, Widen};
use super::{Packed, Rows, sq_dist};
use crate::float::Float;

/// The most candidates that are measured together: more than `2 + ln k` for any `k`.
pub(crate) const MOST_TOGETHER: usize = 32;

/// How the squared distance of a point becomes a term of a sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a, F> {
    /// One for each point, or 1 for all.
    pub(crate) weights: Option<&'a [F]>,
    /// Added and subtracted again, this rounds a term, so that sums of terms are exact.
    pub(crate) splitter: f64,
}

impl<F: Float> Terms<'_, F> {
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

/// IN: points, targets, at most [`MOST_TOGETHER`], terms, `closest`, the squared distance known of
/// each point. OUT: `falls`, to which is added for each target by how much the sum of the terms
/// would fall if the points nearer to it were its own; `scratch` is workspace of [`scratch_len`].
#[inline(always)]
pub(super) fn falls<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    terms: Terms<'_, F>,
    closest: &[f64],
    falls: &mut [f64],
    scratch: &mut [f64],
) {
    let (wide, panel) = widen_targets(targets, scratch);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    let lanes = with_columns!(simd, points.n_features(), panel, |columns| {
        falls_in_lanes(simd, columns, &in_lanes, &wide, terms, closest)
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
fn falls_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, f64>,
    terms: Terms<'_, F>,
    closest: &[f64],
) -> [S::Vector; MOST_TOGETHER] {
    let mut lanes = [simd.splat(0.0); MOST_TOGETHER];
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

/// IN: points, targets, `closest` and `scratch` as for [`falls`]. OUT: `nearer`, to which the pairs of
/// points and targets are added whose squared distance is smaller than the one known.
#[inline(always)]
pub(super) fn measure_nearer<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    closest: &[f64],
    nearer: &mut Vec<Nearer>,
    scratch: &mut [f64],
) {
    let (wide, panel) = widen_targets(targets, scratch);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    with_columns!(simd, points.n_features(), panel, |columns| {
        measure_in_lanes(simd, columns, &in_lanes, &wide, closest, nearer);
    });
    for (point, &known) in closest.iter().enumerate().skip(whole) {
        for (target, row) in targets.iter().enumerate() {
            let sq_dist = sq_dist(points.row(point), row);
            if sq_dist < known {
                nearer.push(Nearer {
                    point,
                    candidate: target as u32,
                    sq_dist,
                });
            }
        }
    }
}

/// [`measure_nearer`] for whole vectors of points.
#[inline(always)]
fn measure_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, f64>,
    closest: &[f64],
    nearer: &mut Vec<Nearer>,
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
                    nearer.push(Nearer {
                        point: first + i,
                        candidate: target as u32,
                        sq_dist,
                    });
                }
            }
        }
    }
}

/// Splits the workspace into the targets in f64 and the panel.
///
/// PERF: made f64 once and not for each panel: choosing 100 of 200,000 x 16 took 0.23 instead of
/// 0.28 s.
#[inline(always)]
fn widen_targets<'a, F: Float>(
    targets: &Rows<'_, F>,
    scratch: &'a mut [f64],
) -> (Rows<'a, f64>, &'a mut [f64]) {
    let (wide, panel) = scratch.split_at_mut(targets.data().len());
    let pairs = wide.iter_mut().zip(targets.data());
    pairs.for_each(|(wide, x)| *wide = x.to_f64());
    (Rows::new(wide, targets.n_features()), panel)
}

/// The values of workspace for [`falls`], given the lanes of a vector.
pub(super) fn scratch_len<F>(targets: &Rows<'_, F>, lanes: usize) -> usize {
    targets.data().len() + panel_len(targets.n_features(), lanes)
}

/// IN: points, one target, terms. IN, OUT: `closest`, lowered to the squared distance to the target
/// where that is smaller. Returns by how much the sum of the terms falls.
#[inline(always)]
pub(super) fn lower<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    target: &[F],
    terms: Terms<'_, F>,
    closest: &mut [f64],
) -> f64 {
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    let lanes = with_columns!(simd, target.len(), &mut [], |columns| {
        lower_in_lanes(simd, columns, &in_lanes, target, terms, closest)
    });
    let mut fall = sum::<F, S>(simd, lanes);
    for (row, closest) in closest.iter_mut().enumerate().skip(whole) {
        let after = sq_dist(points.row(row), target).min(*closest);
        fall += terms.of_one(row, *closest) - terms.of_one(row, after);
        *closest = after;
    }
    fall
}

/// [`lower`] for whole vectors of points; what the terms fall by, summed in each lane.
#[inline(always)]
fn lower_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    target: &[F],
    terms: Terms<'_, F>,
    closest: &mut [f64],
) -> S::Vector {
    let mut lanes = simd.splat(0.0);
    for first in (0..points.len()).step_by(S::LANES) {
        let block = points.slice(first..first + S::LANES);
        // PERF: transposing more than a few features takes longer than measuring a single target.
        let sq_dists = if target.len() <= MOST_SHORT {
            columns.take(simd, &block);
            columns.sq_dists(simd, target)
        } else {
            let mut sq_dists = [0.0; MAX_LANES];
            let pairs = sq_dists.iter_mut().zip(block.iter());
            pairs.for_each(|(out, row)| *out = sq_dist(row, target));
            simd.load(&sq_dists)
        };
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

/// A point that is nearer to a candidate than to all centroids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nearer {
    pub(crate) point: usize,
    pub(crate) candidate: u32,
    /// Their [`sq_dist`].
    pub(crate) sq_dist: f64,
}

/// What is known of points when candidates come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// The squared distance of each point to its centroid.
    pub(crate) closest: &'a [f64],
    /// Which centroid that is, for each point.
    pub(crate) owners: &'a [u32],
    /// For each centroid how far from it, squared, a point must be to be nearer to a candidate.
    pub(crate) reaches: &'a [f64],
}

/// IN: points, candidates, one panel of them at most, and the same in `groups`. OUT: `nearer`, to
/// which the pairs of points and candidates are added whose squared distance is smaller than the one
/// known. `scratch` is as for [`nearest_bounded`](super::bounds::nearest_bounded).
#[inline(always)]
pub(super) fn find_nearer<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    (points, candidates, groups): (&Rows<'_, F>, &Packed<F>, &Groups<F>),
    sketched: Sketched<'_, F>,
    known: Known<'_>,
    nearer: &mut Vec<Nearer>,
    scratch: &mut [F],
) {
    let frame = Frame {
        points,
        centroids: candidates,
        groups,
        sketched: Some(sketched),
        n: sketched.rows.n_features(),
    };
    let mut batch = [Open::new(0); BATCH];
    let mut in_batch = 0;
    for (row, (&closest, &owner)) in known.closest.iter().zip(known.owners).enumerate() {
        if closest <= known.reaches[owner as usize] {
            continue;
        }
        let open = &mut batch[in_batch];
        *open = Open::new(row);
        open.error = groups.error + sketched.errors[row].to_f64();
        open.set(&frame, 0, closest);
        in_batch += 1;
        if in_batch == BATCH {
            compare::<F, S, R, V>(simd, &frame, &mut batch, nearer, scratch);
            in_batch = 0;
        }
    }
    compare::<F, S, R, V>(simd, &frame, &mut batch[..in_batch], nearer, scratch);
}

/// Compares the points of a batch with the candidates.
#[inline(always)]
fn compare<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    batch: &mut [Open<F>],
    nearer: &mut Vec<Nearer>,
    scratch: &mut [F],
) {
    for (i, open) in batch.iter_mut().enumerate() {
        open.sq_norm = bring(
            simd,
            frame,
            open.row,
            &mut scratch[i * frame.n..][..frame.n],
        );
    }
    let mut scores = [[F::ZERO; PANEL]; BATCH];
    // A last chunk that is not full is filled up with points of the batch.
    let all: [usize; BATCH] = std::array::from_fn(|i| i.min(batch.len().max(1) - 1));
    let chunks = all.as_chunks::<R>().0.iter();
    for (chunk, scores) in chunks
        .zip(scores.as_chunks_mut::<R>().0.iter_mut())
        .take(batch.len().div_ceil(R))
    {
        *scores = score_panel::<F, S, R, V>(simd, frame, 0, scratch, chunk, batch);
    }
    let candidates = frame.centroids.rows();
    for (open, scores) in batch.iter().zip(&scores) {
        if smallest(scores) > open.limit && open.sq_norm.is_finite() {
            continue;
        }
        for (candidate, &score) in scores[..candidates.len()].iter().enumerate() {
            if score > open.limit && open.sq_norm.is_finite() {
                continue;
            }
            let (row, other) = (frame.points.row(open.row), candidates.row(candidate));
            if lowest_sq_dist(simd, row, other) > open.sq_dist {
                continue;
            }
            let sq_dist = sq_dist(row, other);
            if sq_dist < open.sq_dist {
                nearer.push(Nearer {
                    point: open.row,
                    candidate: candidate as u32,
                    sq_dist,
                });
            }
        }
    }
}
