//! The knee of a curve.

/// The index of the knee of a falling curve that flattens: where it turns from steep to flat. `None`
/// if it is nearly straight, or has fewer than three points.
///
/// If the points are evenly spaced, the last but one cannot be the knee: after it the height falls to 0 in
/// a single step, by no more than the mean. Such a curve needs four points.
///
/// IN: `x`, ascending; `y`, one for each.
///
/// After V. Satopaa, J. Albrecht, D. Irwin, B. Raghavan, *Finding a "kneedle" in a haystack*, ICDCS
/// Workshops, 2011, doi:10.1109/ICDCSW.2011.20, without smoothing, and with a sensitivity of 1: in the
/// unit square a local maximum of the height above the diagonal is a knee if the height falls by more
/// than the mean step in x before it rises to the next one. Of several knees it is the highest.
pub(super) fn knee(x: &[f64], y: &[f64]) -> Option<usize> {
    let n = x.len();
    let (lowest, highest) = y
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| {
            (low.min(y), high.max(y))
        });
    if n < 3 || lowest >= highest {
        return None;
    }
    let (width, height) = (x[n - 1] - x[0], highest - lowest);
    let above = |(x_i, y_i): (&f64, &f64)| (highest - y_i) / height - (x_i - x[0]) / width;
    let above: Vec<f64> = x.iter().zip(y).map(above).collect();
    let mean_step = 1.0 / (n - 1) as f64;
    let is_knee = |&i: &usize| {
        let is_peak = above[i] > above[i - 1] && above[i] >= above[i + 1];
        let threshold = above[i] - mean_step - ROUNDING;
        let falling = above[i..].windows(2).take_while(|pair| pair[1] <= pair[0]);
        is_peak && falling.into_iter().any(|pair| pair[1] < threshold)
    };
    let knees = (1..n - 1).filter(is_knee);
    knees.reduce(|best, i| if above[i] > above[best] { i } else { best })
}

/// The most that rounding does to heights: a fall by exactly the mean step is no knee.
const ROUNDING: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::knee;

    fn of(y: &[f64]) -> Option<usize> {
        let x: Vec<f64> = (0..y.len()).map(|x| x as f64).collect();
        knee(&x, y)
    }

    #[test]
    fn the_example_of_the_paper() {
        // y = -1 / x + 5 at ten points has its knee at the third; here it falls instead of rising.
        let x: Vec<f64> = (0..10).map(|i| f64::from(i) / 9.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 1.0 / (x + 0.1) - 5.0).collect();
        assert_eq!(knee(&x, &y), Some(2));
    }

    #[test]
    fn a_sharp_bend_is_found_where_it_is() {
        assert_eq!(of(&[10.0, 5.0, 0.2, 0.1, 0.0]), Some(2));
        assert_eq!(of(&[9.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0]), Some(1));
        // The place depends on x, not on the number of the point.
        assert_eq!(
            knee(&[2.0, 4.0, 8.0, 16.0, 32.0], &[9.0, 8.0, 1.0, 0.5, 0.0]),
            Some(2)
        );
    }

    #[test]
    fn two_points_are_needed_after_a_knee() {
        assert_eq!(of(&[9.0, 0.0, 0.0]), None);
        assert_eq!(of(&[9.0, 0.0, 0.0, 0.0]), Some(1));
        assert_eq!(of(&[9.0, 8.0, 0.0, 0.0]), None);
        assert_eq!(of(&[9.0, 8.0, 0.0, 0.0, 0.0]), Some(2));
        // A wide gap after it is as good as several points.
        assert_eq!(knee(&[1.0, 2.0, 10.0], &[9.0, 0.0, 0.0]), Some(1));
    }

    #[test]
    fn curves_without_a_knee_have_none() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1.0]), None);
        assert_eq!(of(&[2.0, 1.0]), None);
        assert_eq!(of(&[1.0, 1.0, 1.0, 1.0]), None);
        let straight: Vec<f64> = (0..20).map(|i| 7.0 - 0.3 * f64::from(i)).collect();
        assert_eq!(of(&straight), None);
        let bent_upwards: Vec<f64> = (0..20).map(|i| 400.0 - f64::from(i * i)).collect();
        assert_eq!(of(&bent_upwards), None);
        assert_eq!(of(&[0.0, 1.0, 2.0, 3.0]), None);
    }
}
