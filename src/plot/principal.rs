//! The plane in which rows vary the most.

use ndarray::{ArrayRef1, ArrayRef2};

use crate::Float;

/// Rows that are looked at, evenly spaced among all: enough for the eye.
const MOST_ROWS: usize = 5_000;

/// Orthogonal iterations at most, and the change of a direction (1 minus its cosine) that ends them: well
/// below a pixel.
const MOST_ITERATIONS: usize = 60;
const SETTLED: f64 = 1e-10;

/// The mean and the two principal directions of rows.
///
/// For the centroids of clusters this is classical scaling: scaling their Euclidean distances and
/// projecting on principal directions give the same picture.
pub(super) struct Plane {
    mean: Vec<f64>,
    directions: [Vec<f64>; 2],
    shares: [f64; 2],
}

impl Plane {
    /// The plane of finite rows, found by orthogonal iteration.
    pub(super) fn of<F: Float>(x: &ArrayRef2<F>) -> Self {
        let d = x.ncols();
        let step = x.nrows().div_ceil(MOST_ROWS).max(1);
        let mut rows: Vec<Vec<f64>> = (0..x.nrows())
            .step_by(step)
            .map(|row| x.row(row).iter().map(|value| value.to_f64()).collect())
            .collect();
        let mut mean = vec![0.0; d];
        for row in &rows {
            add_scaled(&mut mean, 1.0 / rows.len() as f64, row);
        }
        for row in &mut rows {
            add_scaled(row, -1.0, &mean);
        }
        // The squares of large or tiny values leave the range of f64, and directions have no scale.
        let largest = rows.iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
        if largest > 0.0 {
            rows.iter_mut()
                .flatten()
                .for_each(|value| *value /= largest);
        }
        let total: f64 = rows.iter().map(|row| dot(row, row)).sum();
        let directions = principal_directions(&rows, d);
        let shares = [0, 1].map(|which| {
            let along = rows.iter().map(|row| dot(row, &directions[which]));
            let variance: f64 = along.map(|along| along * along).sum();
            if total > 0.0 { variance / total } else { 0.0 }
        });
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

    /// What the axes show: which direction, and its share of the variance.
    pub(super) fn axes(&self) -> [String; 2] {
        let named = |which: usize| {
            let percent = 100.0 * self.shares[which];
            format!("principal direction {} ({percent:.0}%)", which + 1)
        };
        [named(0), named(1)]
    }
}

/// The two leading eigenvectors of the covariance of centred rows, which is never formed. A direction
/// in which nothing varies may be 0.
fn principal_directions(rows: &[Vec<f64>], d: usize) -> [Vec<f64>; 2] {
    // Starts that are orthogonal to no direction that data is likely to have.
    let mut directions = [
        (0..d).map(|j| (j as f64 + 1.0).sin()).collect(),
        (0..d).map(|j| (2.0 * j as f64 + 1.0).cos()).collect(),
    ];
    orthonormalize(&mut directions);
    for _ in 0..MOST_ITERATIONS {
        let mut next = [vec![0.0; d], vec![0.0; d]];
        for row in rows {
            for (next, direction) in next.iter_mut().zip(&directions) {
                add_scaled(next, dot(row, direction), row);
            }
        }
        orthonormalize(&mut next);
        let unchanged = |(old, new): (&Vec<f64>, &Vec<f64>)| 1.0 - dot(old, new).abs() < SETTLED;
        let settled = directions.iter().zip(&next).all(unchanged);
        directions = next;
        if settled {
            break;
        }
    }
    // A direction and its opposite are the same; the picture should be too.
    for direction in &mut directions {
        let largest = direction
            .iter()
            .fold(0.0, |a: f64, &b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 {
            direction.iter_mut().for_each(|part| *part = -*part);
        }
    }
    directions
}

/// Gram and Schmidt's; what is left of a vector by rounding alone becomes 0.
fn orthonormalize([first, second]: &mut [Vec<f64>; 2]) {
    normalize(first, 0.0);
    let before = dot(second, second).sqrt();
    // Twice is enough to lose what rounding left behind.
    for _ in 0..2 {
        let along = dot(first, second);
        add_scaled(second, -along, first);
    }
    normalize(second, 1e-12 * before);
}

fn normalize(vector: &mut [f64], negligible: f64) {
    let length = dot(vector, vector).sqrt();
    let scale = if length > negligible {
        1.0 / length
    } else {
        0.0
    };
    vector.iter_mut().for_each(|part| *part *= scale);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(sum: &mut [f64], scale: f64, terms: &[f64]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += scale * term;
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_plane_of_rows_along_known_directions() {
        // Along (0, 3, 4) with spread 2, along the first axis with spread 1, and nothing else.
        let x = array![
            [5.0, 1.2, 1.6],
            [5.0, -1.2, -1.6],
            [6.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
        ];
        let plane = Plane::of(&x);
        assert_abs_diff_eq!(plane.directions[0][..], [0.0, 0.6, 0.8], epsilon = 1e-4);
        assert_abs_diff_eq!(plane.directions[1][..], [1.0, 0.0, 0.0], epsilon = 1e-4);
        assert_abs_diff_eq!(plane.shares[..], [0.8, 0.2], epsilon = 1e-9);
        let (first, second) = plane.place(&array![7.0, 3.0, 4.0]);
        assert_abs_diff_eq!(first, 5.0, epsilon = 1e-4);
        assert_abs_diff_eq!(second, 2.0, epsilon = 1e-4);
    }

    #[test]
    fn fewer_dimensions_than_two_leave_zeros() {
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
