//! Nearest centroids with bounds: one upper bound for each point, and a lower one for each point
//! and group of centroids.
//!
//! ```text
//! for each point
//!     upper  >= the distance to its centroid              grows by that centroid's shift
//!     lower_g <= the distances to the others of group g   falls by the largest shift in the group
//!     where upper < every lower_g: nothing to do
//!     else measure upper; where upper >= lower_g: score the group, PANEL centroids at a time
//! ```
//!
//! Y. Ding et al., *Yinyang k-means: a drop-in replacement of the classic k-means with consistent
//! speedup*, ICML 2015.
//!
//! Every bound is rounded outward, and a score only rules a centroid out. So the label is that of
//! the plain kernel.

use super::groups::{
    BATCH, Frame, Groups, Open, PANEL, above, below, bring, lowest_sq_dist, score_panel, smallest,
};
use super::simd::Simd;
use super::{NO_LABEL, Packed, Rows, Sketched, Work, nearest_row, sq_dist};
use crate::float::Float;

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

/// IN: points, centroids, and the same in groups. IN, OUT: `bounds`. `scratch` is workspace of
/// [`scratch_len`] values. `R` points are scored at a time, each against `V` vectors of centroids.
#[inline(always)]
pub(super) fn nearest_bounded<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    groups: &Groups<F>,
    mut bounds: Bounds<'_, F>,
    scratch: &mut [F],
) -> Work {
    let frame = Frame {
        points,
        centroids,
        groups,
        sketched: bounds.sketched,
        n: bounds
            .sketched
            .map_or(points.n_features(), |sketched| sketched.rows.n_features()),
    };
    let len = points.len();
    let (closest, scratch) = scratch.split_at_mut(len);
    loosen(groups, &mut bounds, closest);
    let mut assigned = Work::default();
    let mut batch = [Open::new(0); BATCH];
    let mut in_batch = 0;
    for (row, &closest) in closest.iter().enumerate() {
        if bounds.upper[row] < closest {
            continue;
        }
        let mut open = Open::new(row);
        open.error = groups.error;
        open.error += frame.sketched.map_or(0.0, |s| s.errors[row].to_f64());
        let label = bounds.labels[row];
        let own = centroids.rows().row(label as usize);
        let sq_dist = sq_dist(points.row(row), own);
        assigned.distances += 1;
        assigned.exact_checks += 1;
        bounds.upper[row] = above(sq_dist, points.n_features());
        if bounds.upper[row] < closest {
            continue;
        }
        open.set(&frame, label, sq_dist);
        batch[in_batch] = open;
        in_batch += 1;
        if in_batch == BATCH {
            assigned += search::<F, S, R, V>(simd, &frame, &mut batch, &mut bounds, scratch);
            in_batch = 0;
        }
    }
    if in_batch > 0 {
        let batch = &mut batch[..in_batch];
        assigned += search::<F, S, R, V>(simd, &frame, batch, &mut bounds, scratch);
    }
    assigned
}

/// Moves the bounds by what the centroids have moved. OUT: `closest`, the smallest lower bound.
#[inline(always)]
fn loosen<F: Float>(groups: &Groups<F>, bounds: &mut Bounds<'_, F>, closest: &mut [F]) {
    let shrink = F::from_f64(1.0 - 4.0 * F::UNIT_ROUNDOFF);
    let grow = F::from_f64(1.0 + 4.0 * F::UNIT_ROUNDOFF);
    for (upper, &label) in bounds.upper.iter_mut().zip(&*bounds.labels) {
        *upper = (*upper + groups.shifts[label as usize]) * grow;
    }
    closest.fill(F::INFINITY);
    let lower = bounds.lower.chunks_exact_mut(closest.len());
    for (lower, &shift) in lower.zip(&groups.group_shifts) {
        for (lower, closest) in lower.iter_mut().zip(&mut *closest) {
            *lower = *lower * shrink - shift;
            *closest = if *lower < *closest { *lower } else { *closest };
        }
    }
}

