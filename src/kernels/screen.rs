//! Which points are nearer to a candidate than to all centroids so far: for k-means++.
//!
//! ```text
//! for each point
//!     pass over it if no candidate is less than twice as far from its centroid as it is itself
//! for each R of the points left                 their values broadcast
//!     for each vector of candidates              one per lane, transposed
//!         R registers of squares, in the precision of the data
//!         where one is not beyond the limit of its point, the exact distance decides
//! ```
//!
//! Where there are sketches, theirs are the squares.
//!
//! E. Raff, *Exact acceleration of k-means++ and k-means||*, IJCAI 2021, passes over points so.

use super::groups::{above, lowest_sq_dist};
use super::simd::{MAX_LANES, Simd};
use super::{Rows, Sketched, sq_dist};
use crate::float::Float;

/// A point that is nearer to a candidate than to all centroids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NearPair {
    pub(crate) point: usize,
    pub(crate) target: u32,
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

/// Points, and candidates that may be nearer to them than what is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidacy<'a, F> {
    pub(crate) points: Rows<'a, F>,
    pub(crate) candidates: Rows<'a, F>,
    pub(crate) known: Known<'a>,
    pub(crate) sketches: Option<Sketches<'a, F>>,
}

/// The same in few coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sketches<'a, F> {
    pub(crate) points: Sketched<'a, F>,
    pub(crate) candidates: Sketched<'a, F>,
    /// What distances are multiplied by in sketches.
    pub(crate) scale: F,
}

/// Points that are screened together: enough for none to wait for its last sum.
const TOGETHER: usize = 8;

/// The values of workspace: the candidates, transposed.
pub(super) fn scratch_len<F: Float>(candidacy: &Candidacy<'_, F>) -> usize {
    let points = candidacy
        .sketches
        .map_or(candidacy.points, |sketches| sketches.points.rows);
    candidacy.candidates.len().next_multiple_of(MAX_LANES) * points.n_features()
}

/// OUT: `nearer`, to which the pairs of points and candidates are added whose squared distance is
/// smaller than the one known. `scratch` is workspace of [`scratch_len`] values.
#[inline(always)]
pub(super) fn find_nearer<F: Float, S: Simd<F>>(
    simd: S,
    candidacy: &Candidacy<'_, F>,
    nearer: &mut Vec<NearPair>,
    scratch: &mut [F],
) {
    let screen = Screen::new(simd, candidacy, scratch);
    let known = candidacy.known;
    let pairs = known.closest.iter().zip(known.owners).enumerate();
    let mut open = pairs
        .filter(|&(_, (&closest, &owner))| closest > known.reaches[owner as usize])
        .map(|(row, (&closest, _))| (row, closest));
    let mut batch = screen.take(simd, &mut open);
    let (mut left, mut left_before) = (Vec::new(), Vec::new());
    while batch.len > 0 || !left.is_empty() {
        // PERF: the processor does not foresee which rows will be read, and took most of the time to
        // wait for them: choosing 256 of 100,000 x 64 in clusters, and one iteration, took 0.98 s and
        // not 1.4 with rows asked for while others are worked on.
        let next = screen.take(simd, &mut open);
        std::mem::swap(&mut left, &mut left_before);
        if batch.len > 0 {
            screen.compare(simd, &batch, &mut left);
        }
        for (row, candidate) in left_before.drain(..) {
            nearer.extend(screen.measure(simd, row, candidate));
        }
        batch = next;
    }
}

/// Points that are screened together.
struct Batch<F> {
    /// The first `len`; the other places are filled up with the first of them.
    rows: [usize; TOGETHER],
    /// A candidate whose square is larger than this is no nearer to a point than what is known.
    limits: [F; TOGETHER],
    len: usize,
}

/// What the squares are taken of, and what stays the same for all points.
struct Screen<'a, F> {
    candidacy: &'a Candidacy<'a, F>,
    points: Rows<'a, F>,
    /// The candidates, a vector at a time: for each feature their values, the last one's also in
    /// the places that are left over.
    panels: &'a [F],
    /// What limits are multiplied by, and what is added before, so that no square within its own is
    /// taken for one beyond.
    rounding: f64,
    underflow: f64,
    /// What the distance of a candidate may be too large by in sketches.
    error: f64,
}

impl<'a, F: Float> Screen<'a, F> {
    #[inline(always)]
    fn new<S: Simd<F>>(_: S, candidacy: &'a Candidacy<'a, F>, scratch: &'a mut [F]) -> Self {
        let (points, candidates, errors) = match &candidacy.sketches {
            None => (candidacy.points, candidacy.candidates, &[][..]),
            Some(Sketches {
                points, candidates, ..
            }) => (points.rows, candidates.rows, candidates.errors),
        };
        let (n, last) = (points.n_features(), candidates.len() - 1);
        let panels = &mut scratch[..(last + 1).next_multiple_of(S::LANES) * n];
        for (number, panel) in panels.chunks_exact_mut(n * S::LANES).enumerate() {
            for lane in 0..S::LANES {
                let row = candidates.row(last.min(number * S::LANES + lane));
                let places = panel.iter_mut().skip(lane).step_by(S::LANES);
                places.zip(row).for_each(|(place, &x)| *place = x);
            }
        }
        // Each term is rounded three times and each sum once; and so it is in the exact distance.
        let rounding = 4.0 * (n + 8) as f64 * F::UNIT_ROUNDOFF;
        Self {
            candidacy,
            points,
            panels,
            rounding: if rounding < 0.25 {
                1.0 + rounding
            } else {
                f64::INFINITY
            },
            underflow: 2.0 * n as f64 * F::SMALLEST_NORMAL.to_f64(),
            // What is no number would get lost among others.
            error: errors.iter().fold(0.0, |most, error| {
                let error = error.to_f64();
                if error <= most { most } else { error }
            }),
        }
    }

