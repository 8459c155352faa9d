//! Points in the frame of the centroids, on their way to the nearest ones.

use super::bounded::Bounds;
use super::groups::Groups;
use super::packed::Packed;
use crate::float::Float;
use crate::kernels::decision::{dist_above, dist_below, nearest_row, sq_dist_below};
use crate::kernels::isa::{MAX_LANES, Simd};
use crate::kernels::matrix::PANEL;
use crate::kernels::sketches::Sketched;
use crate::kernels::{Rows, sq_dist};

/// What stays the same for all points of a block.
pub(super) struct Frame<'a, F: Float> {
    pub(super) points: &'a Rows<'a, F>,
    pub(super) centroids: &'a Packed<F>,
    pub(super) groups: &'a Groups<F>,
    /// Sketches of the points, which are the frame where there are any.
    pub(super) sketched: Option<Sketched<'a, F>>,
}

impl<F: Float> Frame<'_, F> {
    /// Coordinates in the frame.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        let own = self.points.n_features();
        self.sketched
            .map_or(own, |sketched| sketched.rows.n_features())
    }

    /// OUT: `framed`, a point in the frame. Returns its squared norm.
    #[inline(always)]
    pub(super) fn enter<S: Simd<F>>(&self, simd: S, row: usize, framed: &mut [F]) -> F {
        if let Some(sketched) = self.sketched {
            framed.copy_from_slice(sketched.rows.row(row));
        } else {
            let (centre, scale) = (self.centroids.centre(), self.centroids.scale);
            let values = self.points.row(row).iter().zip(centre);
            for (framed, (&x, &m)) in framed.iter_mut().zip(values) {
                *framed = (x - m) * scale;
            }
        }
        let mut sums = simd.splat(F::ZERO);
        let whole = framed.len() - framed.len() % S::LANES;
        for start in (0..whole).step_by(S::LANES) {
            let x = simd.load(&framed[start..]);
            sums = simd.mul_add(x, x, sums);
        }
        let mut lanes = [F::ZERO; MAX_LANES];
        simd.store(sums, &mut lanes);
        let mut sum = F::ZERO;
        lanes[..S::LANES].iter().for_each(|&lane| sum += lane);
        framed[whole..].iter().for_each(|&x| sum += x * x);
        sum
    }

    /// A lower bound of a distance, from a squared one in the frame: R4 of docs/rounding.md.
    #[inline(always)]
    pub(super) fn leave(&self, point: &PendingPoint<F>, sq_dist: F) -> F {
        let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
        let dist = sq_dist.to_f64().max(0.0).sqrt() * shrink - point.error;
        let dist = dist.max(0.0) * shrink / self.groups.scale;
        // Bounds stay finite, so that subtracting from them is safe.
        F::from_f64(dist.min(F::MAX_MAGNITUDE.to_f64()))
    }

    /// The other way round: a squared distance in the frame that [`leave`](Self::leave) would make no
    /// more than this one of.
    #[inline(always)]
    fn return_to(&self, point: &PendingPoint<F>, sq_dist: f64) -> F {
        let framed = sq_dist.sqrt() * self.groups.scale + point.error;
        let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
        F::from_f64(framed * framed * shrink)
    }
}

/// A point on its way to its nearest centroid.
#[derive(Clone, Copy)]
pub(super) struct PendingPoint<F> {
    pub(super) row: usize,
    /// Its label before.
    pub(super) before: u32,
    /// The smallest [`sq_dist`] so far, of the centroid of the label.
    pub(super) sq_dist: f64,
    /// The panel of that centroid.
    pub(super) panel: usize,
    /// A centroid whose squared distance in the frame is larger than this is farther away: R4.
    pub(super) limit: F,
    /// What a distance in the frame may be too large by.
    pub(super) error: f64,
    /// The squared norm in the frame.
    pub(super) sq_norm: F,
    /// The upper bound when the last group was done, minus infinity where nothing is left to do.
    pub(super) upper: F,
    /// The smallest squared distance, in the frame, of centroids of the group that are not the nearest.
    pub(super) least: F,
}

