//! Silhouettes.

use ndarray::{Array1, ArrayRef1, ArrayRef2};

use super::clusters::Clusters;
use super::means::Means;
use super::pairs::Pairs;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::points::Points;
use crate::random::Stream;

/// The silhouette of each row: how much nearer it is to its own cluster than to the next one.
///
/// ```text
/// s = (b - a) / max(a, b)
/// a: mean Euclidean distance of the row to the others of its cluster
/// b: the least, over the other clusters, of the mean distance to their rows
/// ```
///
/// It lies in -1 to 1: near 1 well inside its cluster, 0 on a border, below 0 nearer to another. A row
/// that is a cluster of its own has silhouette 0.
///
/// `x` is `n x d` in any memory order, `labels` one for each row: any numbers, with or without gaps.
///
/// # Example
/// ```
/// use centroid::metrics::silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// assert_eq!(silhouette_samples(&x, &array![7, 7, 9])?, array![0.75, 2.0 / 3.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n^2 d / 2` multiply-adds and `n^2 / 2` square roots on all threads, each distance being computed
/// once, from differences. `n k` sums of f64 are held; above half a gigabyte of them the rows are taken
/// in parts, each distance twice. There is never a matrix of distances.
///
/// # Errors
/// - [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`]: `x` cannot be computed with.
/// - [`Error::LengthMismatch`]: the labels are not one for each row.
/// - [`Error::InvalidClusterCount`]: they name fewer than 2 or more than `n - 1` clusters.
/// - [`Error::ResultTooLarge`]: there is no memory for the sums.
///
/// # References
/// P. J. Rousseeuw, *Silhouettes: a graphical aid to the interpretation and validation of cluster
/// analysis*, Journal of Computational and Applied Mathematics 20, 1987,
/// doi:10.1016/0377-0427(87)90125-7.
pub fn silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    Ok(rounded(exact(x, labels)?))
}

/// The mean of all [`silhouette_samples`]: 1 is best, about 0 means overlapping clusters.
///
/// # Example
/// ```
/// use centroid::metrics::silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]];
/// assert!(silhouette_score(&x, &array![0, 0, 1, 1])? > 0.88);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// As [`silhouette_samples`].
pub fn silhouette_score<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<f64> {
    Ok(mean(&exact(x, labels)?))
}

fn exact<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check(x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    Pairs::new(&points, &clusters).map(|row, sums| of_sums(&clusters, row, sums))
}

/// The silhouette of a row with these sums of distances to the clusters.
fn of_sums(clusters: &Clusters, row: usize, sums: &[f64]) -> f64 {
    let own = clusters.of_row[row];
    let within = sums[own] / (clusters.size(own) - 1).max(1) as f64;
    let to_cluster = |cluster: usize| sums[cluster] / clusters.size(cluster) as f64;
    let others = (0..clusters.len()).filter(|&cluster| cluster != own);
    let between = others.fold(f64::INFINITY, |least, other| least.min(to_cluster(other)));
    of_distances(clusters.size(own), within, between)
}

/// The silhouette of a row by its distances to its own cluster, of so many rows, and to the next one.
fn of_distances(size: usize, within: f64, between: f64) -> f64 {
    let larger = within.max(between);
    if size > 1 && larger > 0.0 {
        (between - within) / larger
    } else {
        0.0
    }
}