    /// Takes the next points of an iterator.
    #[inline(always)]
    fn take<S: Simd<F>>(&self, simd: S, open: &mut impl Iterator<Item = (usize, f64)>) -> Batch<F> {
        let mut batch = Batch {
            rows: [0; TOGETHER],
            limits: [F::ZERO; TOGETHER],
            len: 0,
        };
        for (row, closest) in open.take(TOGETHER) {
            simd.prefetch(self.points.row(row));
            batch.rows[batch.len] = row;
            batch.limits[batch.len] = self.limit(row, closest);
            batch.len += 1;
        }
        let first = batch.rows[0];
        batch.rows[batch.len..].fill(first);
        batch
    }

    /// A candidate whose square exceeds this has no smaller distance than the one known.
    #[inline(always)]
    fn limit(&self, row: usize, closest: f64) -> F {
        let sq_dist = match &self.candidacy.sketches {
            None => closest,
            Some(sketches) => {
                let dist = above::<F>(closest, self.candidacy.points.n_features()).to_f64();
                let error = self.error + sketches.points.errors[row].to_f64();
                let dist = dist * sketches.scale.to_f64() + error;
                dist * dist
            }
        };
        let limit = F::from_f64((sq_dist + self.underflow) * self.rounding) + F::SMALLEST_NORMAL;
        // NOTE: the error of a sketch that overflowed may be no number.
        if limit.is_finite() {
            limit
        } else {
            F::INFINITY
        }
    }

    /// OUT: `left`, to which the pairs of points and candidates are added that the squares do not rule
    /// out.
    #[inline(always)]
    fn compare<S: Simd<F>>(&self, simd: S, batch: &Batch<F>, left: &mut Vec<(usize, usize)>) {
        let infinity = simd.splat(F::INFINITY);
        let points = batch.rows.map(|row| self.points.row(row));
        let panels = self
            .panels
            .chunks_exact(self.points.n_features() * S::LANES);
        for (number, panel) in panels.enumerate() {
            let squares = squares(simd, points, panel);
            let pairs = batch.rows.iter().zip(&batch.limits);
            for ((&row, &limit), &squares) in pairs.zip(&squares).take(batch.len) {
                // NOTE: nor does such a sketch of a candidate rule anything out.
                let is_number = simd.less(squares, infinity);
                let squares = simd.select(is_number, squares, simd.splat(F::ZERO));
                if simd.all(simd.less(simd.splat(limit), squares)) {
                    continue;
                }
                if self.candidacy.sketches.is_some() {
                    simd.prefetch(self.candidacy.points.row(row));
                }
                let mut lanes = [F::ZERO; MAX_LANES];
                simd.store(squares, &mut lanes);
                let candidates = number * S::LANES..self.candidacy.candidates.len();
                for (candidate, square) in candidates.zip(&lanes[..S::LANES]) {
                    if *square <= limit {
                        left.push((row, candidate));
                    }
                }
            }
        }
    }

    /// A point and a candidate, if the exact distance is smaller than the one known.
    #[inline(always)]
    fn measure<S: Simd<F>>(&self, simd: S, row: usize, candidate: usize) -> Option<NearPair> {
        let closest = self.candidacy.known.closest[row];
        let point = self.candidacy.points.row(row);
        let other = self.candidacy.candidates.row(candidate);
        if self.candidacy.sketches.is_some() && lowest_sq_dist(simd, point, other) > closest {
            return None;
        }
        let sq_dist = sq_dist(point, other);
        (sq_dist < closest).then_some(NearPair {
            point: row,
            target: candidate as u32,
            sq_dist,
        })
    }
}

/// The squared distances of some points and a panel of candidates, up to rounding.
#[inline(always)]
fn squares<F: Float, S: Simd<F>>(
    simd: S,
    mut points: [&[F]; TOGETHER],
    panel: &[F],
) -> [S::Vector; TOGETHER] {
    let columns = panel.chunks_exact(S::LANES);
    // PERF: lengths that are seen to be equal leave no bounds to check.
    let n = columns.len();
    for point in &mut points {
        *point = &point[..n];
    }
    let mut squares = [simd.splat(F::ZERO); TOGETHER];
    for (j, column) in columns.enumerate() {
        let candidates = simd.load(column);
        for r in 0..TOGETHER {
            let difference = simd.sub(simd.splat(points[r][j]), candidates);
            squares[r] = simd.mul_add(difference, difference, squares[r]);
        }
    }
    squares
}
