//! Near pairs of points of many features: most are ruled out in the precision of the data, or by
//! sketches where there are any.
//!
//! ```text
//! for each batch of open points, numbered t
//!     take batch t + 1        ask for its rows
//!     compare batch t         BATCH points, broadcast, with each vector of targets, transposed:
//!                             pairs whose square is not beyond the limit stay unresolved
//!     measure batch t - 1     the exact distance decides on its unresolved pairs
//! ```

use super::NearPair;
use crate::float::Float;
use crate::kernels::decision::{dist_above, sq_dist_below};
use crate::kernels::isa::{MAX_LANES, Simd};
use crate::kernels::sketches::Sketched;
use crate::kernels::{Kernels, Rows, sq_dist};

/// Points and targets, some of which may be near.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterInput<'a, F> {
    pub(crate) points: Rows<'a, F>,
    /// The points that are looked at. Others are in no pair.
    pub(crate) open: &'a [usize],
    /// One for each point.
    pub(crate) limits: &'a [f64],
    /// At least one.
    pub(crate) targets: Rows<'a, F>,
    pub(crate) sketches: Option<Sketches<'a, F>>,
}

/// Points and targets in few coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sketches<'a, F> {
    pub(crate) points: Sketched<'a, F>,
    pub(crate) targets: Sketched<'a, F>,
    /// What distances are multiplied by in sketches.
    pub(crate) scale: F,
}

impl<F: Float> Kernels<F> {
    /// The near pairs of points and targets.
    ///
    /// IN: `input`, with points and targets of as many features. OUT: `found`, to which the pairs are
    /// added whose [`sq_dist`] is smaller than the limit.
    pub(crate) fn screened_pairs(&self, input: &FilterInput<'_, F>, found: &mut Vec<NearPair>) {
        let (points, targets) = (&input.points, &input.targets);
        assert_eq!(input.limits.len(), points.len(), "one for each point");
        assert!(targets.len() > 0, "at least one target");
        assert_eq!(
            points.n_features(),
            targets.n_features(),
            "as many features"
        );
        let width = input.sketches.map_or(points.n_features(), |sketches| {
            sketches.points.rows.n_features()
        });
        let len = targets.len().next_multiple_of(MAX_LANES) * width;
        F::with_scratch(len, |scratch| (self.screened_pairs)(input, found, scratch));
    }
}

/// See [`Kernels::screened_pairs`]; `scratch` is workspace for the targets, transposed.
///
/// PERF: the processor cannot predict which rows are read next, and waited for them most of the time.
/// Choosing 256 of 100,000 x 64 in clusters, and one iteration, takes 0.98 s and not 1.4 since rows are
/// asked for while others are worked on.
#[inline(always)]
pub(in crate::kernels) fn screened_pairs<F: Float, S: Simd<F>>(
    simd: S,
    input: &FilterInput<'_, F>,
    found: &mut Vec<NearPair>,
    scratch: &mut [F],
) {
    let filter = PairFilter::new(simd, input, scratch);
    let mut batches = input.open.chunks(BATCH);
    let mut taken = batches.next().map(|rows| filter.take(simd, rows));
    let (mut compared, mut unresolved) = (Vec::new(), Vec::new());
    while let Some(batch) = taken {
        taken = batches.next().map(|rows| filter.take(simd, rows));
        filter.compare(simd, &batch, &mut compared);
        filter.measure(simd, &mut unresolved, found);
        std::mem::swap(&mut compared, &mut unresolved);
    }
    filter.measure(simd, &mut unresolved, found);
}

/// Points that are compared together: enough for none to wait for its last sum.
const BATCH: usize = 8;

/// Points that are compared together.
struct Batch<'a, F> {
    /// At most [`BATCH`].
    rows: &'a [usize],
    /// For each of them: a target whose square is larger than this is not near.
    limits: [F; BATCH],
}

/// What the squares are taken of, and what stays the same for all points.
struct PairFilter<'a, F> {
    input: &'a FilterInput<'a, F>,
    /// The points, or their sketches.
    points: Rows<'a, F>,
    /// The targets, or their sketches, a vector at a time: for each feature their values, those of the
    /// last one also in the places that are left over.
    panels: &'a [F],
    /// What limits are multiplied by, and what is added before, so that no square within its limit is
    /// taken for one beyond.
    rounding: f64,
    underflow: f64,
    /// What the distance of a target may be too large by in sketches.
    error: f64,
}

impl<'a, F: Float> PairFilter<'a, F> {
    #[inline(always)]
    fn new<S: Simd<F>>(_: S, input: &'a FilterInput<'a, F>, scratch: &'a mut [F]) -> Self {
        let (points, targets, errors) = match &input.sketches {
            None => (input.points, input.targets, &[][..]),
            Some(Sketches {
                points, targets, ..
            }) => (points.rows, targets.rows, targets.errors),
        };
        let (n, last) = (points.n_features(), targets.len() - 1);
        let panels = &mut scratch[..(last + 1).next_multiple_of(S::LANES) * n];
        for (number, panel) in panels.chunks_exact_mut(n * S::LANES).enumerate() {
            for lane in 0..S::LANES {
                let row = targets.row(last.min(number * S::LANES + lane));
                let places = panel.iter_mut().skip(lane).step_by(S::LANES);
                places.zip(row).for_each(|(place, &x)| *place = x);
            }
        }
        // R5 of docs/rounding.md.
        let rounding = 4.0 * (n + 8) as f64 * F::UNIT_ROUNDOFF;
        Self {
            input,
            points,
            panels,
            rounding: if rounding < 0.25 {
                1.0 + rounding
            } else {
                f64::INFINITY
            },
            underflow: 2.0 * n as f64 * F::SMALLEST_NORMAL.to_f64(),
            error: errors
                .iter()
                .map(|error| error.to_f64())
                .fold(0.0, f64::max),
        }
    }

