//! Scores of labels beside labels that are known.

use std::collections::BTreeMap;
use std::hash::Hash;

use ndarray::ArrayRef1;

use super::contingency::Contingency;
use crate::error::Result;

/// Pairs of rows, by whether they are together in both labellings, in one of them, or in none.
struct Pairs {
    both: f64,
    only_true: f64,
    only_pred: f64,
    neither: f64,
}

impl Pairs {
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
/// From 0 to 1, 1 for equal partitions; by chance it lies well above 0, see [`adjusted_rand_score`].
/// Symmetric in its arguments.
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
/// - [`Error::LengthMismatch`](crate::Error::LengthMismatch): the labellings are not equally long.
/// - [`Error::EmptyData`](crate::Error::EmptyData): they are empty.
///
/// # References
/// W. M. Rand, *Objective criteria for the evaluation of clustering methods*, Journal of the American
/// Statistical Association 66, 1971, doi:10.1080/01621459.1971.10482356.
pub fn rand_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    let pairs = Pairs::of(&Contingency::new(labels_true, labels_pred)?);
    let agreed = pairs.both + pairs.neither;
    let all = agreed + pairs.only_true + pairs.only_pred;
    Ok(if all > 0.0 { agreed / all } else { 1.0 })
}

/// The [`rand_score`] adjusted for chance: 1 for equal partitions, 0 on average for random ones of the
/// same sizes, and -0.5 at least. Symmetric in its arguments.
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
    let pairs = Pairs::of(&Contingency::new(labels_true, labels_pred)?);
    let Pairs {
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

/// The geometric mean of the shares of pairs that are together in one labelling and also are in the
/// other: precision and recall of pairs. From 0 to 1, symmetric in its arguments.
///
/// It is 1 for equal partitions, and 0 where no pair is together in both: even for equal ones of single
/// rows, as in scikit-learn.
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
    let pairs = Pairs::of(&Contingency::new(labels_true, labels_pred)?);
    if pairs.both == 0.0 {
        return Ok(0.0);
    }
    let share = |others: f64| pairs.both / (pairs.both + others);
    Ok(share(pairs.only_true).sqrt() * share(pairs.only_pred).sqrt())
}

impl Contingency {
    /// The mutual information, in nats: no more than either entropy, whatever is rounded.
    fn mutual_info(&self) -> f64 {
        let n = self.n as f64;
        let term = |&(class, cluster, count): &(usize, usize, u64)| {
            let (a, b) = (self.classes[class] as f64, self.clusters[cluster] as f64);
            let count = count as f64;
            count / n * (count / a * (n / b)).ln()
        };
        let sum: f64 = self.pairs.iter().map(term).sum();
        let (of_classes, of_clusters) = self.entropies();
        sum.min(of_classes).min(of_clusters).max(0.0)
    }

    /// The entropies of the classes and of the clusters, in nats.
    fn entropies(&self) -> (f64, f64) {
        (
            entropy(&self.classes, self.n),
            entropy(&self.clusters, self.n),
        )
    }

    fn mean_entropy(&self) -> f64 {
        let (of_classes, of_clusters) = self.entropies();
        (of_classes + of_clusters) / 2.0
    }

    /// Each cluster holds rows of one class.
    fn is_homogeneous(&self) -> bool {
        self.pairs.len() == self.clusters.len()
    }

    /// Each class has rows in one cluster.
    fn is_complete(&self) -> bool {
        self.pairs.len() == self.classes.len()
    }

    /// The share of the entropy of the classes that the clusters tell.
    fn homogeneity(&self) -> f64 {
        if self.is_homogeneous() {
            return 1.0;
        }
        self.mutual_info() / entropy(&self.classes, self.n)
    }

    /// The share of the entropy of the clusters that the classes tell.
    fn completeness(&self) -> f64 {
        if self.is_complete() {
            return 1.0;
        }
        self.mutual_info() / entropy(&self.clusters, self.n)
    }

