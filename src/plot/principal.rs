//! The plane of the first two principal directions.

use ndarray::{ArrayRef1, ArrayRef2};

use crate::Float;
use crate::linalg::{add_scaled, dot, principal_directions};

/// The largest number of rows, evenly spaced, that determine the plane. This is accurate enough for a picture.
const MOST_ROWS: usize = 5_000;

/// A direction with a smaller share of the variance is left out, because it contains only rounding errors.
const NEGLIGIBLE: f64 = 1e-12;

/// The mean and the first two principal directions of rows.
///
/// For centroids this is the same as classical scaling of the Euclidean distances between them.
pub(super) struct Plane {
    mean: Vec<f64>,
    directions: Vec<Vec<f64>>,
    shares: [f64; 2],
}

impl Plane {
    /// The plane of finite rows.
    pub(super) fn of<F: Float>(x: &ArrayRef2<F>) -> Self {
        let d = x.ncols();
        let step = x.nrows().div_ceil(MOST_ROWS).max(1);
        let mut rows: Vec<f64> = (0..x.nrows())
            .step_by(step)
            .flat_map(|row| x.row(row))
            .map(|value| value.to_f64())
            .collect();
        let share = 1.0 / x.nrows().div_ceil(step) as f64;
        let mut mean = vec![0.0; d];
        for row in rows.chunks_exact(d) {
            add_scaled(&mut mean, share, row);
        }
        for row in rows.chunks_exact_mut(d) {
            add_scaled(row, -1.0, &mean);
        }
        // The squares of large or tiny values may leave the range of f64. Scaling does not change directions.
        let largest = rows.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        if largest > 0.0 {
            rows.iter_mut().for_each(|value| *value /= largest);
        }
        let total = dot(&rows, &rows);
        let found = principal_directions(&rows, d, 2);
        let (mut directions, mut shares) = (found.directions, [0.0; 2]);
        for (which, &sum) in found.sums_of_squares.iter().enumerate() {
            if sum > NEGLIGIBLE * total {
                shares[which] = sum / total;
            } else {
                directions[which].fill(0.0);
            }
        }
        // A single feature has only one direction.
        directions.resize(2, vec![0.0; d]);
        Self {
            mean,
            directions,
            shares,
        }
    }

    /// The place of a row in the plane.
    pub(super) fn place<F: Float>(&self, row: &ArrayRef1<F>) -> (f64, f64) {
        let along = |direction: &[f64]| {
            let terms = row.iter().zip(&self.mean).zip(direction);
            terms
                .map(|((value, mean), part)| (value.to_f64() - mean) * part)
                .sum()
        };
        (along(&self.directions[0]), along(&self.directions[1]))
    }

    /// The names of the axes: the direction and its share of the variance.
    pub(super) fn axes(&self) -> [String; 2] {
        let named = |which: usize| {
            let percent = 100.0 * self.shares[which];
            format!("principal direction {} ({percent:.0}%)", which + 1)
        };
        [named(0), named(1)]
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_plane_of_rows_along_known_directions() {
        // The rows vary along (0, 3, 4) with spread 2, and along the first axis with spread 1.
        let x = array![
            [5.0, 1.2, 1.6],
            [5.0, -1.2, -1.6],
            [6.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
        ];
        let plane = Plane::of(&x);
        assert_abs_diff_eq!(plane.directions[0][..], [0.0, 0.6, 0.8], epsilon = 1e-9);
        assert_abs_diff_eq!(plane.directions[1][..], [1.0, 0.0, 0.0], epsilon = 1e-9);
        assert_abs_diff_eq!(plane.shares[..], [0.8, 0.2], epsilon = 1e-9);
        let (first, second) = plane.place(&array![7.0, 3.0, 4.0]);
        assert_abs_diff_eq!(first, 5.0, epsilon = 1e-9);
        assert_abs_diff_eq!(second, 2.0, epsilon = 1e-9);
    }

    #[test]
    fn directions_without_variance_are_zero() {
        for x in [
            array![[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]],
            array![[1e300, 1e300, 0.0], [-1e300, -1e300, 0.0]],
            array![[1e-300, 0.0, 0.0], [0.0, 0.0, 0.0]],
            Array2::from_elem((4, 3), 7.0),
            array![[3.0]],
        ] {
            let plane = Plane::of(&x);
            for row in x.rows() {
                let (first, second) = plane.place(&row);
                assert!(
                    first.is_finite() && second.abs() <= 1e-9 * first.abs(),
                    "{first} {second}"
                );
            }
        }
    }
}
