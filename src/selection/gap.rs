//! The gap statistic.

use std::fmt;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayRef2, ArrayView2};

use super::{PASSES, check_numbers};
use crate::KMeans;
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::parallel::{self, Tasks};
use crate::random::Stream;

/// The gap statistic of one number of clusters. See [`gap_statistic`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GapEntry {
    /// The number of clusters.
    pub n_clusters: usize,
    /// The natural logarithm of the inertia.
    pub log_inertia: f64,
    /// The mean logarithm of the inertia of the reference data.
    pub expected_log_inertia: f64,
    /// How far the logarithm of the inertia lies below that of data without clusters.
    pub gap: f64,
    /// The standard error of the gap, `sd sqrt(1 + 1 / n_references)`.
    pub standard_error: f64,
}

/// The gap statistic for several numbers of clusters, in ascending order. It is displayed as a table.
///
/// See [`gap_statistic`].
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct GapStatistic {
    entries: Vec<GapEntry>,
}

/// The least inertia whose logarithm is taken.
const LEAST: f64 = f64::MIN_POSITIVE;

/// Compares, for each number of clusters, the inertia of `x`, `n x d`, with that of `n_references` data
/// sets without clusters. Each has as many rows as `x`, uniform in the bounding box of the data.
///
/// ```text
/// gap(k) = mean over references of ln W*(k) - ln W(k),    W the inertia
/// ```
///
/// Inertias below 2.2e-308, such as that of equal rows, count as that number.
///
/// Unlike the other methods, this one can answer that there is only one cluster: let the numbers begin at
/// 1.
///
/// `n_references` is usually 10 to 100; the standard error falls as it grows. `seed` determines the
/// references, and `kmeans` all fits.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use centroid::datasets::make_blobs;
/// use centroid::selection::gap_statistic;
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let gap = gap_statistic(&KMeans::new(2), &x, 1..=6, 20, 42)?;
/// assert_eq!(gap.best(), Some(3));
/// let entry = &gap.entries()[2];
/// assert_eq!((entry.n_clusters, entry.gap > entry.standard_error), (3, true));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n_references + 1` fits for each number of clusters, side by side if they are small, and a copy of the
/// size of the data for each reference being fitted.
///
/// # Determinism
/// The same values at any number of threads. Logarithms are those of the platform.
///
/// # Errors
/// Those of [`KMeans::fit`] for the largest number of clusters, and
/// - [`Error::InvalidParameter`]: there are no numbers of clusters, one of them is 0, or `n_references` is
///   0 or above a million.
///
/// # References
/// R. Tibshirani, G. Walther, T. Hastie, *Estimating the number of clusters in a data set via the gap
/// statistic*, Journal of the Royal Statistical Society B 63(2), 2001, doi:10.1111/1467-9868.00293.
pub fn gap_statistic<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    n_clusters: impl IntoIterator<Item = usize>,
    n_references: usize,
    seed: u64,
) -> Result<GapStatistic> {
    let numbers = check_numbers(n_clusters, x.nrows());
    compiled!(|kmeans: &KMeans,
               x: &ArrayRef2<F>,
               numbers: Result<Vec<usize>>,
               n_references: usize,
               seed: u64|
     -> Result<GapStatistic> {
        let points = Points::check("x", x)?;
        let numbers = numbers?;
        check_references(n_references)?;
        gaps(kmeans, &points, &numbers, n_references, seed)
    })(kmeans, x, numbers, n_references, seed)
}

/// The statistic of each of these numbers of clusters.
///
/// # Errors
/// Those of the fits.
fn gaps<F: Float>(
    kmeans: &KMeans,
    points: &Points<'_, F>,
    numbers: &[usize],
    n_references: usize,
    seed: u64,
) -> Result<GapStatistic> {
    let (n, d) = (points.len(), points.n_features());
    let rows = points.rows().data();
    let x = ArrayView2::from_shape((n, d), rows).expect("the rows are whole");
    let spans = spans(points);
    // The first is the data, then come the references.
    let logs = |index: usize| match index {
        0 => log_inertias(kmeans, &x, numbers),
        _ => {
            let reference = reference::<F>(n, &spans, &mut Stream::new(seed, index as u64));
            log_inertias(kmeans, &reference, numbers)
        }
    };
    let mut until_error = |logs: &Result<Vec<f64>>| match logs {
        Ok(_) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let work = parallel::work(n, numbers[numbers.len() - 1], d);
    let passes = PASSES.saturating_mul(numbers.len());
    let tasks = Tasks::new(n_references + 1, passes, work);
    let logs = tasks.map(logs, &mut until_error).into_iter();
    let logs = logs.collect::<Result<Vec<_>>>()?;
    let entry = |(place, &n_clusters): (usize, &usize)| {
        let references: Vec<f64> = logs[1..].iter().map(|logs| logs[place]).collect();
        entry(n_clusters, logs[0][place], &references)
    };
    let entries = numbers.iter().enumerate().map(entry).collect();
    Ok(GapStatistic { entries })
}

/// More references than this must be a mistake: the standard error would hardly fall any further.
const MOST_REFERENCES: usize = 1_000_000;

/// # Errors
/// [`Error::InvalidParameter`].
fn check_references(n_references: usize) -> Result<()> {
    checks::at_least_one("n_references", n_references)?;
    let fits = n_references <= MOST_REFERENCES;
    checks::parameter(fits, "n_references", "at most 1,000,000")
}

/// The statistic, given the logarithm of the inertia and those of the references.
fn entry(n_clusters: usize, log_inertia: f64, references: &[f64]) -> GapEntry {
    let count = references.len() as f64;
    let expected = references.iter().sum::<f64>() / count;
    let squares = references.iter().map(|log| (log - expected).powi(2));
    let variance = squares.sum::<f64>() / count;
    GapEntry {
        n_clusters,
        log_inertia,
        expected_log_inertia: expected,
        gap: expected - log_inertia,
        standard_error: (variance * (1.0 + 1.0 / count)).sqrt(),
    }
}

/// The least and the largest value of each feature.
fn spans<F: Float>(points: &Points<'_, F>) -> Vec<(f64, f64)> {
    let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY); points.n_features()];
    for row in points.rows().iter() {
        for (span, x) in spans.iter_mut().zip(row) {
            *span = (span.0.min(x.to_f64()), span.1.max(x.to_f64()));
        }
    }
    spans
}

