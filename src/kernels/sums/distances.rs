//! Sums of distances: of each point of one set to all of another, and the other way round.
//!
//! ```text
//! for each tile of others            one point per lane, C vectors of them, transposed
//!     for each group of points
//!         for each R points          their values broadcast
//!             R x C registers of squares, one pass over the features
//!             add the roots to the sums of the R points, and to those of the C vectors
//! ```
//!
//! Squares are those of differences, so that near points keep their precision, however far they lie
//! from the origin. A distance is that of the element type, and so are partial sums of up to
//! [`FLUSHED`] of them; what they add up to is f64.

use crate::float::Float;
use crate::kernels::isa::{MAX_LANES, Simd};
use crate::kernels::transpose::fill_panel;
use crate::kernels::{Kernels, Rows};

/// Points in groups, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grouped<'a, F> {
    pub(crate) points: Rows<'a, F>,
    /// For each group the number of points up to its end.
    pub(crate) ends: &'a [usize],
}

/// Distances that are added up in the element type.
///
/// The error of such a sum is some 2^-24 of it in f32, times the square root of this number.
const FLUSHED: usize = 256;

/// Vectors of others at most.
const MAX_VECTORS: usize = 4;

/// The workspace of [`sum_dists`]: a panel of others, and one vector for each point.
fn scratch_len(n_points: usize, n_features: usize) -> usize {
    (MAX_VECTORS * n_features + n_points) * MAX_LANES
}

impl<F: Float> Kernels<F> {
    /// Adds up distances.
    ///
    /// IN: `points`, `others` of as many features, and so small that squares of their distances do not
    /// overflow. IN, OUT: `sums`, to each of which are added the Euclidean distances of its point to all
    /// of the others; `sums_of_others`, for each group one for each of the others, to which its
    /// distances to all points of the group are added.
    ///
    /// The distances are rounded to the element type, some hundred at a time are added up in it, in an order
    /// that depends on the instruction set.
    pub(crate) fn sum_dists(
        &self,
        points: Grouped<'_, F>,
        others: &Rows<'_, F>,
        sums: &mut [f64],
        sums_of_others: &mut [f64],
    ) {
        let (n, d) = (points.points.len(), points.points.n_features());
        assert_eq!(d, others.n_features(), "as many features");
        assert_eq!(
            (points.ends.last(), sums.len()),
            (Some(&n), n),
            "the last group ends with the points"
        );
        assert_eq!(
            sums_of_others.len(),
            points.ends.len() * others.len(),
            "sums for each group"
        );
        F::with_scratch(scratch_len(n, d), |scratch| {
            (self.sum_dists)(points, others, sums, sums_of_others, scratch);
        });
    }
}

/// See [`Kernels::sum_dists`]; `scratch` is workspace of [`scratch_len`].
#[inline(always)]
pub(in crate::kernels) fn sum_dists<F: Float, S: Simd<F>, const R: usize, const C: usize>(
    simd: S,
    points: Grouped<'_, F>,
    others: &Rows<'_, F>,
    sums: &mut [f64],
    sums_of_others: &mut [f64],
    scratch: &mut [F],
) {
    let (panel, lanes) = scratch.split_at_mut(MAX_VECTORS * MAX_LANES * others.n_features());
    let n = others.len();
    // The lanes of a point take in every vector of others.
    for first in (0..n).step_by(FLUSHED * S::LANES) {
        let end = n.min(first + FLUSHED * S::LANES);
        lanes.fill(F::ZERO);
        let whole = first + (end - first) / (C * S::LANES) * (C * S::LANES);
        let mut tile = Tile {
            points,
            n_others: n,
            panel,
            lanes,
            sums_of_others,
        };
        for start in (first..whole).step_by(C * S::LANES) {
            let others = others.slice(start..start + C * S::LANES);
            tile.take_in::<S, R, C>(simd, &others, start);
        }
        for start in (whole..end).step_by(S::LANES) {
            let others = others.slice(start..end.min(start + S::LANES));
            tile.take_in::<S, R, 1>(simd, &others, start);
        }
        let lanes = lanes.chunks_exact(S::LANES);
        for (sum, lanes) in sums.iter_mut().zip(lanes) {
            *sum += lanes.iter().map(|lane| lane.to_f64()).sum::<f64>();
        }
    }
}

