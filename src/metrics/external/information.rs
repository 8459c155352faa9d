//! Scores of the information that one labelling gives about the other.

use std::hash::Hash;

use ndarray::ArrayRef1;

use super::contingency::Contingency;
use crate::error::Result;

/// The mutual information of two labellings, in nats: how much one says about the other.
///
/// ```text
/// sum over classes a and clusters b of  p(a, b) ln(p(a, b) / (p(a) p(b)))
/// ```
///
/// From 0 to the smaller of the entropies. Symmetric in its arguments.
///
/// # Example
/// ```
/// use centroid::metrics::mutual_info_score;
/// use ndarray::array;
///
/// let score = mutual_info_score(&array![0, 0, 1, 1], &array![1, 1, 0, 0])?;
/// assert!((score - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`](super::rand_score).
pub fn mutual_info_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    Ok(Contingency::new(labels_true, labels_pred)?.mutual_info())
}

/// The [`mutual_info_score`] divided by the mean of the entropies of the labellings: from 0 to 1, and 1 for
/// equal partitions. Random labellings score above 0, and higher with more clusters. Symmetric in its
/// arguments, and equal to [`v_measure_score`].
///
/// # Example
/// ```
/// use centroid::metrics::normalized_mutual_info_score;
/// use ndarray::array;
///
/// assert_eq!(normalized_mutual_info_score(&array![0, 0, 1, 1], &array![0, 1, 0, 1])?, 0.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`](super::rand_score).
pub fn normalized_mutual_info_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    if contingency.is_homogeneous() && contingency.is_complete() {
        return Ok(1.0);
    }
    Ok(contingency.mutual_info() / contingency.mean_entropy())
}

/// The [`mutual_info_score`] adjusted for chance: 1 for equal partitions, 0 on average for random ones
/// of the same sizes. Symmetric in its arguments.
///
/// ```text
/// (information - expected) / (mean of the entropies - expected)
/// ```
///
/// # Example
/// ```
/// use centroid::metrics::adjusted_mutual_info_score;
/// use ndarray::array;
///
/// let score = adjusted_mutual_info_score(&array![0, 0, 1, 1], &array![1, 1, 0, 0])?;
/// assert!((score - 1.0).abs() < 1e-12);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// For each pair of different sizes of labels, a few standard deviations of the number of rows they share.
///
/// # Errors
/// As [`rand_score`](super::rand_score).
///
/// # References
/// N. X. Vinh, J. Epps, J. Bailey, *Information theoretic measures for clusterings comparison*, Journal
/// of Machine Learning Research 11, 2010.
pub fn adjusted_mutual_info_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    let (classes, clusters) = (contingency.classes.len(), contingency.clusters.len());
    // Equal partitions, where both differences may be 0.
    if contingency.is_homogeneous() && contingency.is_complete() {
        return Ok(1.0);
    }
    if classes == 1 || clusters == 1 {
        return Ok(0.0);
    }
    let expected = contingency.expected_mutual_info();
    let most = contingency.mean_entropy() - expected;
    // Kept away from 0, because what remains may be rounding alone.
    let most = if most < 0.0 {
        most.min(-f64::EPSILON)
    } else {
        most.max(f64::EPSILON)
    };
    Ok((contingency.mutual_info() - expected) / most)
}

/// How nearly each cluster contains rows of a single class: from 0 to 1.
///
/// It is the mutual information divided by the entropy of the classes. Splitting a cluster never lowers it.
/// Exchanging the arguments gives [`completeness_score`].
///
/// # Example
/// ```
/// use centroid::metrics::homogeneity_score;
/// use ndarray::array;
///
/// assert_eq!(homogeneity_score(&array![0, 0, 1, 1], &array![0, 0, 0, 0])?, 0.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`](super::rand_score).
///
/// # References
/// A. Rosenberg, J. Hirschberg, *V-measure: a conditional entropy-based external cluster evaluation
/// measure*, EMNLP-CoNLL 2007.
pub fn homogeneity_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    Ok(contingency.homogeneity())
}

/// How nearly the rows of each class lie in a single cluster: from 0 to 1.
///
/// It is the mutual information divided by the entropy of the clusters. A single cluster is always
/// complete. Exchanging the arguments gives [`homogeneity_score`].
///
/// # Example
/// ```
/// use centroid::metrics::completeness_score;
/// use ndarray::array;
///
/// assert_eq!(completeness_score(&array![0, 0, 1, 1], &array![0, 0, 0, 0])?, 1.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`](super::rand_score).
///
/// # References
/// A. Rosenberg, J. Hirschberg, *V-measure: a conditional entropy-based external cluster evaluation
/// measure*, EMNLP-CoNLL 2007.
pub fn completeness_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    Ok(contingency.completeness())
}

/// The harmonic mean of [`homogeneity_score`] and [`completeness_score`]: from 0 to 1, symmetric in its
/// arguments, and equal to [`normalized_mutual_info_score`].
///
/// # Example
/// ```
/// use centroid::metrics::v_measure_score;
/// use ndarray::array;
///
/// let score = v_measure_score(&array![0, 0, 1, 1], &array![0, 0, 1, 2])?;
/// assert!((score - 0.8).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`rand_score`](super::rand_score).
///
/// # References
/// A. Rosenberg, J. Hirschberg, *V-measure: a conditional entropy-based external cluster evaluation
/// measure*, EMNLP-CoNLL 2007.
pub fn v_measure_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    let (homogeneity, completeness) = (contingency.homogeneity(), contingency.completeness());
    let sum = homogeneity + completeness;
    Ok(if sum > 0.0 {
        (2.0 * homogeneity * completeness / sum).min(1.0)
    } else {
        0.0
    })
}
