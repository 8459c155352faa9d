//! Orthonormal vectors.

use super::{add_scaled, dot};

/// A vector counts as dependent on those before it where they leave less of it than this share.
const NEGLIGIBLE: f64 = 1e-12;

/// Makes vectors orthonormal by the Gram-Schmidt process, repeated (L. Giraud et al., *Rounding error
/// analysis of the classical Gram-Schmidt orthogonalization process*, Numerische Mathematik 101, 2005,
/// doi:10.1007/s00211-005-0615-4). Vectors that depend on those before them become 0. Returns the number of the
/// others, the rank.
///
/// IN: vectors whose squared norms are neither too large nor too small for an f64.
pub(crate) fn orthonormalize(vectors: &mut [Vec<f64>]) -> usize {
    let mut rank = 0;
    for i in 0..vectors.len() {
        let (done, rest) = vectors.split_at_mut(i);
        let own = &mut rest[0];
        let norm_before = dot(own, own).sqrt();
        remove_components(own, done);
        let norm = dot(own, own).sqrt();
        if norm > NEGLIGIBLE * norm_before && norm.is_finite() {
            own.iter_mut().for_each(|x| *x /= norm);
            rank += 1;
        } else {
            own.fill(0.0);
        }
    }
    rank
}

/// Gives unit vectors for zeros, orthogonal to all others: what remains of the first axes of which enough
/// remains.
///
/// IN: no more vectors than they have entries, the result of [`orthonormalize`].
pub(crate) fn fill_orthonormal(vectors: &mut [Vec<f64>]) {
    let n = vectors.first().map_or(0, Vec::len);
    // Of `n` axes and `n - 1` vectors, this much remains of the square of one axis or another.
    let enough = 0.5 / n as f64;
    let mut axes = 0..n;
    for i in 0..vectors.len() {
        if vectors[i].iter().any(|&x| x != 0.0) {
            continue;
        }
        let remaining = axes.find_map(|axis| {
            let mut own = vec![0.0; n];
            own[axis] = 1.0;
            remove_components(&mut own, vectors);
            (dot(&own, &own) >= enough).then_some(own)
        });
        let Some(mut own) = remaining else { return };
        let norm = dot(&own, &own).sqrt();
        own.iter_mut().for_each(|x| *x /= norm);
        vectors[i] = own;
    }
}

/// Subtracts from a vector its components along orthonormal ones.
fn remove_components(own: &mut [f64], orthonormal: &[Vec<f64>]) {
    // The second pass removes what rounding left in the first.
    for _ in 0..2 {
        for other in orthonormal {
            let along = dot(own, other);
            add_scaled(own, -along, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference of the products of all pairs from those of orthonormal vectors, or of zeros.
    fn error(vectors: &[Vec<f64>]) -> f64 {
        let mut error: f64 = 0.0;
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate() {
                let is_unit = i == j && a.iter().any(|&x| x != 0.0);
                error = error.max((dot(a, b) - f64::from(is_unit)).abs());
            }
        }
        error
    }

    #[test]
    fn vectors_become_orthonormal() {
        let value = |i: usize, j: usize| ((i * i + 3 * j * (i + 1)) % 17) as f64 - 8.0;
        let mut vectors: Vec<Vec<f64>> = (0..12)
            .map(|i| (0..40).map(|j| value(i, j)).collect())
            .collect();
        assert_eq!(orthonormalize(&mut vectors), 12);
        assert!(error(&vectors) < 1e-14, "{}", error(&vectors));
    }

    #[test]
    fn nearly_parallel_vectors_become_orthonormal() {
        // A Hilbert matrix: the classical process without a second pass fails on it.
        let mut vectors: Vec<Vec<f64>> = (0..8)
            .map(|i| (0..8).map(|j| 1.0 / f64::from(i + j + 1)).collect())
            .collect();
        assert_eq!(orthonormalize(&mut vectors), 8);
        assert!(error(&vectors) < 1e-14, "{}", error(&vectors));
    }

    #[test]
    fn dependent_vectors_become_zero() {
        let mut vectors = vec![
            vec![0.0, 0.0, 0.0],
            vec![1.0, 2.0, 2.0],
            vec![-0.1, -0.2, -0.2],
            vec![0.0, 3.0, -3.0],
            vec![5.0, 1.0, 0.3],
            vec![1.0, 1.0, 1.0],
        ];
        assert_eq!(orthonormalize(&mut vectors), 3);
        for i in [0, 2, 5] {
            assert_eq!(vectors[i], [0.0; 3]);
        }
        assert_eq!(vectors[1], [1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]);
        assert!(error(&vectors) < 1e-15);
        assert_eq!(orthonormalize(&mut []), 0);
        fill_orthonormal(&mut vectors[..3]);
        assert_eq!(vectors[1], [1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]);
        assert!(error(&vectors[..3]) < 1e-15);
        assert!(vectors[..3].iter().flatten().any(|&x| x != 0.0));
        let mut not_finite = [vec![f64::NAN], vec![f64::INFINITY]];
        assert_eq!(orthonormalize(&mut not_finite), 0);
    }
}