    /// Asks for the rows of some points.
    #[inline(always)]
    fn take<'b, S: Simd<F>>(&self, simd: S, rows: &'b [usize]) -> Batch<'b, F> {
        let mut limits = [F::ZERO; BATCH];
        for (limit, &row) in limits.iter_mut().zip(rows) {
            simd.prefetch(self.points.row(row));
            *limit = self.limit(row);
        }
        Batch { rows, limits }
    }

    /// A target whose square exceeds this is not near: R5.
    #[inline(always)]
    fn limit(&self, row: usize) -> F {
        let limit = self.input.limits[row];
        let sq_dist = match &self.input.sketches {
            None => limit,
            Some(sketches) => {
                let dist = dist_above::<F>(limit, self.input.points.n_features()).to_f64();
                let error = self.error + sketches.points.errors[row].to_f64();
                let dist = dist * sketches.scale.to_f64() + error;
                dist * dist
            }
        };
        F::from_f64((sq_dist + self.underflow) * self.rounding) + F::SMALLEST_NORMAL
    }

    /// OUT: `unresolved`, to which the pairs of points and targets are added that the squares do not
    /// rule out.
    #[inline(always)]
    fn compare<S: Simd<F>>(
        &self,
        simd: S,
        batch: &Batch<'_, F>,
        unresolved: &mut Vec<(usize, usize)>,
    ) {
        let infinity = simd.splat(F::INFINITY);
        // Places that are left over are filled with the first point.
        let mut points = [self.points.row(batch.rows[0]); BATCH];
        for (point, &row) in points.iter_mut().zip(batch.rows) {
            *point = self.points.row(row);
        }
        let size = self.points.n_features() * S::LANES;
        for (number, panel) in self.panels.chunks_exact(size).enumerate() {
            let squares = squares(simd, points, panel);
            let pairs = batch.rows.iter().zip(&batch.limits);
            for ((&row, &limit), &squares) in pairs.zip(&squares) {
                // NOTE: coordinates of a sketch that overflowed may be NaN; they rule nothing out.
                let is_number = simd.less(squares, infinity);
                let squares = simd.select(is_number, squares, simd.splat(F::ZERO));
                if simd.all(simd.less(simd.splat(limit), squares)) {
                    continue;
                }
                if self.input.sketches.is_some() {
                    simd.prefetch(self.input.points.row(row));
                }
                let mut lanes = [F::ZERO; MAX_LANES];
                simd.store(squares, &mut lanes);
                let targets = number * S::LANES..self.input.targets.len();
                for (target, square) in targets.zip(&lanes[..S::LANES]) {
                    if *square <= limit {
                        unresolved.push((row, target));
                    }
                }
            }
        }
    }

    /// Lets the exact distance decide. IN, OUT: `unresolved`, which is emptied. OUT: `found`, to which
    /// the near pairs are added.
    #[inline(always)]
    fn measure<S: Simd<F>>(
        &self,
        simd: S,
        unresolved: &mut Vec<(usize, usize)>,
        found: &mut Vec<NearPair>,
    ) {
        let FilterInput {
            points,
            targets,
            limits,
            sketches,
            ..
        } = self.input;
        for (point, target) in unresolved.drain(..) {
            let (row, other, limit) = (points.row(point), targets.row(target), limits[point]);
            if sketches.is_some() && sq_dist_below(simd, row, other) > limit {
                continue;
            }
            let sq_dist = sq_dist(row, other);
            if sq_dist < limit {
                found.push(NearPair {
                    point,
                    target: target as u32,
                    sq_dist,
                });
            }
        }
    }
}

/// The squared distances of some points and a panel of targets, up to rounding.
#[inline(always)]
fn squares<F: Float, S: Simd<F>>(
    simd: S,
    mut points: [&[F]; BATCH],
    panel: &[F],
) -> [S::Vector; BATCH] {
    let columns = panel.chunks_exact(S::LANES);
    // PERF: lengths that are seen to be equal leave no bounds to check.
    let n = columns.len();
    for point in &mut points {
        *point = &point[..n];
    }
    let mut squares = [simd.splat(F::ZERO); BATCH];
    for (j, column) in columns.enumerate() {
        let targets = simd.load(column);
        for r in 0..BATCH {
            let difference = simd.sub(simd.splat(points[r][j]), targets);
            squares[r] = simd.mul_add(difference, difference, squares[r]);
        }
    }
    squares
}

#[cfg(test)]
mod tests;