fn rounded<F: Float>(samples: Vec<f64>) -> Array1<F> {
    samples.into_iter().map(F::from_f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A score of a sample. See [`silhouette_score_sampled`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SampledScore {
    /// The estimate of the score of all rows.
    pub score: f64,
    /// Its standard error: the score of all rows lies within twice that in about 95 of 100 samples.
    /// 0 if all rows were taken.
    pub standard_error: f64,
    /// The rows of the sample, not of the data: as many as were asked for, or all where there are fewer.
    pub n_samples: usize,
}

/// An estimate of [`silhouette_score`] from some of the rows, each measured against all of the data.
///
/// The sample is stratified: each cluster gives rows in proportion to its size, but at least 2 (the one
/// that it has), so that small clusters are not missed, and counts by its size. A sample size of `n`
/// or more gives the score itself.
///
/// The rows depend on `seed`, the labels and `sample_size` alone.
///
/// # Example
/// ```
/// use centroid::datasets::make_blobs;
/// use centroid::metrics::{silhouette_score, silhouette_score_sampled};
/// use ndarray::array;
///
/// let (x, labels) = make_blobs(1000, &array![[0.0, 0.0], [5.0, 0.0]], &[1.0], 7)?;
/// let sampled = silhouette_score_sampled(&x, &labels, 200, 42)?;
/// let error = (sampled.score - silhouette_score(&x, &labels)?).abs();
/// assert!(error < 4.0 * sampled.standard_error);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `m n d` multiply-adds and `m n` square roots for a sample of `m` rows, and `m k` sums.
///
/// # Errors
/// Those of [`silhouette_samples`], and
/// - [`Error::SampleTooSmall`]: `sample_size` is not enough for 2 rows of each cluster.
///
/// # References
/// W. G. Cochran, *Sampling techniques*, third edition, Wiley, 1977, chapter 5.
pub fn silhouette_score_sampled<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
    sample_size: usize,
    seed: u64,
) -> Result<SampledScore> {
    let points = Points::check(x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    let n = points.len();
    let counts = shares(&clusters, sample_size.min(n))?;
    let pairs = Pairs::new(&points, &clusters);
    if sample_size >= n {
        return Ok(SampledScore {
            score: mean(&pairs.map(|row, sums| of_sums(&clusters, row, sums))?),
            standard_error: 0.0,
            n_samples: n,
        });
    }
    let rows = draw(&clusters, &counts, &mut Stream::new(seed, 0));
    let samples = pairs.map_some(&rows, |row, sums| of_sums(&clusters, row, sums))?;
    let (score, variance) = estimate(&clusters, &counts, &samples);
    Ok(SampledScore {
        score,
        standard_error: variance.sqrt(),
        n_samples: sample_size,
    })
}

/// The mean over all rows and the variance of that, from so many samples of each cluster, at least 2 or
/// all.
fn estimate(clusters: &Clusters, counts: &[usize], samples: &[f64]) -> (f64, f64) {
    let (mut score, mut variance, mut rest) = (0.0, 0.0, samples);
    for (cluster, &count) in counts.iter().enumerate() {
        let (own, others) = rest.split_at(count);
        rest = others;
        let size = clusters.size(cluster) as f64;
        let share = size / clusters.of_row.len() as f64;
        let (mean, count) = (mean(own), count as f64);
        score += share * mean;
        // What is left to chance where not all rows were taken.
        let left = 1.0 - count / size;
        if left > 0.0 {
            let squares: f64 = own.iter().map(|s| (s - mean).powi(2)).sum();
            variance += share * share * left * squares / (count - 1.0) / count;
        }
    }
    (score, variance)
}

/// How many rows of each cluster belong in a sample.
///
/// # Errors
/// [`Error::SampleTooSmall`].
fn shares(clusters: &Clusters, sample_size: usize) -> Result<Vec<usize>> {
    let fewest = |cluster| clusters.size(cluster).min(2);
    let needed: usize = (0..clusters.len()).map(fewest).sum();
    if sample_size < needed {
        return Err(Error::SampleTooSmall {
            rows: sample_size,
            needed,
        });
    }
    // The rest is given in proportion to the rest, by rounding its running total.
    let (free, rest) = (
        (sample_size - needed) as u128,
        (clusters.of_row.len() - needed) as u128,
    );
    let (mut total, mut given) = (0, 0);
    let share = |cluster| {
        total += (clusters.size(cluster) - fewest(cluster)) as u128;
        let by_now = (free * total / rest.max(1)) as usize;
        let more = by_now - given;
        given = by_now;
        fewest(cluster) + more
    };
    Ok((0..clusters.len()).map(share).collect())
}

/// So many rows of each cluster, each set of them equally likely.
fn draw(clusters: &Clusters, counts: &[usize], stream: &mut Stream) -> Vec<usize> {
    let mut order = clusters.order.clone();
    let mut rows = Vec::with_capacity(counts.iter().sum());
    for (cluster, &count) in counts.iter().enumerate() {
        let own = &mut order[clusters.range(cluster)];
        for i in 0..count {
            own.swap(i, i + stream.below(own.len() - i));
        }
        rows.extend_from_slice(&own[..count]);
    }
    rows
}

/// The silhouette of each row by its distances to the means of the clusters, in place of the mean
/// distances to their rows: fast, and close to [`silhouette_samples`] for round clusters.
///
/// ```text
/// s = (b - a) / max(a, b),   a = |x - m(own)|,   b = min over others c of |x - m_c|
/// ```
///
/// A row that is a cluster of its own has silhouette 0.
///
/// # Example
/// ```
/// use centroid::metrics::simplified_silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [9.0]];
/// let samples = simplified_silhouette_samples(&x, &array![0, 0, 1])?;
/// assert_eq!(samples, array![8.0 / 9.0, 6.0 / 7.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`].
///
/// # References
/// L. Vendramin, R. J. G. B. Campello, E. R. Hruschka, *Relative clustering validity criteria: a
/// comparative overview*, Statistical Analysis and Data Mining 3(4), 2010, doi:10.1002/sam.10080.
pub fn simplified_silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    Ok(rounded(simplified(x, labels)?))
}

/// The mean of all [`simplified_silhouette_samples`].
///
/// # Example
/// ```
/// use centroid::metrics::simplified_silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [9.0], [11.0]];
/// let score = simplified_silhouette_score(&x, &array![0, 0, 1, 1])?;
/// assert!((score - (9.0 / 10.0 + 7.0 / 8.0) / 2.0).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`].
pub fn simplified_silhouette_score<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<f64> {
    Ok(mean(&simplified(x, labels)?))
}

fn simplified<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check(x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    let means = Means::new(&points, &clusters);
    let own_and_least = means.own_and_least(&vec![0.0; clusters.len()]);
    let of_row = |(&own, (within, between)): (&usize, (f64, f64))| {
        of_distances(clusters.size(own), within.sqrt(), between.sqrt())
    };
    Ok(clusters
        .of_row
        .iter()
        .zip(own_and_least)
        .map(of_row)
        .collect())
}

/// The silhouette of each row by *squared* Euclidean distances, in place of Euclidean ones.
///
/// The mean squared distance of a row to those of a cluster is its squared distance to their mean,
/// plus their mean squared distance to it, so that no pairs of rows are needed: the exact values of
/// this distance in `n k d` operations. Squares give far rows more weight: the values are larger than
/// those of [`silhouette_samples`] where clusters are separate.
///
/// # Example
/// ```
/// use centroid::metrics::sq_euclidean_silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// let samples = sq_euclidean_silhouette_samples(&x, &array![0, 0, 1])?;
/// assert_eq!(samples, array![15.0 / 16.0, 8.0 / 9.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`].
pub fn sq_euclidean_silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    Ok(rounded(sq_euclidean(x, labels)?))
}

/// The mean of all [`sq_euclidean_silhouette_samples`].
///
/// # Example
/// ```
/// use centroid::metrics::sq_euclidean_silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// let score = sq_euclidean_silhouette_score(&x, &array![0, 0, 1])?;
/// assert!((score - (15.0 / 16.0 + 8.0 / 9.0) / 3.0).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`].
pub fn sq_euclidean_silhouette_score<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<f64> {
    Ok(mean(&sq_euclidean(x, labels)?))
}

fn sq_euclidean<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check(x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    let means = Means::new(&points, &clusters);
    let spreads = means.spreads().into_iter().enumerate();
    let offsets: Vec<f64> = spreads
        .map(|(cluster, spread)| spread.0 / clusters.size(cluster) as f64)
        .collect();
    let own_and_least = means.own_and_least(&offsets);
    let of_row = |(&own, (within, between)): (&usize, (f64, f64))| {
        let size = clusters.size(own);
        // The row itself, at distance 0, is not among the others.
        let others = size as f64 / (size - 1).max(1) as f64;
        of_distances(size, within * others, between)
    };
    Ok(clusters
        .of_row
        .iter()
        .zip(own_and_least)
        .map(of_row)
        .collect())
}

/// The silhouettes of one cluster. See [`silhouette_by_cluster`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusterSilhouette {
    /// The label of the cluster.
    pub label: usize,
    /// Its rows.
    pub size: usize,
    /// The mean of their silhouettes.
    pub mean: f64,
    /// The share of its rows, 0 to 1, whose silhouette is below the mean of all rows.
    pub below_mean: f64,
}

