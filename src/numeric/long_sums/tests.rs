//! Long sums against the arithmetic of the processor, in any order.

use super::*;

fn sum(values: &[f64]) -> LongSums {
    let mut sums = LongSums::new(1);
    values.iter().for_each(|&value| sums.add(0, value));
    sums
}

/// Numbers of all magnitudes and both signs.
fn rough(count: u64, exponents: u64) -> Vec<f64> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        state >> 11
    };
    let value = |(mantissa, exponent, sign): (u64, u64, u64)| {
        let exponent = 1023 - exponents / 2 + exponent % exponents;
        f64::from_bits(mantissa >> 1 | exponent << 52 | (sign & 1) << 63)
    };
    (0..count)
        .map(|_| value((next(), next(), next() >> 20)))
        .collect()
}

#[test]
fn one_number_is_its_own_sum() {
    let mut values = rough(1000, 2000);
    values.extend([
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        1e-310,
        f64::MAX,
        -f64::MAX,
    ]);
    for value in values {
        assert_eq!(sum(&[value]).total(0), value, "{value:e}");
    }
}

#[test]
fn two_numbers_are_rounded_as_the_processor_does() {
    for exponents in [4, 40, 120, 2000] {
        let values = rough(4000, exponents);
        for pair in values.chunks_exact(2) {
            assert_eq!(sum(pair).total(0), pair[0] + pair[1], "{pair:?}");
            let mut product = LongSums::new(1);
            product.add_product(0, pair[0], pair[1]);
            assert_eq!(product.total(0), pair[0] * pair[1], "{pair:?}");
        }
    }
}

#[test]
fn ties_go_to_even_and_anything_below_breaks_them() {
    let (one, half) = (1.0, f64::EPSILON / 2.0);
    for (values, expected) in [
        (vec![one, half], one),
        (vec![one, half, 1e-300], one + f64::EPSILON),
        (vec![one, half, -1e-300], one),
        (vec![one + f64::EPSILON, half], one + 2.0 * f64::EPSILON),
        (vec![-one, -half, -5e-324], -one - f64::EPSILON),
        (vec![5e-324, 5e-324], 1e-323),
        (vec![f64::MAX, 1e300, -f64::MAX, -1e300], 0.0),
    ] {
        assert_eq!(sum(&values).total(0), expected, "{values:?}");
    }
    // A tie between two subnormal numbers.
    let mut product = LongSums::new(1);
    product.add_product(0, 3.0 * 2.0_f64.powi(-600), 2.0_f64.powi(-475));
    assert_eq!(product.total(0), 2.0 * 5e-324);
}

#[test]
fn sums_do_not_depend_on_order_or_grouping() {
    let values = rough(3000, 700);
    let whole = sum(&values);
    let mut reversed = values.clone();
    reversed.reverse();
    assert_eq!(sum(&reversed), whole);
    let mut merged = LongSums::new(1);
    for part in values.rchunks(170) {
        merged.merge(&sum(part));
    }
    assert_eq!(merged, whole);
    assert_eq!(merged.total(0), whole.total(0));
    values.iter().for_each(|&value| merged.add(0, -value));
    merged.trim();
    assert_eq!(merged.places.count(), 0);
}

#[test]
fn carries_pass_through_all_digits() {
    let mut sums = LongSums::new(2);
    for index in [0, 1] {
        sums.add(index, 1.0);
        sums.add(index, -(2.0_f64.powi(-200)));
        // Each doubling is an addition to itself; in the end the sum is 2^300 times as large.
        for _ in 0..300 {
            let copy = sums.clone();
            sums.merge(&copy);
            sums.settle();
        }
        assert_eq!(sums.total(index), 2.0_f64.powi(300));
        sums = LongSums::new(2);
    }
    sums.add(0, 3.0);
    assert_eq!((sums.exponent(0), sums.total_times(0, -1200)), (2, 0.0));
    assert_eq!(sums.total_times(0, -4), 0.1875);
}

#[test]
fn carries_are_handed_on_in_time() {
    // As many additions as there may be, and digits without room above them.
    let mut sums = LongSums::new(2);
    let large = 2.0_f64.powi(62);
    [large, -large]
        .into_iter()
        .enumerate()
        .for_each(|(i, x)| sums.add(i, x));
    sums.trim();
    let mut other = sums.clone();
    for times in 2..70 {
        other.additions = MOST_ADDITIONS;
        sums.merge(&other);
        let expected = f64::from(times) * large;
        assert_eq!((sums.total(0), sums.total(1)), (expected, -expected));
        sums.trim();
    }
}

#[test]
fn products_of_sums_are_exact() {
    let (a, b) = (sum(&[1e100, 1.0, -1e-100]), sum(&[-1e50, 3.0]));
    let mut product = LongSums::new(1);
    product.add_product_of_sums(0, 1, (&a, 0), (&b, 0));
    for x in [1e100, 1.0, -1e-100] {
        for y in [-1e50, 3.0] {
            product.add_product(0, -x, y);
        }
    }
    assert_eq!(product, LongSums::new(1));
}
