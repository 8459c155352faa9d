//! The directions in which rows vary most.

use super::eigen::fix_sign;
use super::{add_scaled, dot, orthonormalize, symmetric_eigen};

/// Most iterations, and the change of a direction (1 minus its cosine) that ends them.
const MAX_ITERATIONS: usize = 60;
const SETTLED: f64 = 1e-12;

/// The sums of squares of rows along some directions.
#[derive(Clone, Debug)]
pub(crate) struct PrincipalDirections {
    /// Orthonormal, the direction of the largest sum first: as many as asked for, or as there are features. The
    /// entry of largest magnitude of each is positive.
    pub(crate) directions: Vec<Vec<f64>>,
    /// The sum of the squares of the rows along each.
    pub(crate) sums_of_squares: Vec<f64>,
}

/// The leading eigenvectors of the covariance of centred rows, which is never formed: by subspace iteration
/// on twice as many vectors, rotated to the eigenvectors of the covariance within their span in each round
/// (H. Rutishauser, *Simultaneous iteration method for symmetric matrices*, Numerische Mathematik 16,
/// 1970, doi:10.1007/BF02219773).
///
/// IN: `rows`, a whole number of rows of `n_features` values whose squares are in range, centred.
pub(crate) fn principal_directions(
    rows: &[f64],
    n_features: usize,
    count: usize,
) -> PrincipalDirections {
    let width = n_features.min(2 * count);
    let count = n_features.min(count);
    let mut basis = start(width, n_features);
    let mut found = PrincipalDirections {
        directions: Vec::new(),
        sums_of_squares: Vec::new(),
    };
    for _ in 0..MAX_ITERATIONS {
        let products = covariance_times(rows, &basis);
        let within: Vec<f64> = basis
            .iter()
            .flat_map(|a| products.iter().map(|b| dot(a, b)))
            .collect();
        let eigen = symmetric_eigen(within, width);
        let rotated = |vectors: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let turn = eigen.vectors.iter();
            turn.map(|turn| combined(vectors, turn)).collect()
        };
        let before = std::mem::take(&mut found.directions);
        found.directions = rotated(&basis);
        found.directions.truncate(count);
        found.sums_of_squares = eigen.values[..count].to_vec();
        let unchanged = |(a, b): (&Vec<f64>, &Vec<f64>)| 1.0 - dot(a, b).abs() < SETTLED;
        let settled = !before.is_empty() && before.iter().zip(&found.directions).all(unchanged);
        // With as many vectors as features the span is all there is.
        if settled || width == n_features {
            break;
        }
        basis = rotated(&products);
        if orthonormalize(&mut basis) == 0 {
            break;
        }
    }
    found.directions.iter_mut().for_each(|v| fix_sign(v));
    found
}

/// Orthonormal vectors that are orthogonal to no direction that data is likely to have; the axes where
/// there are no others.
fn start(width: usize, n_features: usize) -> Vec<Vec<f64>> {
    // Multiples of the golden ratio fill the interval evenly.
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let value = |i: usize, j: usize| match width == n_features {
        true => f64::from(i == j),
        false => ((i * n_features + j + 1) as f64 * GOLDEN).fract() - 0.5,
    };
    let vector = |i| (0..n_features).map(|j| value(i, j)).collect();
    let mut vectors: Vec<Vec<f64>> = (0..width).map(vector).collect();
    orthonormalize(&mut vectors);
    vectors
}

/// The sum over rows of each row times its products with the vectors.
fn covariance_times(rows: &[f64], vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n_features = vectors.first().map_or(1, Vec::len);
    let mut products = vec![vec![0.0; n_features]; vectors.len()];
    for row in rows.chunks_exact(n_features) {
        for (product, vector) in products.iter_mut().zip(vectors) {
            add_scaled(product, dot(row, vector), row);
        }
    }
    products
}

/// The sum of some vectors, each times its share.
fn combined(vectors: &[Vec<f64>], shares: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors[0].len()];
    for (vector, &share) in vectors.iter().zip(shares) {
        add_scaled(&mut sum, share, vector);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_of_known_rows_are_found() {
        // Along (0, 3, 4) with length 2, along the first axis with length 1, and nothing else.
        let rows = [
            [0.0, 1.2, 1.6],
            [0.0, -1.2, -1.6],
            [1.0, 0.0, 0.0],
            [-1.0, 0.0, 0.0],
        ];
        for count in 1..4 {
            let found = principal_directions(&rows.concat(), 3, count);
            assert_eq!(found.directions.len(), count);
            let expected = [[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]];
            for (direction, expected) in found.directions.iter().zip(expected) {
                let pairs = direction.iter().zip(expected);
                assert!(
                    pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9),
                    "{found:?}"
                );
            }
            for (sum, expected) in found.sums_of_squares.iter().zip([8.0, 2.0, 0.0]) {
                assert!((sum - expected).abs() < 1e-12, "{found:?}");
            }
        }
    }

    #[test]
    fn many_features_have_the_directions_of_their_covariance() {
        let (n, d) = (60, 30);
        let value = |i: usize, j: usize| ((i * i + 5 * i * j) % 31) as f64 / (1.0 + j as f64);
        let mut rows: Vec<f64> = (0..n * d).map(|ij| value(ij / d, ij % d)).collect();
        for j in 0..d {
            let mean = (0..n).map(|i| rows[i * d + j]).sum::<f64>() / n as f64;
            (0..n).for_each(|i| rows[i * d + j] -= mean);
        }
        let of_pair =
            |j: usize, l: usize| -> f64 { rows.chunks_exact(d).map(|row| row[j] * row[l]).sum() };
        let covariance = (0..d * d).map(|jl| of_pair(jl / d, jl % d)).collect();
        let eigen = symmetric_eigen(covariance, d);
        let found = principal_directions(&rows, d, 3);
        for i in 0..3 {
            let (sum, value) = (found.sums_of_squares[i], eigen.values[i]);
            assert!(
                (sum - value).abs() < 1e-9 * eigen.values[0],
                "{sum} {value}"
            );
            let cosine = dot(&found.directions[i], &eigen.vectors[i]);
            assert!((cosine - 1.0).abs() < 1e-9, "{cosine}");
        }
    }

    #[test]
    fn rows_that_do_not_vary_have_no_sums_of_squares() {
        for (d, count) in [(1, 2), (2, 2), (9, 2), (3, 0)] {
            let found = principal_directions(&vec![0.0; 4 * d], d, count);
            assert_eq!(found.sums_of_squares, vec![0.0; count.min(d)]);
            assert!(found.directions.concat().iter().all(|x| x.is_finite()));
            let none = principal_directions(&[], d, count);
            assert_eq!(none.sums_of_squares, vec![0.0; count.min(d)]);
        }
    }
}
