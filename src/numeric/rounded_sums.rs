//! Sums of f64 that are rounded: little, or once.

/// The sum of the sums of both halves, and so on down: its error grows with the logarithm of their number.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() <= 8 {
        return values.iter().sum();
    }
    let (left, right) = values.split_at(values.len() / 2);
    pairwise_sum(left) + pairwise_sum(right)
}

/// The sum of three numbers, rounded once: to the nearest f64, to even in a tie.
///
/// S. Boldo, G. Melquiond, *Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to
/// odd*, IEEE Transactions on Computers 57(4), 2008, doi:10.1109/TC.2007.70819.
pub(crate) fn sum_of_three(a: f64, b: f64, c: f64) -> f64 {
    let (high, low) = two_sum(b, c);
    let (high, middle) = two_sum(a, high);
    high + sum_rounded_to_odd(middle, low)
}

/// A sum, and what its rounding lost. D. E. Knuth, *The art of computer programming*, volume 2, section 4.2.2,
/// theorem B.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The sum of two numbers: if it is no f64, the neighbour of odd mantissa.
fn sum_rounded_to_odd(a: f64, b: f64) -> f64 {
    let (sum, lost) = two_sum(a, b);
    if lost == 0.0 || sum.to_bits() % 2 == 1 {
        return sum;
    }
    let is_farther = (lost > 0.0) == (sum > 0.0);
    f64::from_bits(if is_farther {
        sum.to_bits() + 1
    } else {
        sum.to_bits() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::super::LongSums;
    use super::*;

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

    #[test]
    fn three_numbers_are_rounded_once() {
        // Numbers of few different bits, about 53 places apart, meet in ties.
        let values = |unit: i32| {
            let unit = 2.0_f64.powi(unit);
            (-9..=9).map(move |i| f64::from(i) * unit)
        };
        for (middle, last) in [(-52, -104), (-53, -105), (-52, -54), (-54, -60), (-1, -53)] {
            for a in values(0) {
                for b in values(middle) {
                    for c in values(last) {
                        let mut sum = LongSums::new(1);
                        [a, b, c].into_iter().for_each(|x| sum.add(0, x));
                        assert_eq!(sum_of_three(a, b, c), sum.total(0), "{a} {b:e} {c:e}");
                    }
                }
            }
        }
    }
}