/// Points that are scored together where there are fewer than there could be.
///
/// PERF: one by one each multiply-add waits for the last; so the place of a point is filled up with
/// another one.
const FEW: usize = 4;

/// Finds the nearest centroids of the points of a batch, whose own distances are tight.
#[inline(always)]
fn search<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    batch: &mut [Open<F>],
    bounds: &mut Bounds<'_, F>,
    scratch: &mut [F],
) -> Work {
    let groups = frame.groups;
    let n_panels = groups.order.len() / PANEL;
    let mut assigned = Work::default();
    let mut before = [NO_LABEL; BATCH];
    // The upper bounds, below everything where nothing is left to do.
    let mut upper = [F::ZERO - F::INFINITY; BATCH];
    for (i, open) in batch.iter_mut().enumerate() {
        before[i] = bounds.labels[open.row];
        open.sq_norm = bring(
            simd,
            frame,
            open.row,
            &mut scratch[i * frame.n..][..frame.n],
        );
        if !open.sq_norm.is_finite() {
            assigned.distances += take_all(frame, open.row, bounds);
        } else {
            upper[i] = bounds.upper[open.row];
        }
    }
    let mut scores = [[F::ZERO; PANEL]; BATCH];
    for group in 0..groups.len() {
        let mut wanted = [0; BATCH];
        let mut n_wanted = 0;
        let lower = &bounds.lower[group * bounds.labels.len()..];
        for (i, (open, &upper)) in batch.iter().zip(&upper).enumerate() {
            wanted[n_wanted] = i;
            n_wanted += usize::from(upper >= lower[open.row]);
        }
        let wanted = &wanted[..n_wanted];
        let mut least = [F::INFINITY; BATCH];
        let first = group * groups.panels;
        for panel in first..n_panels.min(first + groups.panels) {
            let (chunks, rest) = wanted.as_chunks::<R>();
            let (whole, single) = scores.split_at_mut(R * chunks.len());
            for (chunk, scores) in chunks.iter().zip(whole.as_chunks_mut::<R>().0) {
                *scores = score_panel::<F, S, R, V>(simd, frame, panel, scratch, chunk, batch);
            }
            for (few, scores) in rest.chunks(FEW).zip(single.chunks_mut(FEW)) {
                let chunk: [usize; FEW] = std::array::from_fn(|i| few[i.min(few.len() - 1)]);
                let found = score_panel::<F, S, FEW, V>(simd, frame, panel, scratch, &chunk, batch);
                scores.copy_from_slice(&found[..scores.len()]);
            }
            if frame.sketched.is_some() {
                assigned.sketched += PANEL * n_wanted;
            } else {
                assigned.distances += PANEL * n_wanted;
            }
            for (&i, scores) in wanted.iter().zip(&scores) {
                let open = &mut batch[i];
                let smallest = smallest(scores);
                if smallest > open.limit && panel != open.panel {
                    least[i] = if smallest < least[i] {
                        smallest
                    } else {
                        least[i]
                    };
                } else {
                    let n = offer(simd, frame, panel, scores, open, bounds, &mut least[i]);
                    assigned.distances += n;
                    assigned.exact_checks += n;
                }
            }
        }
        for &i in wanted {
            let (open, len) = (&batch[i], bounds.labels.len());
            bounds.lower[group * len + open.row] = from_frame(frame, open, least[i]);
            upper[i] = bounds.upper[open.row];
        }
    }
    let pairs = batch.iter().zip(before);
    let changed = pairs.filter(|(open, before)| bounds.labels[open.row] != *before);
    assigned.reassigned = changed.count();
    assigned
}

