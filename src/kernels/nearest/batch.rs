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
use super::frame::{Frame, PendingPoint};
use crate::float::Float;
use crate::kernels::decision::dist_above;
use crate::kernels::isa::Simd;
use crate::kernels::matrix::{PANEL, panel_products};
use crate::kernels::{NO_LABEL, Work, sq_dist};

/// Points that are brought into the frame together.
pub(super) const BATCH: usize = 64;

/// Points that are scored together where there are fewer than there could be.
///
/// PERF: one by one each multiply-add waits for the last; so the place of a point is filled up with
/// another one.
const FEWEST_ROWS: usize = 4;

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
                work.distances += point.take_all(&self.frame, bounds);
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
                point.compare(simd, frame, order[lane], least, bounds);
            }
            least = smallest(&scores);
        }
    }
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