/// What each cluster has of the silhouettes of all rows, in ascending order of the labels: a low mean,
/// or a large share below the mean of all, shows which cluster is bad.
///
/// `samples` are those of [`silhouette_samples`] or its other forms, `labels` those that they were
/// computed from.
///
/// # Example
/// ```
/// use centroid::metrics::{silhouette_by_cluster, silhouette_samples};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [20.0], [30.0]];
/// let labels = array![0, 0, 1, 1];
/// let clusters = silhouette_by_cluster(&silhouette_samples(&x, &labels)?, &labels)?;
/// assert!(clusters[0].mean > clusters[1].mean);
/// assert_eq!((clusters[1].size, clusters[1].below_mean), (2, 1.0));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::LengthMismatch`]: the samples are not as many as the labels.
/// - [`Error::NotFinite`]: a sample is NaN or infinite; its index is the row.
pub fn silhouette_by_cluster<F: Float>(
    samples: &ArrayRef1<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Vec<ClusterSilhouette>> {
    let (expected, found) = (labels.len(), samples.len());
    if expected != found {
        return Err(Error::LengthMismatch { expected, found });
    }
    if let Some(row) = samples.iter().position(|s| !s.is_finite()) {
        return Err(Error::NotFinite { row, column: 0 });
    }
    let clusters = Clusters::new(labels);
    let samples: Vec<f64> = samples.iter().map(|s| s.to_f64()).collect();
    let of_all = mean(&samples);
    let of_cluster = |(cluster, &label): (usize, &usize)| {
        let rows = &clusters.order[clusters.range(cluster)];
        let own: Vec<f64> = rows.iter().map(|&row| samples[row]).collect();
        let below = own.iter().filter(|&&s| s < of_all).count();
        ClusterSilhouette {
            label,
            size: own.len(),
            mean: mean(&own),
            below_mean: below as f64 / own.len() as f64,
        }
    };
    Ok(clusters.labels.iter().enumerate().map(of_cluster).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_those_of_a_stratified_sample() {
        // Clusters of 4, 6 and 2 rows, of which 2, 3 and 2 were taken.
        let labels: Array1<usize> = (0..12).map(|i| [0, 1, 1, 0, 1, 2][i % 6]).collect();
        let clusters = Clusters::new(&labels);
        let samples = [0.1, 0.3, 0.2, 0.5, 0.8, -1.0, 1.0];
        let (score, variance) = estimate(&clusters, &[2, 3, 2], &samples);
        let expected = (4.0 * 0.2 + 6.0 * 0.5) / 12.0;
        assert!((score - expected).abs() < 1e-15, "{score}");
        // Each: its share squared, the half that is left, the variance of the rows, over their number.
        let expected = 0.5 * (0.02 / 2.0) / 9.0 + 0.5 * (0.09 / 3.0) / 4.0;
        assert!((variance - expected).abs() < 1e-15, "{variance}");
    }
}
