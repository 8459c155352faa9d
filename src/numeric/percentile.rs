//! Percentiles.

/// The percentile of values in ascending order, interpolated linearly between the two values around its
/// place `percentile (n - 1) / 100`. `None` if there are no values.
///
/// IN: `sorted`, ascending and finite; `percentile`, in 0 to 100.
pub(crate) fn percentile(sorted: &[f64], percentile: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    // NOTE: multiplied before it is divided, so that a place that is a whole number comes out as one:
    // the percentile is then the value itself, and a row that has it is not beyond it by a rounding.
    value_at(sorted, percentile * last as f64 / 100.0)
}

/// The value at a place from 0 to the last one, between two of them interpolated linearly.
pub(crate) fn value_at(sorted: &[f64], place: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let below = (place as usize).min(last);
    let (low, high) = (sorted[below], sorted[last.min(below + 1)]);
    let part = place - below as f64;
    // Not by the difference, which may be larger than all numbers.
    let between = low * (1.0 - part) + high * part;
    Some(between.clamp(low, high))
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn values_between_are_interpolated() {
        let of = |p| percentile(&[1.0, 2.0, 4.0, 8.0, 16.0], p);
        let expected = [
            (0.0, 1.0),
            (25.0, 2.0),
            (37.5, 3.0),
            (60.0, 5.6),
            (100.0, 16.0),
        ];
        for (p, value) in expected {
            assert_eq!(of(p), Some(value), "{p}");
        }
        assert_eq!(percentile(&[3.0], 70.0), Some(3.0));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn a_place_that_is_a_whole_number_gives_the_value_itself() {
        for n in [2, 3, 11, 21, 51, 101] {
            let values: Vec<f64> = (0..n).map(|i| f64::from(i) / 7.0).collect();
            let step = 100 / (n - 1);
            for i in 0..n {
                let exact = f64::from(i * step * (n - 1)) == f64::from(100 * i);
                if exact {
                    let found = percentile(&values, f64::from(i * step));
                    assert_eq!(found, Some(values[i as usize]), "{i} of {n}");
                }
            }
        }
    }
}