impl<F: Float> PendingPoint<F> {
    pub(super) fn new(row: usize, before: u32, error: f64) -> Self {
        Self {
            row,
            before,
            sq_dist: f64::INFINITY,
            panel: usize::MAX,
            limit: F::INFINITY,
            error,
            sq_norm: F::ZERO,
            upper: F::ZERO - F::INFINITY,
            least: F::INFINITY,
        }
    }

    /// Takes in the distance to the centroid of the label.
    #[inline(always)]
    pub(super) fn set(&mut self, frame: &Frame<'_, F>, label: u32, sq_dist: f64) {
        self.sq_dist = sq_dist;
        self.panel = frame.groups.place[label as usize] as usize / PANEL;
        let dist = dist_above::<F>(sq_dist, frame.points.n_features()).to_f64();
        let dist = dist * frame.groups.scale + self.error;
        self.limit = F::from_f64(dist * dist * (1.0 + 8.0 * F::UNIT_ROUNDOFF));
    }

    /// Takes in the squared distance, in the frame, of a centroid that is not the nearest.
    #[inline(always)]
    pub(super) fn keep(&mut self, sq_dist: F) {
        self.least = if sq_dist < self.least {
            sq_dist
        } else {
            self.least
        };
    }

    /// Compares the point with all centroids. Returns how many distances were computed.
    #[cold]
    #[inline(never)]
    pub(super) fn take_all(&self, frame: &Frame<'_, F>, bounds: &mut Bounds<'_, F>) -> usize {
        let row = self.row;
        let x = frame.points.row(row);
        let (label, sq_dist) = nearest_row(x, &frame.centroids.rows());
        let len = bounds.labels.len();
        bounds.labels[row] = label;
        bounds.upper[row] = dist_above(sq_dist, x.len());
        let own = bounds.lower.iter_mut().skip(row).step_by(len);
        own.for_each(|lower| *lower = F::ZERO);
        frame.centroids.len()
    }

    /// Compares the centroid of the point with another, whose squared distance in the frame is at least
    /// `score`: the nearer one becomes its centroid, the other one counts in the lower bound of its group.
    #[inline(always)]
    pub(super) fn compare<S: Simd<F>>(
        &mut self,
        simd: S,
        frame: &Frame<'_, F>,
        candidate: u32,
        score: F,
        bounds: &mut Bounds<'_, F>,
    ) {
        let (groups, centroids) = (frame.groups, frame.centroids.rows());
        let (row, other) = (
            frame.points.row(self.row),
            centroids.row(candidate as usize),
        );
        // PERF: in the precision of the data more values fit a vector; embedding-like data of 384
        // features went from 85 to 43 ms per iteration (with 64 instead of 32 directions).
        let lowest = sq_dist_below(simd, row, other);
        if lowest > self.sq_dist {
            return self.keep(frame.return_to(self, lowest));
        }
        let sq_dist = sq_dist(row, other);
        let label = &mut bounds.labels[self.row];
        let is_tie = sq_dist == self.sq_dist && candidate < *label;
        if sq_dist >= self.sq_dist && !is_tie {
            return self.keep(score);
        }
        // The centroid that was nearest is one of the others now.
        let dist = dist_below::<F>(self.sq_dist, row.len());
        let group = self.panel / groups.panels;
        let own_group = groups.place[candidate as usize] as usize / (PANEL * groups.panels);
        if group == own_group {
            let dist = dist.to_f64().max(0.0);
            self.keep(frame.return_to(self, dist * dist));
        } else {
            let lower = &mut bounds.lower[group * bounds.upper.len() + self.row];
            *lower = if dist < *lower { dist } else { *lower };
        }
        *label = candidate;
        bounds.upper[self.row] = dist_above(sq_dist, row.len());
        self.set(frame, candidate, sq_dist);
    }
}
