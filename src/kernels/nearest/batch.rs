//! Points on their way to their nearest centroids, a batch at a time.
//!
//! ```text
//! bring the points into the frame
//! for each group of centroids
//!     wanted: the points whose upper bound is not below their lower bound of the group
//!     for each panel of PANEL centroids          one centroid per lane
//!         score[i] >= |x_i - c|^2                R points at a time, rounded downward
//!         resolve: where a score does not rule a centroid out, the exact distance decides
//!     the lower bounds of the group are the smallest scores of centroids that are not the nearest
//! ```

use std::ops::Range;

use super::bounded::Bounds;
use super::groups::Groups;
use super::packed::Packed;
use crate::float::Float;
use crate::kernels::decision::{dist_above, dist_below, nearest_row, sq_dist_below};
use crate::kernels::isa::{MAX_LANES, Simd};
use crate::kernels::matrix::{PANEL, panel_products};
use crate::kernels::sketches::Sketched;
use crate::kernels::{NO_LABEL, Rows, Work, sq_dist};

/// Points that are brought into the frame together.
pub(super) const BATCH: usize = 64;

/// Points that are scored together where there are fewer than there could be.
///
/// PERF: one by one each multiply-add waits for the last; so the place of a point is filled up with
/// another one.
const FEWEST_ROWS: usize = 4;

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
    fn width(&self) -> usize {
        let own = self.points.n_features();
        self.sketched
            .map_or(own, |sketched| sketched.rows.n_features())
    }

    /// OUT: `framed`, a point in the frame. Returns its squared norm.
    #[inline(always)]
    fn enter<S: Simd<F>>(&self, simd: S, row: usize, framed: &mut [F]) -> F {
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
    fn leave(&self, point: &PendingPoint<F>, sq_dist: F) -> F {
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
struct PendingPoint<F> {
    row: usize,
    /// Its label before.
    before: u32,
    /// The smallest [`sq_dist`] so far, of the centroid of the label.
    sq_dist: f64,
    /// The panel of that centroid.
    panel: usize,
    /// A centroid whose squared distance in the frame is larger than this is farther away: R4.
    limit: F,
    /// What a distance in the frame may be too large by.
    error: f64,
    /// The squared norm in the frame.
    sq_norm: F,
    /// The upper bound when the last group was done, minus infinity where nothing is left to do.
    upper: F,
    /// The smallest squared distance, in the frame, of centroids of the group that are not the nearest.
    least: F,
}

impl<F: Float> PendingPoint<F> {
    fn new(row: usize, before: u32, error: f64) -> Self {
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
    fn set(&mut self, frame: &Frame<'_, F>, label: u32, sq_dist: f64) {
        self.sq_dist = sq_dist;
        self.panel = frame.groups.place[label as usize] as usize / PANEL;
        let dist = dist_above::<F>(sq_dist, frame.points.n_features()).to_f64();
        let dist = dist * frame.groups.scale + self.error;
        self.limit = F::from_f64(dist * dist * (1.0 + 8.0 * F::UNIT_ROUNDOFF));
    }

    /// Takes in the squared distance, in the frame, of a centroid that is not the nearest.
    #[inline(always)]
    fn keep(&mut self, sq_dist: F) {
        self.least = if sq_dist < self.least {
            sq_dist
        } else {
            self.least
        };
    }
}

/// Points that are searched for together.
pub(super) struct Batch<'a, F: Float> {
    frame: Frame<'a, F>,
    points: [PendingPoint<F>; BATCH],
    len: usize,
    /// The points in the frame, one after another.
    framed: &'a mut [F],
}

impl<'a, F: Float> Batch<'a, F> {
    pub(super) fn new(frame: Frame<'a, F>, framed: &'a mut [F]) -> Self {
        Self {
            frame,
            points: [PendingPoint::new(0, NO_LABEL, 0.0); BATCH],
            len: 0,
            framed,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the next points whose upper bound, made tight, is not below `closest`, their smallest
    /// lower bound. Returns the work of making bounds tight.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        rows: &mut Range<usize>,
        closest: &[F],
        bounds: &mut Bounds<'_, F>,
    ) -> Work {
        let frame = &self.frame;
        let mut measured = 0;
        self.len = 0;
        while self.len < BATCH {
            let Some(row) = rows.next() else { break };
            if bounds.upper[row] < closest[row] {
                continue;
            }
            let label = bounds.labels[row];
            let own = frame.centroids.rows().row(label as usize);
            let sq_dist = sq_dist(frame.points.row(row), own);
            measured += 1;
            bounds.upper[row] = dist_above(sq_dist, frame.points.n_features());
            if bounds.upper[row] < closest[row] {
                continue;
            }
            let of_sketch = frame.sketched.map_or(0.0, |s| s.errors[row].to_f64());
            let mut point = PendingPoint::new(row, label, frame.groups.error + of_sketch);
            point.set(frame, label, sq_dist);
            self.points[self.len] = point;
            self.len += 1;
        }
        Work {
            distances: measured,
            exact_checks: measured,
            ..Work::default()
        }
    }

    /// Finds the nearest centroids of the points.
    #[inline(always)]
    pub(super) fn search<S: Simd<F>, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        bounds: &mut Bounds<'_, F>,
    ) -> Work {
        let (n_groups, panels) = (self.frame.groups.len(), self.frame.groups.panels);
        let n_panels = self.frame.groups.order.len() / PANEL;
        let mut work = self.enter_frame(simd, bounds);
        let (mut scores, mut scored) = ([[F::ZERO; PANEL]; BATCH], 0);
        for group in 0..n_groups {
            let mut wanted = [0; BATCH];
            let n_wanted = self.wanted(group, bounds, &mut wanted);
            let wanted = &wanted[..n_wanted];
            let first = group * panels;
            for panel in first..n_panels.min(first + panels) {
                self.score::<S, R, V>(simd, panel, wanted, &mut scores);
                scored += PANEL * n_wanted;
                for (&i, scores) in wanted.iter().zip(&scores) {
                    let exact = self.resolve(simd, i, panel, scores, bounds);
                    work.distances += exact;
                    work.exact_checks += exact;
                }
            }
            for &i in wanted {
                let (point, len) = (&mut self.points[i], bounds.labels.len());
                bounds.lower[group * len + point.row] = self.frame.leave(point, point.least);
                point.upper = bounds.upper[point.row];
            }
        }
        if self.frame.sketched.is_some() {
            work.sketched += scored;
        } else {
            work.distances += scored;
        }
        let points = self.points[..self.len].iter();
        work.reassigned = points
            .filter(|point| bounds.labels[point.row] != point.before)
            .count();
        work
    }

    /// Brings the points into the frame. Those that lie so far away that scores would overflow are
    /// compared with all centroids; then nothing is left to do.
    #[inline(always)]
    fn enter_frame<S: Simd<F>>(&mut self, simd: S, bounds: &mut Bounds<'_, F>) -> Work {
        let mut work = Work::default();
        let framed = self.framed.chunks_exact_mut(self.frame.width());
        for (point, framed) in self.points[..self.len].iter_mut().zip(framed) {
            point.sq_norm = self.frame.enter(simd, point.row, framed);
            if point.sq_norm.is_finite() {
                point.upper = bounds.upper[point.row];
            } else {
                work.distances += take_all(&self.frame, point.row, bounds);
            }
        }
        work
    }

    /// OUT: `wanted`, the points that a centroid of the group may be nearest to. Returns their number.
    #[inline(always)]
    fn wanted(
        &mut self,
        group: usize,
        bounds: &Bounds<'_, F>,
        wanted: &mut [usize; BATCH],
    ) -> usize {
        let lower = &bounds.lower[group * bounds.labels.len()..];
        let mut n_wanted = 0;
        for (i, point) in self.points[..self.len].iter_mut().enumerate() {
            wanted[n_wanted] = i;
            n_wanted += usize::from(point.upper >= lower[point.row]);
            point.least = F::INFINITY;
        }
        n_wanted
    }

    /// OUT: `scores`, for each of the wanted points, against the centroids of a panel.
    #[inline(always)]
    fn score<S: Simd<F>, const R: usize, const V: usize>(
        &self,
        simd: S,
        panel: usize,
        wanted: &[usize],
        scores: &mut [[F; PANEL]; BATCH],
    ) {
        let (chunks, rest) = wanted.as_chunks::<R>();
        let (whole, single) = scores.split_at_mut(R * chunks.len());
        for (chunk, scores) in chunks.iter().zip(whole.as_chunks_mut::<R>().0) {
            *scores = self.score_rows::<S, R, V>(simd, panel, chunk);
        }
        for (few, scores) in rest.chunks(FEWEST_ROWS).zip(single.chunks_mut(FEWEST_ROWS)) {
            let chunk = std::array::from_fn(|i| few[i.min(few.len() - 1)]);
            let found = self.score_rows::<S, FEWEST_ROWS, V>(simd, panel, &chunk);
            scores.copy_from_slice(&found[..scores.len()]);
        }
    }

    /// Lower bounds of the squared distances, in the frame, of some points and the centroids of a
    /// panel.
    #[inline(always)]
    fn score_rows<S: Simd<F>, const R: usize, const V: usize>(
        &self,
        simd: S,
        panel: usize,
        chunk: &[usize; R],
    ) -> [[F; PANEL]; R] {
        let (groups, n) = (self.frame.groups, self.frame.width());
        let size = PANEL * (1 + n);
        let (halves, coordinates) = groups.tiles[panel * size..][..size].split_at(PANEL);
        let mut rows = [&*self.framed; R];
        for (row, &i) in rows.iter_mut().zip(chunk) {
            *row = &self.framed[i * n..][..n];
        }
        let score = panel_products::<F, S, R, V>(simd, halves, coordinates, rows);
        let (two, lowest) = (simd.splat(F::ONE + F::ONE), simd.splat(-F::INFINITY));
        let mut out = [[F::ZERO; PANEL]; R];
        for r in 0..R {
            let sq_norm = simd.splat(self.points[chunk[r]].sq_norm);
            for v in 0..V {
                let s = score[r][v];
                let error = groups.slack.of_distance(simd, sq_norm, s);
                let sq_dist = simd.sub(simd.mul_add(two, s, sq_norm), error);
                // What is NaN rules nothing out.
                let is_number = simd.less(lowest, sq_dist);
                let sq_dist = simd.select(is_number, sq_dist, lowest);
                simd.store(sq_dist, &mut out[r][v * S::LANES..]);
            }
        }
        out
    }

    /// Lets the exact distances decide on those centroids of a panel that the scores do not rule out
    /// for point `i`. Returns how many distances were computed.
    #[inline(always)]
    fn resolve<S: Simd<F>>(
        &mut self,
        simd: S,
        i: usize,
        panel: usize,
        scores: &[F; PANEL],
        bounds: &mut Bounds<'_, F>,
    ) -> usize {
        let Self { frame, points, .. } = self;
        let (groups, point) = (frame.groups, &mut points[i]);
        let mut least = smallest(scores);
        if least > point.limit && panel != point.panel {
            point.keep(least);
            return 0;
        }
        let mut scores = *scores;
        if panel == point.panel {
            let own = groups.place[bounds.labels[point.row] as usize] as usize % PANEL;
            scores[own] = F::INFINITY;
            least = smallest(&scores);
        }
        let order = &groups.order[panel * PANEL..][..PANEL];
        let mut n_distances = 0;
        // An infinite limit rules nothing out.
        loop {
            if least > point.limit || least == F::INFINITY {
                point.keep(least);
                return n_distances;
            }
            let lane = scores.iter().position(|&score| score == least).unwrap_or(0);
            scores[lane] = F::INFINITY;
            if order[lane] != NO_LABEL {
                n_distances += 1;
                compare(simd, frame, point, order[lane], least, bounds);
            }
            least = smallest(&scores);
        }
    }
}

/// Compares a point with all centroids. Returns how many distances were computed.
#[cold]
#[inline(never)]
fn take_all<F: Float>(frame: &Frame<'_, F>, row: usize, bounds: &mut Bounds<'_, F>) -> usize {
    let x = frame.points.row(row);
    let (label, sq_dist) = nearest_row(x, &frame.centroids.rows());
    let len = bounds.labels.len();
    bounds.labels[row] = label;
    bounds.upper[row] = dist_above(sq_dist, x.len());
    let own = bounds.lower.iter_mut().skip(row).step_by(len);
    own.for_each(|lower| *lower = F::ZERO);
    frame.centroids.len()
}

/// Compares the centroid of a point with another, whose squared distance in the frame is at least
/// `score`: the nearer one becomes its centroid, the other one counts in the lower bound of its group.
#[inline(always)]
fn compare<F: Float, S: Simd<F>>(
    simd: S,
    frame: &Frame<'_, F>,
    point: &mut PendingPoint<F>,
    candidate: u32,
    score: F,
    bounds: &mut Bounds<'_, F>,
) {
    let (groups, centroids) = (frame.groups, frame.centroids.rows());
    let (row, other) = (
        frame.points.row(point.row),
        centroids.row(candidate as usize),
    );
    // PERF: in the precision of the data more values fit a vector; embedding-like data of 384
    // features went from 85 to 43 ms per iteration (with 64 instead of 32 directions).
    let lowest = sq_dist_below(simd, row, other);
    if lowest > point.sq_dist {
        return point.keep(frame.return_to(point, lowest));
    }
    let sq_dist = sq_dist(row, other);
    let label = &mut bounds.labels[point.row];
    let is_tie = sq_dist == point.sq_dist && candidate < *label;
    if sq_dist >= point.sq_dist && !is_tie {
        return point.keep(score);
    }
    // The centroid that was nearest is one of the others now.
    let dist = dist_below::<F>(point.sq_dist, row.len());
    let group = point.panel / groups.panels;
    let own_group = groups.place[candidate as usize] as usize / (PANEL * groups.panels);
    if group == own_group {
        let dist = dist.to_f64().max(0.0);
        point.keep(frame.return_to(point, dist * dist));
    } else {
        let lower = &mut bounds.lower[group * bounds.upper.len() + point.row];
        *lower = if dist < *lower { dist } else { *lower };
    }
    *label = candidate;
    bounds.upper[point.row] = dist_above(sq_dist, row.len());
    point.set(frame, candidate, sq_dist);
}

/// PERF: halving lets the compiler compare several at a time; one after the other takes 16 steps.
#[inline(always)]
fn smallest<F: Float>(values: &[F; PANEL]) -> F {
    let mut values = *values;
    let mut half = PANEL / 2;
    while half > 0 {
        for i in 0..half {
            let other = values[i + half];
            values[i] = if other < values[i] { other } else { values[i] };
        }
        half /= 2;
    }
    values[0]
}
