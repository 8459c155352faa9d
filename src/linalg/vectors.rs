//! Vectors.

/// Partial sums of a dot product: enough for two vector registers of every processor.
const LANES: usize = 16;

/// The sum of the products of two vectors of one length.
///
/// Product `j` is added to the partial sum `j mod 16`, in order, and halves of the partial sums are added to each
/// other until one is left.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut parts = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            parts[lane] += a[lane] * b[lane];
        }
    }
    let tail = a_tail.iter().zip(b_tail);
    for (part, (a, b)) in parts.iter_mut().zip(tail) {
        *part += a * b;
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            parts[lane] += parts[lane + half];
        }
    }
    parts[0]
}

/// Adds a multiple of a vector.
pub(crate) fn add_scaled(sum: &mut [f64], scale: f64, terms: &[f64]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += scale * term;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_whole_numbers_are_exact() {
        for len in [0, 1, 7, 15, 16, 17, 32, 100] {
            let a: Vec<f64> = (0..len).map(|j| f64::from(j % 13) - 6.0).collect();
            let b: Vec<f64> = (0..len).map(|j| f64::from(j % 7) - 3.0).collect();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &b), expected);
            let mut sum = a.clone();
            add_scaled(&mut sum, -2.0, &b);
            assert!((0..a.len()).all(|j| sum[j] == a[j] - 2.0 * b[j]));
        }
    }
}