/// The points, with a few of the others at a time.
struct Tile<'a, F> {
    points: Grouped<'a, F>,
    n_others: usize,
    panel: &'a mut [F],
    /// For each point one vector, the sum of which is wanted.
    lanes: &'a mut [F],
    sums_of_others: &'a mut [f64],
}

impl<F: Float> Tile<'_, F> {
    /// IN: `others`, at most `C` vectors, of which the first has the number `start`.
    #[inline(always)]
    fn take_in<S: Simd<F>, const R: usize, const C: usize>(
        &mut self,
        simd: S,
        others: &Rows<'_, F>,
        start: usize,
    ) {
        let panel = &mut self.panel[..C * S::LANES * others.n_features()];
        fill_panel(simd, others, panel, C * S::LANES, |x, _| x, |x, _| x);
        let mut begin = 0;
        for (group, &end) in self.points.ends.iter().enumerate() {
            let sums = &mut self.sums_of_others[group * self.n_others + start..][..others.len()];
            for first in (begin..end).step_by(FLUSHED) {
                let range = first..end.min(first + FLUSHED);
                let lanes = &mut self.lanes[range.start * S::LANES..range.end * S::LANES];
                let rows = self.points.points.slice(range);
                add_up::<F, S, R, C>(simd, &rows, panel, lanes, sums);
            }
            begin = end;
        }
    }
}

/// IN: points of one group, a panel of others. IN, OUT: `lanes`, a vector for each point; `sums`, one
/// for each of the others, fewer than the panel has places only if `C` is 1.
///
/// PERF: in f64 a root takes as long as the squares of 16 features, in another unit. So the roots of
/// the points before are taken while the squares of the next ones are added up: 20,000 x 16 on one
/// thread take 0.19 s and not 0.28 in f64, 0.10 and not 0.12 in f32 (Zen 4).
#[inline(always)]
fn add_up<F: Float, S: Simd<F>, const R: usize, const C: usize>(
    simd: S,
    points: &Rows<'_, F>,
    panel: &[F],
    lanes: &mut [F],
    sums: &mut [f64],
) {
    let n = points.len();
    let zero = simd.splat(F::ZERO);
    let mut own = TileSums::<S::Vector, S::Mask, C> {
        of_others: [zero; C],
        valid: first_lanes(simd, sums.len()),
    };
    let whole = n - n % R;
    // At first there are none before: 0 is added.
    let (mut before, mut squares) = (0, [[zero; C]; R]);
    for first in (0..whole).step_by(R) {
        let mut rows = [points.row(first); R];
        for (r, row) in rows.iter_mut().enumerate() {
            *row = points.row(first + r);
        }
        let next = squares_and_roots(simd, rows, panel, squares.as_flattened_mut());
        own.add(simd, &squares, &mut lanes[before * S::LANES..]);
        (before, squares) = (first, next);
    }
    take_roots::<F, S>(simd, squares.as_flattened_mut());
    own.add(simd, &squares, &mut lanes[before * S::LANES..]);
    for first in whole..n {
        let mut dists = squares_and_roots(simd, [points.row(first)], panel, &mut []);
        take_roots::<F, S>(simd, dists.as_flattened_mut());
        own.add(simd, &dists, &mut lanes[first * S::LANES..]);
    }
    let mut values = [F::ZERO; MAX_LANES];
    for (sums, of_others) in sums.chunks_mut(S::LANES).zip(own.of_others) {
        simd.store(of_others, &mut values);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value.to_f64();
        }
    }
}

/// The first `count` lanes.
#[inline(always)]
fn first_lanes<F: Float, S: Simd<F>>(simd: S, count: usize) -> S::Mask {
    let mut ones = [F::ZERO; MAX_LANES];
    ones.iter_mut().take(count).for_each(|one| *one = F::ONE);
    simd.less(simd.splat(F::ZERO), simd.load(&ones))
}

#[inline(always)]
fn take_roots<F: Float, S: Simd<F>>(simd: S, squares: &mut [S::Vector]) {
    for square in squares {
        *square = simd.sqrt(*square);
    }
}

