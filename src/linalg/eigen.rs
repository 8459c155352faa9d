//! Eigenvalues and eigenvectors of symmetric matrices.
//!
//! ```text
//! reduce the matrix to a tridiagonal one by Householder reflections
//! until all entries off the diagonal are negligible:
//!     rotate the last block that does not fall apart, by an implicit step of QR with Wilkinson's shift
//! sort by eigenvalue
//! ```
//!
//! G. H. Golub, C. F. Van Loan, *Matrix computations*, fourth edition, Johns Hopkins University Press,
//! 2013, section 8.3.

use super::{add_scaled, dot};
use crate::numeric::{exponent_above, power_of_two};

/// More steps for each row than ever are needed: two or three are usual.
const MAX_STEPS: usize = 60;
/// Off the diagonal of a matrix of norm 1 this counts as 0: of less the square is no number of full precision.
const NEGLIGIBLE: f64 = 1e-150;

/// The eigenvalues of a symmetric matrix, in descending order, and its eigenvectors.
#[derive(Clone, Debug)]
pub(crate) struct SymmetricEigen {
    pub(crate) values: Vec<f64>,
    /// Orthonormal. The entry of largest magnitude of each is positive.
    pub(crate) vectors: Vec<Vec<f64>>,
}

/// The eigenvalues and eigenvectors of a symmetric matrix, with errors of some roundings of its norm.
///
/// IN: `matrix`, of `n x n` finite values.
pub(crate) fn symmetric_eigen(mut matrix: Vec<f64>, n: usize) -> SymmetricEigen {
    assert_eq!(matrix.len(), n * n, "the matrix must be square");
    let largest = matrix.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    // Squares of the entries then stay in range.
    let exponent = exponent_above(largest).min(1022);
    let scale = power_of_two(-exponent);
    matrix.iter_mut().for_each(|x| *x *= scale);
    let mut tridiagonal = Tridiagonal::new(matrix, n);
    tridiagonal.diagonalize();
    let Tridiagonal {
        diagonal, vectors, ..
    } = tridiagonal;
    let mut pairs: Vec<_> = diagonal.into_iter().zip(vectors).collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut values, mut vectors): (Vec<f64>, Vec<Vec<f64>>) = pairs.into_iter().unzip();
    values.iter_mut().for_each(|value| *value /= scale);
    vectors.iter_mut().for_each(|vector| fix_sign(vector));
    SymmetricEigen { values, vectors }
}

/// A vector and its opposite are one direction. This chooses the one whose entry of largest magnitude is positive.
pub(super) fn fix_sign(vector: &mut [f64]) {
    let larger = |a: f64, &b: &f64| if b.abs() > a.abs() { b } else { a };
    if vector.iter().fold(0.0, larger) < 0.0 {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
}

/// `A = Q T Q'`, with a tridiagonal matrix `T` and an orthogonal one `Q`.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The entries next to the diagonal: one fewer.
    off_diagonal: Vec<f64>,
    /// The columns of `Q`.
    vectors: Vec<Vec<f64>>,
}

impl Tridiagonal {
    /// By reflections of the columns, one after another.
    fn new(mut a: Vec<f64>, n: usize) -> Self {
        let mut off_diagonal = Vec::with_capacity(n.saturating_sub(1));
        let mut vectors: Vec<Vec<f64>> = (0..n)
            .map(|i| (0..n).map(|j| f64::from(i == j)).collect())
            .collect();
        for k in 0..n.saturating_sub(1) {
            let column: Vec<f64> = (k + 1..n).map(|i| a[i * n + k]).collect();
            let Some((mirror, reflected)) = reflector(column) else {
                off_diagonal.push(a[(k + 1) * n + k]);
                continue;
            };
            off_diagonal.push(reflected);
            reflect_block(&mut a, n, k + 1, &mirror);
            // The columns of Q times the reflection.
            let mut along = vec![0.0; n];
            for (&m, vector) in mirror.iter().zip(&vectors[k + 1..]) {
                add_scaled(&mut along, m, vector);
            }
            for (&m, vector) in mirror.iter().zip(&mut vectors[k + 1..]) {
                add_scaled(vector, -2.0 * m, &along);
            }
        }
        Self {
            diagonal: (0..n).map(|i| a[i * n + i]).collect(),
            off_diagonal,
            vectors,
        }
    }

