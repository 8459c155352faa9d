//! Sums of many numbers without loss.

/// A number as the sum of two, the second below the digits of the first.
///
/// D. E. Knuth, *The art of computer programming*, volume 2, section 4.2.2, theorem B.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct DoubleDouble(pub(crate) f64, pub(crate) f64);

impl DoubleDouble {
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.0 + value;
        let of_value = sum - self.0;
        let left = (self.0 - (sum - of_value)) + (value - of_value);
        let low = self.1 + left;
        self.0 = sum + low;
        self.1 = low - (self.0 - sum);
    }

    /// Adds a product, whose rounding is added too.
    pub(crate) fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(a.mul_add(b, -product));
        self.add(product);
    }

    pub(crate) fn total(self) -> f64 {
        self.0 + self.1
    }
}

/// The sum of the sums of both halves, and so on down: its error grows with the logarithm of their number.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() <= 8 {
        return values.iter().sum();
    }
    let (left, right) = values.split_at(values.len() / 2);
    pairwise_sum(left) + pairwise_sum(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_what_one_number_loses() {
        let mut pair = DoubleDouble::default();
        for value in [1e20, 1.0, -1e20, 1e-10] {
            pair.add(value);
        }
        assert_eq!(pair.total(), 1.0 + 1e-10);
        let mut pair = DoubleDouble::default();
        let a = 1.0 + f64::EPSILON;
        pair.add_product(a, a);
        pair.add(-(1.0 + 2.0 * f64::EPSILON));
        assert_eq!(pair.total(), f64::EPSILON * f64::EPSILON);
    }

    #[test]
    fn pairwise_sums_are_of_all_values_and_precise() {
        for len in 0..100_u32 {
            let values: Vec<f64> = (0..len).map(f64::from).collect();
            assert_eq!(
                pairwise_sum(&values),
                f64::from(len * len.saturating_sub(1) / 2)
            );
        }
        // One after another they make an error of 1.9e-8.
        let found = pairwise_sum(&[0.1; 100_000]);
        assert!((found - 1e4).abs() <= 4e-12, "{found}");
    }
}