/// `n` rows, uniform in the box of these spans.
fn reference<F: Float>(n: usize, spans: &[(f64, f64)], stream: &mut Stream) -> Array2<F> {
    Array2::from_shape_fn((n, spans.len()), |(_, j)| {
        let (low, high) = spans[j];
        F::from_f64(low + stream.uniform() * (high - low))
    })
}

fn log_inertias<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    numbers: &[usize],
) -> Result<Vec<f64>> {
    let log = |&number: &usize| {
        let model = kmeans.clone().n_clusters(number).fit(x)?;
        Ok(model.inertia().max(LEAST).ln())
    };
    numbers.iter().map(log).collect()
}

impl GapStatistic {
    /// The statistic of each number of clusters. See [`gap_statistic`] for an example.
    pub fn entries(&self) -> &[GapEntry] {
        &self.entries
    }

    /// The statistic of each number of clusters, without a copy.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeans;
    /// use centroid::selection::gap_statistic;
    /// use ndarray::array;
    ///
    /// let x = array![[0.0], [1.0], [8.0], [9.0]];
    /// let entries = gap_statistic(&KMeans::new(1), &x, 1..=2, 10, 42)?.into_entries();
    /// assert_eq!(entries[1].n_clusters, 2);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn into_entries(self) -> Vec<GapEntry> {
        self.entries
    }

    /// The smallest number of clusters whose gap is at least that of the next number minus the standard
    /// error of the latter. `None` if the gap grows to the end. See [`gap_statistic`] for an example.
    pub fn best(&self) -> Option<usize> {
        let holds = |pair: &&[GapEntry]| pair[0].gap >= pair[1].gap - pair[1].standard_error;
        self.entries
            .windows(2)
            .find(holds)
            .map(|pair| pair[0].n_clusters)
    }
}

impl fmt::Display for GapStatistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>5} {:>12} {:>12} {:>9} {:>9}",
            "k", "ln inertia", "expected", "gap", "error"
        )?;
        for entry in &self.entries {
            writeln!(
                f,
                "{:>5} {:>12.4} {:>12.4} {:>9.4} {:>9.4}",
                entry.n_clusters,
                entry.log_inertia,
                entry.expected_log_inertia,
                entry.gap,
                entry.standard_error
            )?;
        }
        match self.best() {
            Some(best) => write!(f, "gap statistic: {best}"),
            None => write!(f, "gap statistic: none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_their_errors_are_those_of_the_definition() {
        let of_three = entry(3, 1.0, &[2.0, 3.0, 4.0, 7.0]);
        let standard_error = (3.5_f64 * 1.25).sqrt();
        let expected = GapEntry {
            n_clusters: 3,
            log_inertia: 1.0,
            expected_log_inertia: 4.0,
            gap: 3.0,
            standard_error,
        };
        assert_eq!(of_three, expected);
        assert_eq!(entry(1, 5.0, &[4.0]).standard_error, 0.0);
    }

    #[test]
    fn the_first_gap_within_one_standard_error_of_the_next_is_the_best() {
        let best = |gaps: &[(f64, f64)]| {
            let entry = |(place, &(gap, standard_error)): (usize, &(f64, f64))| GapEntry {
                n_clusters: 2 * place + 1,
                log_inertia: 0.0,
                expected_log_inertia: gap,
                gap,
                standard_error,
            };
            let entries = gaps.iter().enumerate().map(entry).collect();
            GapStatistic { entries }.best()
        };
        // The error is that of the next number, and reaches down to an equal gap.
        assert_eq!(best(&[(1.0, 9.0), (2.0, 0.5), (2.25, 0.25)]), Some(3));
        assert_eq!(best(&[(1.0, 9.0), (2.0, 0.5), (2.25, 0.125)]), None);
        assert_eq!(best(&[(1.0, 0.0), (0.5, 0.0), (3.0, 0.0)]), Some(1));
        assert_eq!(best(&[(1.0, 1.0)]), None);
    }
}