    /// Brings the entries next to the diagonal to 0.
    fn diagonalize(&mut self) {
        let n = self.diagonal.len();
        for _ in 0..MAX_STEPS * n {
            for i in 0..self.off_diagonal.len() {
                let next_to_it = self.diagonal[i].abs() + self.diagonal[i + 1].abs();
                if self.off_diagonal[i].abs() <= f64::EPSILON * next_to_it + NEGLIGIBLE {
                    self.off_diagonal[i] = 0.0;
                }
            }
            let Some(last) = self.off_diagonal.iter().rposition(|&x| x != 0.0) else {
                return;
            };
            let before = self.off_diagonal[..last].iter().rposition(|&x| x == 0.0);
            self.step(before.map_or(0, |zero| zero + 1), last + 1);
        }
    }

    /// An implicit QR step on the rows `first..=last`.
    fn step(&mut self, first: usize, last: usize) {
        let mut x = self.diagonal[first] - self.shift(last);
        let mut bulge = self.off_diagonal[first];
        for k in first..last {
            // NOTE: `hypot` is the platform's own.
            let length = (x * x + bulge * bulge).sqrt();
            let (c, s) = if length > 0.0 {
                (x / length, -bulge / length)
            } else {
                (1.0, 0.0)
            };
            if k > first {
                self.off_diagonal[k - 1] = length;
            }
            let (a, b, d) = (self.diagonal[k], self.off_diagonal[k], self.diagonal[k + 1]);
            self.diagonal[k] = c * c * a - 2.0 * c * s * b + s * s * d;
            self.diagonal[k + 1] = s * s * a + 2.0 * c * s * b + c * c * d;
            self.off_diagonal[k] = c * s * (a - d) + (c * c - s * s) * b;
            x = self.off_diagonal[k];
            if k + 1 < last {
                bulge = -s * self.off_diagonal[k + 1];
                self.off_diagonal[k + 1] *= c;
            }
            let (left, right) = self.vectors.split_at_mut(k + 1);
            for (u, v) in left[k].iter_mut().zip(&mut right[0]) {
                (*u, *v) = (c * *u - s * *v, s * *u + c * *v);
            }
        }
    }

    /// The eigenvalue of the last two rows that is nearer to the last diagonal entry.
    fn shift(&self, last: usize) -> f64 {
        let (a, d) = (self.diagonal[last - 1], self.diagonal[last]);
        let b = self.off_diagonal[last - 1];
        let half = (a - d) / 2.0;
        let root = (half * half + b * b).sqrt();
        d - b * b / (half + root.copysign(half))
    }
}

/// The unit normal of the plane that reflects a vector to a multiple of the first axis, and that multiple.
/// `None` where it is one already.
fn reflector(mut vector: Vec<f64>) -> Option<(Vec<f64>, f64)> {
    if vector[1..].iter().all(|&x| x == 0.0) {
        return None;
    }
    let largest = vector.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    // Of a column of tiny entries the squares must not vanish.
    vector.iter_mut().for_each(|x| *x /= largest);
    // Of the two signs the one without cancellation.
    let reflected = -dot(&vector, &vector).sqrt().copysign(vector[0]);
    vector[0] -= reflected;
    let norm = dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    Some((vector, reflected * largest))
}