    /// The mutual information of random labellings of the same sizes, on average.
    ///
    /// The rows that a class of `a` and a cluster of `b` rows share are hypergeometric. Their
    /// probabilities are reached from the most likely number by ratios of neighbours, and divided by
    /// their sum: no factorials are needed, so that nothing cancels however large `n` is.
    fn expected_mutual_info(&self) -> f64 {
        let n = self.n as f64;
        let mut expected = 0.0;
        for (&a, &classes) in &by_size(&self.classes) {
            for (&b, &clusters) in &by_size(&self.clusters) {
                let (a, b) = (a as f64, b as f64);
                let term = |count: f64| count / n * (count / a * (n / b)).ln();
                let times = classes as f64 * clusters as f64;
                expected += times * hypergeometric_mean(n, a, b, term);
            }
        }
        expected
    }
}

/// How many labels there are of each size.
fn by_size(sizes: &[u64]) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for &size in sizes {
        *counts.entry(size).or_insert(0) += 1;
    }
    counts
}

/// The mean of `f`, 0 at 0, of the number of rows shared by random sets of `a` and `b` rows of `n`.
fn hypergeometric_mean(n: f64, a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    /// Beside the most likely number these add nothing.
    const NEGLIGIBLE: f64 = 1e-20;
    let (least, most) = ((a + b - n).max(0.0), a.min(b));
    let likely = ((a + 1.0) * (b + 1.0) / (n + 2.0))
        .floor()
        .clamp(least, most);
    let value = |count: f64| if count > 0.0 { f(count) } else { 0.0 };
    let (mut total, mut sum) = (1.0, value(likely));
    let (mut weight, mut count) = (1.0, likely);
    while count < most && weight > NEGLIGIBLE {
        weight *= (a - count) * (b - count) / ((count + 1.0) * (n - a - b + count + 1.0));
        count += 1.0;
        total += weight;
        sum += weight * value(count);
    }
    (weight, count) = (1.0, likely);
    while count > least && weight > NEGLIGIBLE {
        weight *= count * (n - a - b + count) / ((a - count + 1.0) * (b - count + 1.0));
        count -= 1.0;
        total += weight;
        sum += weight * value(count);
    }
    sum / total
}

/// The entropy of labels of these sizes, in nats.
fn entropy(sizes: &[u64], n: u64) -> f64 {
    let term = |&size: &u64| {
        let share = size as f64 / n as f64;
        -share * share.ln()
    };
    sizes.iter().map(term).sum::<f64>().max(0.0)
}

/// The mutual information of two labellings, in nats: what one tells about the other.
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
/// As [`rand_score`].
pub fn mutual_info_score<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<f64> {
    Ok(Contingency::new(labels_true, labels_pred)?.mutual_info())
}

/// The [`mutual_info_score`] divided by the mean of the entropies of the labellings: from 0 to 1, and 1
/// for equal partitions. By chance it lies above 0, the more so the more clusters there are. Symmetric
/// in its arguments, and equal to [`v_measure_score`].
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
/// As [`rand_score`].
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
/// For each two different sizes of labels, some standard deviations of the rows that they share.
///
/// # Errors
/// As [`rand_score`].
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
    // Kept from 0, as all that remains may be rounding.
    let most = if most < 0.0 {
        most.min(-f64::EPSILON)
    } else {
        most.max(f64::EPSILON)
    };
    Ok((contingency.mutual_info() - expected) / most)
}

/// Whether each cluster holds rows of one class only: from 0 to 1.
///
/// It is the mutual information, divided by the entropy of the classes. More clusters are never less
/// homogeneous. Exchanging the arguments gives [`completeness_score`].
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
/// As [`rand_score`].
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

/// Whether the rows of each class lie in one cluster only: from 0 to 1.
///
/// It is the mutual information, divided by the entropy of the clusters. Fewer clusters are never less
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
/// As [`rand_score`].
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
/// As [`rand_score`].
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
