//! Near pairs of points of few features: all pairs are measured.

use super::NearPair;
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::columns::{Columns, FEW_FEATURES, widen, with_few_columns};
use crate::kernels::isa::{MAX_LANES, Widen};
use crate::kernels::{Kernels, Rows, sq_dist};

impl<F: Float> Kernels<F> {
    /// The near pairs of points and targets.
    ///
    /// IN: `points`, `targets` of as many features, at most [`FEW_FEATURES`]; `limits`, one for each
    /// point. OUT: `found`, to which the pairs are added whose [`sq_dist`] is smaller than the limit.
    pub(crate) fn measured_pairs(
        &self,
        points: &Rows<'_, F>,
        targets: &Rows<'_, F>,
        limits: &[f64],
        found: &mut Vec<NearPair>,
    ) {
        assert_eq!(limits.len(), points.len(), "one for each point");
        assert_eq!(
            points.n_features(),
            targets.n_features(),
            "as many features"
        );
        assert!(targets.n_features() <= FEW_FEATURES, "few features");
        f64::with_scratch(targets.data().len(), |wide| {
            (self.measured_pairs)(points, targets, limits, found, wide);
        });
    }
}

/// See [`Kernels::measured_pairs`]; `wide` is workspace for the targets.
#[inline(always)]
pub(in crate::kernels) fn measured_pairs<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    limits: &[f64],
    found: &mut Vec<NearPair>,
    wide: &mut [f64],
) {
    let wide = widen(targets, wide);
    let whole = points.len() - points.len() % S::LANES;
    let in_lanes = points.slice(0..whole);
    with_few_columns!(simd, points.n_features(), |columns| {
        measure_in_lanes(simd, columns, &in_lanes, &wide, limits, found);
    });
    for (point, &limit) in limits.iter().enumerate().skip(whole) {
        for (target, row) in targets.iter().enumerate() {
            let sq_dist = sq_dist(points.row(point), row);
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

/// [`measured_pairs`] for whole vectors of points.
#[inline(always)]
fn measure_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    targets: &Rows<'_, f64>,
    limits: &[f64],
    found: &mut Vec<NearPair>,
) {
    for first in (0..points.len()).step_by(S::LANES) {
        columns.take(simd, &points.slice(first..first + S::LANES));
        let limit = simd.load(&limits[first..]);
        for (target, row) in targets.iter().enumerate() {
            let sq_dists = columns.sq_dists(simd, row);
            if simd.all(simd.less(limit, sq_dists)) {
                continue;
            }
            let mut lanes = [0.0; MAX_LANES];
            simd.store(sq_dists, &mut lanes);
            let pairs = limits[first..][..S::LANES].iter().zip(lanes);
            for (i, (&limit, sq_dist)) in pairs.enumerate() {
                if sq_dist < limit {
                    found.push(NearPair {
                        point: first + i,
                        target: target as u32,
                        sq_dist,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, lattice, naive};

    fn measured_pairs_are_those_of_the_plain_loop<F: Float>() {
        for (n, d) in [(1, 3), (38, 1), (39, 2), (41, 3), (42, 4)] {
            let (x, t) = (lattice::<F>(n * d, 1), lattice::<F>(3 * d, 2));
            let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
            // Most points are near to some target and not to another.
            let sum: f64 = points.iter().map(|row| sq_dist(row, targets.row(0))).sum();
            let limits: Vec<f64> = (0..n)
                .map(|i| sum / n as f64 * (0.5 + (i % 7) as f64 / 7.0))
                .collect();
            let expected = naive::near_pairs(&points, &targets, &limits);
            assert!(n == 1 || (expected.len() > 10 && expected.len() < 3 * n));
            each_table::<F>(|table| {
                let mut found = Vec::new();
                table.measured_pairs(&points, &targets, &limits, &mut found);
                found.sort_by_key(|found| (found.point, found.target));
                assert_eq!(found, expected, "{} {n} {d}", table.name);
            });
        }
    }

    for_both_types!(measured_pairs_are_those_of_the_plain_loop);
}