/// The squared distances of `R` points and a panel of `C` vectors. IN, OUT: `before`, other squared
/// distances, whose roots are taken.
#[inline(always)]
fn squares_and_roots<F: Float, S: Simd<F>, const R: usize, const C: usize>(
    simd: S,
    mut rows: [&[F]; R],
    panel: &[F],
    before: &mut [S::Vector],
) -> [[S::Vector; C]; R] {
    let zero = simd.splat(F::ZERO);
    let mut squares = [[zero; C]; R];
    // PERF: lengths that are seen to be equal leave no bounds to check.
    let d = panel.len() / (C * S::LANES);
    for row in &mut rows {
        *row = &row[..d];
    }
    let at_a_time = before.len().div_ceil(d);
    let mut before = before.chunks_mut(at_a_time.max(1));
    for (j, column) in panel.chunks_exact(C * S::LANES).enumerate() {
        let mut x = [zero; C];
        for c in 0..C {
            x[c] = simd.load(&column[c * S::LANES..]);
        }
        for r in 0..R {
            let value = simd.splat(rows[r][j]);
            for c in 0..C {
                let difference = simd.sub(value, x[c]);
                squares[r][c] = simd.mul_add(difference, difference, squares[r][c]);
            }
        }
        take_roots::<F, S>(simd, before.next().unwrap_or_default());
    }
    squares
}

/// What is added up of a panel of others.
struct TileSums<V, M, const C: usize> {
    /// A lane for each of them.
    of_others: [V; C],
    /// The places in use, where `C` is 1. Otherwise all are.
    valid: M,
}

impl<V: Copy, M: Copy, const C: usize> TileSums<V, M, C> {
    /// IN: distances of `R` points. IN, OUT: `lanes`, a vector for each of these points.
    #[inline(always)]
    fn add<F: Float, S, const R: usize>(&mut self, simd: S, dists: &[[V; C]; R], lanes: &mut [F])
    where
        S: Simd<F, Vector = V, Mask = M>,
    {
        for (dists, lanes) in dists.iter().zip(lanes.chunks_exact_mut(S::LANES)) {
            let mut sum = simd.load(lanes);
            for (&dist, of_others) in dists.iter().zip(&mut self.of_others) {
                let dist = if C == 1 {
                    simd.select(self.valid, dist, simd.splat(F::ZERO))
                } else {
                    dist
                };
                sum = simd.add(sum, dist);
                *of_others = simd.add(*of_others, dist);
            }
            simd.store(sum, lanes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, lattice, naive};

    fn sums_of_distances_equal_the_plain_loop<F: Float>() {
        each_table::<F>(|table| {
            for (n, m, d) in [
                (1, 1, 1),
                (3, 5, 2),
                (9, 64, 3),
                (70, 65, 4),
                (131, 17, 21),
                (600, 90, 5),
            ] {
                let (x, y) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
                let (points, others) = (Rows::new(&x, d), Rows::new(&y, d));
                // The middle one of three groups is empty.
                let ends = [n / 3, n / 3, n];
                let (mut sums, mut sums_of_others) = (vec![1.0; n], vec![1.0; 3 * m]);
                let grouped = Grouped {
                    points,
                    ends: &ends,
                };
                table.sum_dists(grouped, &others, &mut sums, &mut sums_of_others);
                let (mut expected, mut expected_of_others) = (vec![1.0; n], vec![1.0; 3 * m]);
                for (i, row) in points.iter().enumerate() {
                    for (j, other) in others.iter().enumerate() {
                        let dist = naive::sq_dist(row, other).sqrt();
                        expected[i] += dist;
                        expected_of_others[if i < n / 3 { j } else { 2 * m + j }] += dist;
                    }
                }
                let found = sums.iter().chain(&sums_of_others);
                for (found, expected) in found.zip(expected.iter().chain(&expected_of_others)) {
                    let error = (found - expected).abs() / expected;
                    assert!(
                        error <= 32.0 * F::UNIT_ROUNDOFF,
                        "{} {n} {m} {d}: {error:e}",
                        table.name
                    );
                }
            }
        });
    }

    for_both_types!(sums_of_distances_equal_the_plain_loop);
}
