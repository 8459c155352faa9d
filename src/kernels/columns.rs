//! Squared distances of several points at a time, one per lane, in f64. Each is summed in the order of
//! [`sq_dist`](super::sq_dist), so to the same bits.

use std::array::from_fn;

use super::decision::{PARTS, fold_parts};
use super::isa::{MAX_LANES, Widen};
use super::transpose::columns_by_halves;
use super::{Kernels, Rows, sq_dist};
use crate::float::Float;
use crate::float::private::Sealed;

/// `LANES` points, feature by feature.
pub(super) trait Columns<F: Float, S: Widen<F>> {
    /// Takes in points, at most `LANES`. Lanes beyond the last point have no meaning.
    fn take(&mut self, simd: S, points: &Rows<'_, F>);
    /// The squared distance of each point to a target.
    fn sq_dists<T: Float>(&self, simd: S, target: &[T]) -> S::Vector;
}

/// Few features: the columns stay in registers.
///
/// PERF: 10 starts on 500 x 2 in `f64`, k = 5, of which measuring for k-means++ is a third, took 0.41 ms
/// with AVX2, and 0.48 with all columns in memory.
pub(super) struct Short<V, const D: usize>(pub(super) [V; D]);

/// Any number of features: the columns are in workspace of [`panel_len`].
pub(super) struct Long<'a>(pub(super) &'a mut [f64]);

/// The values of workspace for columns of `lanes` values.
pub(super) fn panel_len(n_features: usize, lanes: usize) -> usize {
    // `Long` takes features eight at a time.
    lanes * n_features.next_multiple_of(PARTS)
}

/// The most features that count as few. There is a line in [`with_few_columns`] for each number.
pub(crate) const FEW_FEATURES: usize = 4;

/// `$body` with `$columns` for points of `$n_features`, which are few. The body is no closure: it should
/// be one call.
macro_rules! with_few_columns {
    (@short $simd:expr, $d:literal, |$columns:ident| $body:expr) => {{
        let $columns = $crate::kernels::columns::Short([$simd.splat(0.0); $d]);
        $body
    }};
    ($simd:expr, $n_features:expr, |$columns:ident| $body:expr, else $other:expr) => {
        match $n_features {
            1 => $crate::kernels::columns::with_few_columns!(@short $simd, 1, |$columns| $body),
            2 => $crate::kernels::columns::with_few_columns!(@short $simd, 2, |$columns| $body),
            3 => $crate::kernels::columns::with_few_columns!(@short $simd, 3, |$columns| $body),
            4 => $crate::kernels::columns::with_few_columns!(@short $simd, 4, |$columns| $body),
            _ => $other,
        }
    };
    ($simd:expr, $n_features:expr, |$columns:ident| $body:expr) => {
        $crate::kernels::columns::with_few_columns!(
            $simd, $n_features, |$columns| $body, else unreachable!("few features")
        )
    };
}
pub(super) use with_few_columns;

/// The same for any number of features; `$panel` is workspace of [`panel_len`].
macro_rules! with_columns {
    ($simd:expr, $n_features:expr, $panel:expr, |$columns:ident| $body:expr) => {
        $crate::kernels::columns::with_few_columns!($simd, $n_features, |$columns| $body, else {
            let $columns = $crate::kernels::columns::Long($panel);
            $body
        })
    };
}
pub(super) use with_columns;

impl<F: Float, S: Widen<F>, const D: usize> Columns<F, S> for Short<S::Vector, D> {
    #[inline(always)]
    fn take(&mut self, simd: S, points: &Rows<'_, F>) {
        if points.len() == S::LANES {
            let rows = &points.data()[..D * S::LANES];
            self.0 = simd.columns(from_fn(|v| simd.load_wide(&rows[v * S::LANES..])));
        } else {
            let mut columns = [[0.0; MAX_LANES]; D];
            for (i, row) in points.data().as_chunks::<D>().0.iter().enumerate() {
                for j in 0..D {
                    columns[j][i] = row[j].to_f64();
                }
            }
            self.0 = from_fn(|j| simd.load(&columns[j]));
        }
    }

    #[inline(always)]
    fn sq_dists<T: Float>(&self, simd: S, target: &[T]) -> S::Vector {
        let target = &target[..D];
        let parts: [S::Vector; D] = from_fn(|j| {
            let difference = simd.sub(self.0[j], simd.splat(target[j].to_f64()));
            simd.mul(difference, difference)
        });
        fold_parts(parts, |a, b| simd.add(a, b))
    }
}

