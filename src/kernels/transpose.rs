//! From points, row by row, to vectors of one feature each, one point per lane.

use std::array::from_fn;

use super::Rows;
use super::isa::{MAX_LANES, Simd};
use crate::float::Float;
use crate::numeric::few_features;

/// OUT: `panel`, for each feature the values of `width` points, after `bring`, or `bring_all` for
/// whole vectors, with the number of the feature. Places beyond the last point hold stale numbers.
#[inline(always)]
pub(super) fn fill_panel<F: Float, S: Simd<F>>(
    simd: S,
    points: &Rows<'_, F>,
    panel: &mut [F],
    width: usize,
    bring: impl Fn(F, usize) -> F,
    bring_all: impl Fn(S::Vector, usize) -> S::Vector,
) {
    few_features!(
        points.n_features(),
        D => short_panel::<F, S, D>(simd, points, panel, width, bring, bring_all),
        else transpose_panel(simd, points, panel, width, bring, bring_all)
    );
}

/// Few features: `LANES` rows fill `D` vectors, and are turned into as many columns.
///
/// PERF: with AVX2 the compiler took a loop over the values one by one: 20 iterations on 273,280 x 3 in
/// `f32`, k = 8 took 31 instead of 26 ms.
#[inline(always)]
fn short_panel<F: Float, S: Simd<F>, const D: usize>(
    simd: S,
    points: &Rows<'_, F>,
    panel: &mut [F],
    width: usize,
    bring: impl Fn(F, usize) -> F,
    bring_all: impl Fn(S::Vector, usize) -> S::Vector,
) {
    let panel = &mut panel[..D * width];
    let whole = points.len() - points.len() % S::LANES;
    let mut fill = |data: &[F]| {
        for (number, rows) in data.chunks_exact(D * S::LANES).enumerate() {
            let columns = simd.columns::<D>(from_fn(|v| simd.load(&rows[v * S::LANES..])));
            for (j, column) in columns.into_iter().enumerate() {
                let place = j * width + number * S::LANES;
                simd.store(bring_all(column, j), &mut panel[place..]);
            }
        }
    };
    // PERF: a full panel has a constant length, which leaves no loop.
    if points.len() == width {
        fill(&points.data()[..D * width]);
    } else {
        fill(&points.data()[..D * whole]);
    }
    for (i, row) in points.iter().enumerate().skip(whole) {
        for (j, &x) in row.iter().enumerate() {
            panel[j * width + i] = bring(x, j);
        }
    }
}

/// Many features: squares of `LANES` points by `LANES` features, what is left one by one.
#[inline(always)]
fn transpose_panel<F: Float, S: Simd<F>>(
    simd: S,
    points: &Rows<'_, F>,
    panel: &mut [F],
    width: usize,
    bring: impl Fn(F, usize) -> F,
    bring_all: impl Fn(S::Vector, usize) -> S::Vector,
) {
    let d = points.n_features();
    let whole_features = d - d % S::LANES;
    let whole_points = points.len() - points.len() % S::LANES;
    for first in (0..whole_points).step_by(S::LANES) {
        for start in (0..whole_features).step_by(S::LANES) {
            let mut square = [simd.splat(F::ZERO); MAX_LANES];
            for (lane, vector) in square[..S::LANES].iter_mut().enumerate() {
                *vector = simd.load(&points.row(first + lane)[start..]);
            }
            let square = columns_by_halves(simd, square, S::LANES);
            for (&column, j) in square[..S::LANES].iter().zip(start..) {
                simd.store(bring_all(column, j), &mut panel[j * width + first..]);
            }
        }
    }
    for (i, row) in points.iter().enumerate() {
        let done = if i < whole_points { whole_features } else { 0 };
        for (j, &x) in row.iter().enumerate().skip(done) {
            panel[j * width + i] = bring(x, j);
        }
    }
}

/// [`Simd::columns`] of rows of `n` values, a power of two, in the first `n` vectors: in each of
/// log2(lanes) rounds the first half of these is interleaved with the second.
#[inline(always)]
pub(super) fn columns_by_halves<F: Float, S: Simd<F>, const N: usize>(
    simd: S,
    mut rows: [S::Vector; N],
    n: usize,
) -> [S::Vector; N] {
    for _ in 0..S::LANES.ilog2() {
        let before = rows;
        for i in 0..n / 2 {
            (rows[2 * i], rows[2 * i + 1]) = simd.zip(before[i], before[i + n / 2]);
        }
    }
    rows
}
