//! Powers of two from the exponent bits of an f64: exact, and the same on every platform.

/// The exponent of the smallest power of two above a positive number. 0 and subnormal numbers count as the
/// smallest normal one.
pub(crate) fn exponent_above(value: f64) -> i32 {
    ((value.to_bits() >> 52) as i32 & 0x7ff) - 1022
}

/// `2^exponent`, for an exponent in -1022 to 1023. 0 for an exponent of -1023.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The largest power of two that is not above a positive number of full precision.
pub(crate) fn power_of_two_below(value: f64) -> f64 {
    power_of_two(exponent_above(value) - 1)
}

/// The number which, added and subtracted again, rounds to a multiple of `2^unit` what is at most
/// `2^(unit + 51)` in magnitude.
pub(crate) fn splitter(unit: i32) -> f64 {
    // Below the smallest subnormal number, of exponent -1074, there is no unit.
    1.5 * power_of_two((unit + 52).max(-1022))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_the_next_power_of_two() {
        for (value, exponent) in [
            (1.0, 1),
            (1.5, 1),
            (2.0, 2),
            (0.3, -1),
            (f64::MAX, 1024),
            (f64::MIN_POSITIVE, -1021),
            (f64::MIN_POSITIVE / 2.0, -1022),
            (0.0, -1022),
        ] {
            assert_eq!(exponent_above(value), exponent, "{value}");
        }
        for exponent in -1022..=1023 {
            assert_eq!(power_of_two(exponent), 2.0_f64.powi(exponent));
        }
        for (value, power) in [
            (1.0, 1.0),
            (1.9, 1.0),
            (0.3, 0.25),
            (1e300, 2.0_f64.powi(996)),
        ] {
            assert_eq!(power_of_two_below(value), power);
        }
    }

    #[test]
    fn splitters_round_to_their_unit() {
        for unit in [-1000, -3, 0, 7, 900] {
            let (splitter, one) = (splitter(unit), power_of_two(unit));
            for (value, rounded) in [(0.4, 0.0), (0.5, 0.0), (0.6, 1.0), (1.5, 2.0), (-7.7, -8.0)] {
                assert_eq!((value * one + splitter) - splitter, rounded * one);
            }
            let largest = power_of_two(unit + 51);
            assert_eq!((largest + splitter) - splitter, largest);
            assert_eq!((-largest + splitter) - splitter, -largest);
        }
        let smallest = f64::from_bits(1);
        assert_eq!((smallest + splitter(-5000)) - splitter(-5000), smallest);
    }
}