impl<F: Float, S: Widen<F>> Columns<F, S> for Long<'_> {
    #[inline(always)]
    fn take(&mut self, simd: S, points: &Rows<'_, F>) {
        let whole = if points.len() == S::LANES {
            points.n_features() - points.n_features() % S::LANES
        } else {
            0
        };
        for start in (0..whole).step_by(S::LANES) {
            let mut square = [simd.splat(0.0); MAX_LANES];
            for (vector, row) in square.iter_mut().zip(points.iter()) {
                *vector = simd.load_wide(&row[start..]);
            }
            let columns = columns_by_halves(simd, square, S::LANES);
            for (j, &column) in columns[..S::LANES].iter().enumerate() {
                simd.store(column, &mut self.0[(start + j) * S::LANES..]);
            }
        }
        for (i, row) in points.iter().enumerate() {
            for (j, x) in row.iter().enumerate().skip(whole) {
                self.0[j * S::LANES + i] = x.to_f64();
            }
        }
    }

    #[inline(always)]
    fn sq_dists<T: Float>(&self, simd: S, target: &[T]) -> S::Vector {
        let mut parts = [simd.splat(0.0); PARTS];
        let columns = self.0.chunks_exact(S::LANES * PARTS);
        for (columns, targets) in columns.zip(target.chunks(PARTS)) {
            for part in 0..PARTS {
                if part < targets.len() {
                    let x = simd.load(&columns[part * S::LANES..]);
                    let difference = simd.sub(x, simd.splat(targets[part].to_f64()));
                    parts[part] = simd.add(parts[part], simd.mul(difference, difference));
                }
            }
        }
        fold_parts(parts, |a, b| simd.add(a, b))
    }
}

/// Targets in f64. OUT: `wide`, as many values.
#[inline(always)]
pub(super) fn widen<'a, F: Float>(targets: &Rows<'_, F>, wide: &'a mut [f64]) -> Rows<'a, f64> {
    let pairs = wide.iter_mut().zip(targets.data());
    pairs.for_each(|(wide, x)| *wide = x.to_f64());
    Rows::new(wide, targets.n_features())
}

impl<F: Float> Kernels<F> {
    /// All [`sq_dist`] of points and targets.
    ///
    /// IN: `points`, `targets` of as many features. OUT: `out[t * points.len() + i]`, the squared
    /// distance of point `i` and target `t`.
    pub(crate) fn sq_dists(&self, points: &Rows<'_, F>, targets: &Rows<'_, F>, out: &mut [f64]) {
        assert_eq!(
            points.n_features(),
            targets.n_features(),
            "as many features"
        );
        assert_eq!(
            points.len() * targets.len(),
            out.len(),
            "one place for each pair"
        );
        let len = panel_len(points.n_features(), self.lanes);
        f64::with_scratch(len, |panel| {
            (self.sq_dists)(points, targets, out, panel);
        });
    }
}

/// See [`Kernels::sq_dists`]; `panel` is workspace of [`panel_len`].
#[inline(always)]
pub(super) fn sq_dists<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    out: &mut [f64],
    panel: &mut [f64],
) {
    // PERF: for a single target transposing the points would be most of the work.
    if points.n_features() > FEW_FEATURES && targets.len() == 1 {
        let target = targets.row(0);
        let pairs = out.iter_mut().zip(points.iter());
        return pairs.for_each(|(out, row)| *out = sq_dist(row, target));
    }
    with_columns!(simd, points.n_features(), panel, |columns| sq_dists_of(
        simd, columns, points, targets, out
    ));
}

/// [`sq_dists`], however the features are held.
#[inline(always)]
fn sq_dists_of<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    out: &mut [f64],
) {
    let n = points.len();
    for first in (0..n).step_by(S::LANES) {
        let block = points.slice(first..n.min(first + S::LANES));
        columns.take(simd, &block);
        for (t, target) in targets.iter().enumerate() {
            let sq_dists = columns.sq_dists(simd, target);
            let out = &mut out[t * n + first..][..block.len()];
            if out.len() == S::LANES {
                simd.store(sq_dists, out);
            } else {
                let mut whole = [0.0; MAX_LANES];
                simd.store(sq_dists, &mut whole);
                out.copy_from_slice(&whole[..out.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, naive, rough};

    fn distances_have_the_bits_of_the_plain_loop<F: Float>() {
        each_table::<F>(|table| {
            for d in (1..=20).chain([31, 32, 33, 64, 67]) {
                for n in [1, 3, 4, 7, 8, 9, 33] {
                    for m in [1, 2, 5] {
                        let x = rough::<F>(n * d, d as u64, 1.0, 0.3);
                        let targets = rough::<F>(m * d, 50 + d as u64, 1.0, 0.0);
                        let (points, targets) = (Rows::new(&x, d), Rows::new(&targets, d));
                        let mut out = vec![f64::NAN; n * m];
                        table.sq_dists(&points, &targets, &mut out);
                        let expected = naive::sq_dists(&points, &targets);
                        assert_eq!(out, expected, "{} {n} {d} {m}", table.name);
                    }
                }
            }
        });
    }

    for_both_types!(distances_have_the_bits_of_the_plain_loop);
}
