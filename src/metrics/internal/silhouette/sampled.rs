//! The silhouette score of a sample of rows.

use ndarray::{ArrayRef1, ArrayRef2};

use super::super::clusters::Clusters;
use super::super::distance_sums::DistanceSums;
use super::{mean, of_sums};
use crate::data::Points;
use crate::error::{Error, Result};
use crate::float::{Float, compiled};
use crate::random::{Stream, partial_shuffle};

/// A score of a sample. See [`silhouette_score_sampled`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SampledScore {
    /// The estimate of the score of all rows.
    pub score: f64,
    /// The standard error of the estimate: for about 95 of 100 samples, the score of all rows differs from
    /// the estimate by at most two standard errors. 0 if all rows were taken.
    pub standard_error: f64,
    /// The number of rows in the sample: the `sample_size`, or all rows if there are fewer.
    pub n_samples: usize,
}

/// An estimate of [`silhouette_score`](super::silhouette_score) from some of the rows, each measured
/// against all of the data.
///
/// The sample is stratified, so that small clusters are not missed: each cluster contributes rows in
/// proportion to its size, but at least 2 (or its only one), and is weighted by its size. A sample size of
/// `n` or more gives the score itself.
///
/// The choice of rows depends only on `seed`, the labels and `sample_size`.
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
/// Those of [`silhouette_samples`](super::silhouette_samples), and
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
    compiled!(|x: &ArrayRef2<F>,
               labels: &ArrayRef1<usize>,
               sample_size: usize,
               seed: u64|
     -> Result<SampledScore> {
        let points = Points::check("x", x)?;
        let clusters = Clusters::to_score(&points, labels)?;
        let n = points.len();
        let counts = shares(&clusters, sample_size.min(n))?;
        let distance_sums = DistanceSums::new(&points, &clusters);
        if sample_size >= n {
            return Ok(SampledScore {
                score: mean(&distance_sums.map(|row, sums| of_sums(&clusters, row, sums))?),
                standard_error: 0.0,
                n_samples: n,
            });
        }
        let rows = draw_rows(&clusters, &counts, &mut Stream::new(seed, 0));
        let samples = distance_sums.map_some(&rows, |row, sums| of_sums(&clusters, row, sums))?;
        let (score, variance) = estimate(&clusters, &counts, &samples);
        Ok(SampledScore {
            score,
            standard_error: variance.sqrt(),
            n_samples: sample_size,
        })
    })(x, labels, sample_size, seed)
}

/// The estimated mean over all rows and its variance, from `counts` samples of each cluster: at least 2, or
/// all.
fn estimate(clusters: &Clusters, counts: &[usize], samples: &[f64]) -> (f64, f64) {
    let (mut score, mut variance, mut rest) = (0.0, 0.0, samples);
    for (cluster, &count) in counts.iter().enumerate() {
        let (own, others) = rest.split_at(count);
        rest = others;
        let size = clusters.size(cluster) as f64;
        let share = size / clusters.n_rows() as f64;
        let (mean, count) = (mean(own), count as f64);
        score += share * mean;
        // The share that is left to chance if not all rows were taken.
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
            sample_size,
            needed,
        });
    }
    // The rest is given in proportion to the rest, by rounding its running total.
    let (free, rest) = (
        (sample_size - needed) as u128,
        (clusters.n_rows() - needed) as u128,
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

/// `counts` rows of each cluster, each set of them equally likely.
fn draw_rows(clusters: &Clusters, counts: &[usize], stream: &mut Stream) -> Vec<usize> {
    let mut order = clusters.order().to_vec();
    let mut rows = Vec::with_capacity(counts.iter().sum());
    for (cluster, &count) in counts.iter().enumerate() {
        let own = &mut order[clusters.places(cluster)];
        partial_shuffle(own, 0..count, stream);
        rows.extend_from_slice(&own[..count]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

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
