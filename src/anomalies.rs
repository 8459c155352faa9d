//! Selects unusual rows by their scores.
//!
//! [`KMeansModel::outlier_scores`](crate::KMeansModel::outlier_scores) computes scores; the functions here
//! select a share of the rows. Any other scores work too, if greater means more unusual.

use ndarray::ArrayRef1;

use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::numeric::value_at;

/// The rows with the highest scores, in descending order of the scores; equal scores in ascending order of
/// the rows. Their number is the `share` of all `n` rows, rounded to a whole number: `share n + 1/2`
/// rounded down.
///
/// A `share` of 0.01 to 0.05 is usual if it is not known how many rows are unusual.
///
/// Cost: a sort of the scores.
///
/// # Example
/// ```
/// use centroid::anomalies::outliers;
/// use ndarray::array;
///
/// assert_eq!(outliers(&array![0.9, 4.0, 0.7, 1.1, 2.5], 0.4)?, [1, 4]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::InvalidParameter`]: `share` is not between 0 and 1.
/// - [`Error::NotFinite`]: a score is NaN or infinite; its index is the row.
pub fn outliers<F: Float>(scores: &ArrayRef1<F>, share: f64) -> Result<Vec<usize>> {
    compiled!(|scores: &ArrayRef1<F>, share: f64| -> Result<Vec<usize>> {
        let scores = check(scores, share)?;
        let mut rows: Vec<usize> = (0..scores.len()).collect();
        rows.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        rows.truncate((share * scores.len() as f64 + 0.5) as usize);
        Ok(rows)
    })(scores, share)
}

/// The score that about a `share` of all rows exceed, for comparison with new rows: the percentile
/// `100 (1 - share)` of the scores, interpolated linearly.
///
/// Cost: a sort of the scores.
///
/// # Example
/// ```
/// use centroid::anomalies::outlier_threshold;
/// use ndarray::array;
///
/// let scores = array![1.0, 2.0, 3.0, 4.0, 5.0];
/// assert_eq!(outlier_threshold(&scores, 0.25)?, 4.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::EmptyData`]: there are no scores.
/// - [`Error::InvalidParameter`]: `share` is not between 0 and 1.
/// - [`Error::NotFinite`]: a score is NaN or infinite; its index is the row.
pub fn outlier_threshold<F: Float>(scores: &ArrayRef1<F>, share: f64) -> Result<F> {
    compiled!(|scores: &ArrayRef1<F>, share: f64| -> Result<F> {
        let mut scores = check(scores, share)?;
        scores.sort_by(f64::total_cmp);
        let last = scores.len().saturating_sub(1) as f64;
        let place = last - share * last;
        // Most shares, such as 0.55, are not exact in binary. A position that should be whole is made
        // whole, so that no row with exactly that score exceeds it by a rounding error.
        let whole = place.round();
        let is_whole = (place - whole).abs() <= 4.0 * f64::EPSILON * last;
        let threshold = value_at(&scores, if is_whole { whole } else { place });
        checks::not_empty("scores", scores.len())?;
        Ok(threshold.map_or(F::ZERO, F::from_f64))
    })(scores, share)
}

/// # Errors
/// [`Error::InvalidParameter`], [`Error::NotFinite`].
fn check<F: Float>(scores: &ArrayRef1<F>, share: f64) -> Result<Vec<f64>> {
    let is_share = (0.0..=1.0).contains(&share);
    checks::parameter(is_share, "share", "between 0 and 1")?;
    checks::finite("scores", scores)?;
    // NOTE: adding 0 turns -0 into 0. A total order would distinguish the two.
    Ok(scores.iter().map(|score| score.to_f64() + 0.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn the_share_of_highest_scores_is_taken_in_order() {
        let scores = array![1.0_f32, 3.0, -0.0, 3.0, 0.0, 2.0];
        let expected = [1, 3, 5, 0, 2, 4];
        let shares = [
            (0.0, 0),
            (0.08, 0),
            (0.09, 1),
            (0.25, 2),
            (0.5, 3),
            (1.0, 6),
        ];
        for (share, count) in shares {
            assert_eq!(
                outliers(&scores, share).unwrap(),
                expected[..count],
                "{share}"
            );
        }
        assert!(outliers(&Array1::<f64>::zeros(0), 0.5).unwrap().is_empty());
    }

    #[test]
    fn the_threshold_is_exceeded_by_the_share() {
        let scores: Array1<f64> = (0..101).map(|i| f64::from(i * 37 % 101)).collect();
        for (share, expected) in [(0.0, 100.0), (0.01, 99.0), (0.25, 75.0), (1.0, 0.0)] {
            assert_eq!(outlier_threshold(&scores, share).unwrap(), expected);
        }
        for percent in 0..=100 {
            let share = f64::from(percent) / 100.0;
            let threshold = outlier_threshold(&scores, share).unwrap();
            assert_eq!(
                scores.iter().filter(|&&score| score > threshold).count(),
                percent as usize
            );
        }
        let widest = array![-f64::MAX, f64::MAX];
        for (share, expected) in [(0.0, f64::MAX), (0.5, 0.0), (1.0, -f64::MAX)] {
            assert_eq!(outlier_threshold(&widest, share).unwrap(), expected);
        }
        let empty = Array1::<f32>::zeros(0);
        let error = outlier_threshold(&empty, 0.5).unwrap_err();
        assert_eq!(error.to_string(), "scores: there are no values");
    }

    #[test]
    fn shares_and_scores_that_are_none_are_refused() {
        for share in [-0.1, 1.1, f64::NAN] {
            let error = outliers(&array![1.0], share).unwrap_err();
            assert_eq!(error.to_string(), "share must be between 0 and 1");
            assert_eq!(outlier_threshold(&array![1.0], share), Err(error));
        }
        for bad in [f64::NAN, f64::INFINITY] {
            let error = outliers(&array![1.0, bad], 0.5).unwrap_err();
            assert_eq!(
                error.to_string(),
                "scores: row 1, column 0 is NaN or infinite"
            );
        }
    }
}