/// Reflects the rows and columns from `first` on of a symmetric matrix, `H A H`.
fn reflect_block(a: &mut [f64], n: usize, first: usize, mirror: &[f64]) {
    let rows = |i: usize| i * n + first..(i + 1) * n;
    let mut product: Vec<f64> = (first..n).map(|i| dot(&a[rows(i)], mirror)).collect();
    let along = dot(&product, mirror);
    add_scaled(&mut product, -along, mirror);
    for (i, (&m, &p)) in (first..n).zip(mirror.iter().zip(&product)) {
        add_scaled(&mut a[rows(i)], -2.0 * m, &product);
        add_scaled(&mut a[rows(i)], -2.0 * p, mirror);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `A v = value v` and of the products of eigenvectors, in units of the largest entry.
    fn error(matrix: &[f64], n: usize) -> f64 {
        let eigen = symmetric_eigen(matrix.to_vec(), n);
        let norm = matrix.iter().fold(f64::MIN_POSITIVE, |a, b| a.max(b.abs()));
        assert!(eigen.values.is_sorted_by(|a, b| a >= b));
        let mut error: f64 = 0.0;
        for (i, (&value, vector)) in eigen.values.iter().zip(&eigen.vectors).enumerate() {
            for (row, x) in matrix.chunks_exact(n).zip(vector) {
                error = error.max((dot(row, vector) / norm - value / norm * x).abs());
            }
            for (j, other) in eigen.vectors.iter().enumerate() {
                error = error.max((dot(vector, other) - f64::from(i == j)).abs());
            }
        }
        error
    }

    #[test]
    fn a_matrix_of_one_entry_is_its_own_eigenvalue() {
        for value in [3.0, 0.0, -2.0, f64::MAX, f64::from_bits(1)] {
            let eigen = symmetric_eigen(vec![value], 1);
            assert_eq!(
                (eigen.values, eigen.vectors),
                (vec![value], vec![vec![1.0]])
            );
        }
        assert_eq!(symmetric_eigen(Vec::new(), 0).values, []);
    }

    #[test]
    fn known_matrices_have_their_eigenvalues() {
        let eigen = symmetric_eigen(vec![2.0, 1.0, 1.0, 2.0], 2);
        let half = 0.5_f64.sqrt();
        for (value, expected) in eigen.values.iter().zip([3.0, 1.0]) {
            assert!((value - expected).abs() < 1e-15);
        }
        for (x, expected) in eigen.vectors.concat().iter().zip([half, half, half, -half]) {
            assert!(
                (x.abs() - expected.abs()).abs() < 1e-15,
                "{:?}",
                eigen.vectors
            );
        }
        // Second differences: 2 - 2 cos(pi i / (n + 1)).
        let n = 20;
        let entry = |i: usize, j: usize| [2.0, -1.0, 0.0][i.abs_diff(j).min(2)];
        let matrix: Vec<f64> = (0..n * n).map(|ij| entry(ij / n, ij % n)).collect();
        let eigen = symmetric_eigen(matrix.clone(), n);
        for (i, value) in (1..=n).rev().zip(&eigen.values) {
            let angle = std::f64::consts::PI * i as f64 / (n + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-14);
        }
        assert!(error(&matrix, n) < 1e-14);
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_solve_the_equation() {
        let full = |i: usize, j: usize| ((i * j + 7 * (i + j)) % 23) as f64 - 11.0;
        let graded = |i: usize, j: usize| 10.0_f64.powi(-((i + j) as i32));
        // Rank 2, and zeros otherwise.
        let flat = |i: usize, j: usize| (i * j) as f64 + (i % 3 * (j % 3)) as f64;
        // Eigenvalues 5 and -1 repeated.
        let repeated = |i: usize, j: usize| if i == j { 0.0 } else { 1.0 };
        let blocks = |i: usize, j: usize| f64::from(i / 3 == j / 3);
        let zero = |_: usize, _: usize| 0.0;
        let entries: [&dyn Fn(usize, usize) -> f64; 6] =
            [&full, &graded, &flat, &repeated, &blocks, &zero];
        for entry in entries {
            for n in [1, 2, 3, 6, 17, 50] {
                for unit in [1.0, 1e-300, 1e290] {
                    let matrix: Vec<f64> =
                        (0..n * n).map(|ij| entry(ij / n, ij % n) * unit).collect();
                    let error = error(&matrix, n);
                    assert!(error < 1e-13 * n as f64, "{n} {unit}: {error}");
                }
            }
        }
    }

    #[test]
    fn repeated_eigenvalues_are_found_as_often_as_they_occur() {
        let n = 6;
        let matrix: Vec<f64> = (0..n * n).map(|ij| f64::from(ij / n != ij % n)).collect();
        let values = symmetric_eigen(matrix, n).values;
        assert!((values[0] - 5.0).abs() < 1e-14);
        assert!(values[1..].iter().all(|value| (value + 1.0).abs() < 1e-14));
    }
}
