//! Scores that count the pairs of rows that are together or apart.

use std::hash::Hash;

use ndarray::ArrayRef1;

use super::contingency::Contingency;
use crate::error::Result;

/// Numbers of pairs of rows, by whether they are together in both labellings, in one of them, or in
/// neither.
struct PairCounts {
    both: f64,
    only_true: f64,
    only_pred: f64,
    neither: f64,
}

impl PairCounts {
    fn of(contingency: &Contingency) -> Self {
        let pairs = |count: u64| u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
        let both: u128 = contingency.pairs.iter().map(|pair| pairs(pair.2)).sum();
        let of_classes: u128 = contingency.classes.iter().copied().map(pairs).sum();
        let of_clusters: u128 = contingency.clusters.iter().copied().map(pairs).sum();
        Self {
            both: both as f64,
            only_true: (of_classes - both) as f64,
            only_pred: (of_clusters - both) as f64,
            neither: (pairs(contingency.n) + both - of_classes - of_clusters) as f64,
        }
    }
}

/// The share of pairs of rows on which two labellings agree: together in both, or apart in both.
///
/// From 0 to 1, and 1 for equal partitions. Random labellings score well above 0, see
/// [`adjusted_rand_score`]. Symmetric in its arguments.
///
/// # Example
/// ```
/// use centroid::metrics::rand_score;
/// use ndarray::array;
///
/// assert_eq!(rand_score(&array!["a", "a", "b"], &array![1, 1, 0])?, 1.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::LengthMismatch`](crate::Error::LengthMismatch): the labellings have different lengths.
/// - [`Error::EmptyData`](crate::Error::EmptyData): they are empty.
///
/// # References
/// W. M. Rand, *Objective criteria for the evaluation of clustering methods*, Journal of the American
/// Statistical Association 66, 1971, doi:10.1080/01621459.1971.10482356.
pub fn rand_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let pairs = PairCounts::of(&Contingency::new(labels_true, labels_pred)?);
    let agreed = pairs.both + pairs.neither;
    let all = agreed + pairs.only_true + pairs.only_pred;
    Ok(if all > 0.0 { agreed / all } else { 1.0 })
}

/// The [`rand_score`] adjusted for chance: 1 for equal partitions, 0 on average for random ones of the same
/// sizes, and never below -0.5. Symmetric in its arguments.
///
/// # Example
/// ```
/// use centroid::metrics::adjusted_rand_score;
/// use ndarray::array;
///
/// assert_eq!(adjusted_rand_score(&array![0, 0, 1, 1], &array![5, 5, 3, 3])?, 1.0);
/// assert_eq!(adjusted_rand_score(&array![0, 0, 1, 1], &array![0, 1, 0, 1])?, -0.5);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`].
///
/// # References
/// L. Hubert, P. Arabie, *Comparing partitions*, Journal of Classification 2, 1985,
/// doi:10.1007/BF01908075.
pub fn adjusted_rand_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let pairs = PairCounts::of(&Contingency::new(labels_true, labels_pred)?);
    let PairCounts {
        both,
        only_true,
        only_pred,
        neither,
    } = pairs;
    if only_true == 0.0 && only_pred == 0.0 {
        return Ok(1.0);
    }
    let differing =
        (both + only_true) * (only_true + neither) + (both + only_pred) * (only_pred + neither);
    Ok(2.0 * (both * neither - only_true * only_pred) / differing)
}

/// The geometric mean of the precision and the recall of pairs: the shares of the pairs that are together
/// in one labelling and are also together in the other. From 0 to 1, symmetric in its arguments.
///
/// It is 1 for equal partitions, and 0 if no pair is together in both: even for equal partitions into
/// single rows, as in scikit-learn.
///
/// # Example
/// ```
/// use centroid::metrics::fowlkes_mallows_score;
/// use ndarray::array;
///
/// assert_eq!(fowlkes_mallows_score(&array![0, 0, 1, 1], &array![1, 1, 0, 0])?, 1.0);
/// assert_eq!(fowlkes_mallows_score(&array![0, 1, 2, 3], &array![0, 1, 2, 3])?, 0.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`].
///
/// # References
/// E. B. Fowlkes, C. L. Mallows, *A method for comparing two hierarchical clusterings*, Journal of the
/// American Statistical Association 78, 1983, doi:10.1080/01621459.1983.10478008.
pub fn fowlkes_mallows_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let pairs = PairCounts::of(&Contingency::new(labels_true, labels_pred)?);
    if pairs.both == 0.0 {
        return Ok(0.0);
    }
    let share = |others: f64| pairs.both / (pairs.both + others);
    Ok(share(pairs.only_true).sqrt() * share(pairs.only_pred).sqrt())
}