/// Compares a point with all centroids: it lies so far away that scores overflow. Returns how many
/// distances were computed.
#[cold]
#[inline(never)]
fn take_all<F: Float>(frame: &Frame<'_, F>, row: usize, bounds: &mut Bounds<'_, F>) -> usize {
    let x = frame.points.row(row);
    let (label, sq_dist) = nearest_row(x, &frame.centroids.rows());
    let len = bounds.labels.len();
    bounds.labels[row] = label;
    bounds.upper[row] = above(sq_dist, x.len());
    let own = bounds.lower.iter_mut().skip(row).step_by(len);
    own.for_each(|lower| *lower = F::ZERO);
    frame.centroids.len()
}

/// A lower bound of a distance, from a squared one in the frame.
#[inline(always)]
fn from_frame<F: Float>(frame: &Frame<'_, F>, open: &Open<F>, sq_dist: F) -> F {
    let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
    let dist = sq_dist.to_f64().max(0.0).sqrt() * shrink - open.error;
    let dist = dist.max(0.0) * shrink / frame.groups.scale;
    // Bounds stay finite, so that subtracting from them is safe.
    F::from_f64(dist.min(F::MAX_MAGNITUDE.to_f64()))
}

/// The other way round: what [`from_frame`] would make no more than this squared distance of.
#[inline(always)]
fn to_frame<F: Float>(frame: &Frame<'_, F>, open: &Open<F>, sq_dist: f64) -> F {
    let framed = sq_dist.sqrt() * frame.groups.scale + open.error;
    let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
    F::from_f64(framed * framed * shrink)
}

/// Lets the distances of those centroids of a panel decide which the scores do not rule out. IN, OUT:
/// `least`, the smallest squared distance in the frame of those that are not the nearest. Returns how
/// many distances were computed.
#[inline(always)]
fn offer<F: Float, S: Simd<F>>(
    simd: S,
    frame: &Frame<'_, F>,
    panel: usize,
    sq_dists: &[F; PANEL],
    open: &mut Open<F>,
    bounds: &mut Bounds<'_, F>,
    least: &mut F,
) -> usize {
    let groups = frame.groups;
    let order = &groups.order[panel * PANEL..][..PANEL];
    let row = frame.points.row(open.row);
    let keep = |least: &mut F, sq_dist: F| *least = if sq_dist < *least { sq_dist } else { *least };
    let mut sq_dists = *sq_dists;
    if open.panel == panel {
        let own = groups.place[bounds.labels[open.row] as usize] as usize % PANEL;
        sq_dists[own] = F::INFINITY;
    }
    let mut n_distances = 0;
    loop {
        let smallest = smallest(&sq_dists);
        if smallest > open.limit || smallest == F::INFINITY {
            keep(least, smallest);
            return n_distances;
        }
        let lane = sq_dists.iter().position(|&x| x == smallest).unwrap_or(0);
        sq_dists[lane] = F::INFINITY;
        let candidate = order[lane];
        if candidate == NO_LABEL {
            continue;
        }
        let other = frame.centroids.rows();
        let other = other.row(candidate as usize);
        n_distances += 1;
        // PERF: in the precision of the data more values fit a vector; embedding-like data of 384
        // features went from 85 to 43 ms per iteration (with 64 instead of 32 directions).
        let lowest = lowest_sq_dist(simd, row, other);
        if lowest > open.sq_dist {
            keep(least, to_frame(frame, open, lowest));
            continue;
        }
        let sq_dist = sq_dist(row, other);
        let label = &mut bounds.labels[open.row];
        let is_tie = sq_dist == open.sq_dist && candidate < *label;
        if sq_dist >= open.sq_dist && !is_tie {
            keep(least, smallest);
            continue;
        }
        // The centroid that was nearest is one of the others now.
        let dist = below::<F>(open.sq_dist, row.len());
        let group = open.panel / groups.panels;
        if group == panel / groups.panels {
            let dist = dist.to_f64().max(0.0);
            keep(least, to_frame(frame, open, dist * dist));
        } else {
            let place = group * bounds.upper.len() + open.row;
            keep(&mut bounds.lower[place], dist);
        }
        *label = candidate;
        bounds.upper[open.row] = above(sq_dist, row.len());
        open.set(frame, candidate, sq_dist);
    }
}
