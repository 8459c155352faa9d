//! The variance of the features, from one pass.

use std::ops::Range;

use super::Points;
use crate::float::Float;
use crate::numeric::LongSums;
use crate::parallel::{BLOCK, Blocks, PARTS};

/// The sums of the weights `w`, and for each feature of `w x` and `w x^2`.
///
/// Within a block of rows the sums are taken about one of them, `o`, and rounded. Across blocks they are exact:
///
/// ```text
/// sum of w x   = sum of w (x - o) + o sum of w
/// sum of w x^2 = sum of w (x - o)^2 + 2 o sum of w (x - o) + o^2 sum of w
/// ```
///
/// So they do not depend on how whole blocks are put together, and an offset of the data does no harm.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Moments {
    n_features: usize,
    /// That of the weights, then those of `w x`, then those of `w x^2`.
    sums: LongSums,
}

impl Moments {
    /// Those of no rows.
    pub(crate) fn new(n_features: usize) -> Self {
        Self {
            n_features,
            sums: LongSums::new(n_features.saturating_mul(2).saturating_add(1)),
        }
    }

    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    /// Whether there is a sum for each of them, which saved ones may not have.
    pub(crate) fn is_whole(&self) -> bool {
        (self.n_features.checked_mul(2)).and_then(|sums| sums.checked_add(1))
            == Some(self.sums.len())
    }

    /// Adds rows. Their number is a multiple of the block length, except at the end of the data.
    pub(crate) fn add<F: Float>(&mut self, points: &Points<'_, F>) {
        let (n, d) = (points.len(), points.n_features());
        let of_part = |rows: Range<usize>| {
            let (mut moments, mut workspace) = (Self::new(d), vec![0.0; 3 * d]);
            for first in rows.clone().step_by(BLOCK) {
                moments.add_block(points, first..rows.end.min(first + BLOCK), &mut workspace);
            }
            moments
        };
        let both = |mut a: Self, b: Self| {
            a.merge(&b);
            a
        };
        let parts = Blocks::parts(n, PARTS, 4 * n * d).reduce(of_part, both);
        parts.iter().for_each(|parts| self.merge(parts));
    }

    /// IN, OUT: `workspace`, for each feature three values.
    fn add_block<F: Float>(
        &mut self,
        points: &Points<'_, F>,
        mut rows: Range<usize>,
        workspace: &mut [f64],
    ) {
        let Some(first) = rows.find(|&row| points.weight(row) > 0.0) else {
            return;
        };
        // For each feature `o`, and the sums of `w (x - o)` and of `w (x - o)^2`.
        let (origin, sums) = workspace.split_at_mut(self.n_features);
        let (sums, squares) = sums.split_at_mut(self.n_features);
        let values = points.rows().row(first).iter();
        origin
            .iter_mut()
            .zip(values)
            .for_each(|(origin, x)| *origin = x.to_f64());
        sums.fill(0.0);
        squares.fill(0.0);
        let mut total = points.weight(first);
        for row in rows {
            let weight = points.weight(row);
            total += weight;
            let values = points.rows().row(row).iter().zip(&*origin);
            for ((x, origin), (sum, square)) in values.zip(sums.iter_mut().zip(&mut *squares)) {
                let x = x.to_f64() - origin;
                *sum += weight * x;
                *square += weight * x * x;
            }
        }
        let d = self.n_features;
        self.sums.add(0, total);
        for (j, ((&origin, &sum), &squares)) in origin.iter().zip(&*sums).zip(&*squares).enumerate()
        {
            self.sums.add(1 + j, sum);
            self.sums.add_product(1 + j, origin, total);
            let square = origin * origin;
            let lost = origin.mul_add(origin, -square);
            let index = 1 + d + j;
            self.sums.add(index, squares);
            self.sums.add_product(index, 2.0 * origin, sum);
            self.sums.add_product(index, square, total);
            self.sums.add_product(index, lost, total);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// The variance of the features, averaged over them: `(W sum of w x^2 - (sum of w x)^2) / W^2`, where the
    /// differences are exact. There must be a positive weight.
    pub(crate) fn mean_variance(&self) -> f64 {
        let (d, sums) = (self.n_features, &self.sums);
        let mut scatter = LongSums::new(1);
        for j in 0..d {
            scatter.add_product_of_sums(0, 1, (sums, 0), (sums, 1 + d + j));
            scatter.add_product_of_sums(0, -1, (sums, 1 + j), (sums, 1 + j));
        }
        // By powers of two, so that nothing overflows.
        let exponent = -sums.exponent(0);
        let weight = sums.total_times(0, exponent);
        (scatter.total_times(0, 2 * exponent) / (weight * weight) / d as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::*;

    fn values(n: usize, d: usize, offset: f64) -> Array2<f64> {
        let value = |i: usize| ((i * 7919) % 1009) as f64 / 64.0;
        Array2::from_shape_fn((n, d), |(i, j)| offset + value(i * d + j))
    }

    #[test]
    fn the_variance_is_that_of_the_definition_at_any_offset() {
        for (n, d) in [(1, 1), (2, 3), (256, 1), (1000, 5)] {
            let x = values(n, d, 0.0);
            let expected = x.var_axis(ndarray::Axis(0), 0.0).mean().unwrap();
            for offset in [0.0, -1e6, 1e11] {
                let x = values(n, d, offset);
                let found = Points::check("x", &x).unwrap().mean_variance();
                let error = (found - expected).abs() / expected.max(1e-300);
                assert!(error < 1e-13, "{n} {d} {offset}: {found} {expected}");
            }
        }
    }

    #[test]
    fn weights_are_repeated_rows_and_equal_rows_have_no_variance() {
        let x = values(300, 2, 5.0);
        let weights = Array1::from_shape_fn(300, |i| (i % 3) as f64);
        let repeated: Vec<usize> = (0..300).flat_map(|i| vec![i; i % 3]).collect();
        let repeated = x.select(ndarray::Axis(0), &repeated);
        let weighted = Points::check("x", &x).unwrap();
        let weighted = weighted.with_weights(&weights).unwrap().mean_variance();
        let expected = Points::check("x", &repeated).unwrap().mean_variance();
        assert!((weighted - expected).abs() < 1e-13 * expected);
        let constant = Array2::from_elem((1000, 3), 0.1);
        let variance = Points::check("x", &constant).unwrap().mean_variance();
        assert_eq!(variance, 0.0);
    }

    #[test]
    fn blocks_may_be_put_together_in_any_order() {
        let x = values(2000, 3, 1e5);
        let points = Points::check("x", &x).unwrap();
        let mut backwards = Moments::new(3);
        for first in [1792, 512, 0, 1280] {
            let end = [512, 1280, 1792, 2000].into_iter().find(|&end| end > first);
            backwards.add(&points.part(first..end.unwrap()));
        }
        let mut forwards = Moments::new(3);
        forwards.add(&points);
        assert_eq!(backwards, forwards);
        assert_eq!(backwards.mean_variance(), points.mean_variance());
    }
}
