//! The fits of a sweep.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ndarray::{ArrayRef2, ArrayView2};

use super::{Silhouettes, Sweep, SweepEntry, SweepOptions};
use crate::data::Points;
use crate::error::{Error, Result};
use crate::float::{Float, compiled};
use crate::parallel::{self, Tasks};
use crate::selection::{PASSES, check_numbers};
use crate::{KMeans, metrics};

/// `Instant::now` panics where there is no clock.
const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Fits the rows of `x`, `n x d`, for several numbers of clusters, with all other parameters as in
/// `kmeans`, and scores each fit.
///
/// Small data is fitted for several numbers side by side, one thread each. A fit that fills all threads
/// runs alone.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use centroid::datasets::make_blobs;
/// use centroid::selection::{SweepOptions, sweep};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let sweep = sweep(&KMeans::new(2), &x, 2..=8, SweepOptions::new())?;
/// assert_eq!(sweep.elbow(), Some(3));
/// assert_eq!(sweep.best_silhouette(), Some(3));
/// println!("{sweep}");
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// The fits, and for each the scores: see [`metrics`]. All models are kept, each with `n` labels.
///
/// # Determinism
/// The same models and scores at any number of threads. Times vary.
///
/// # Errors
/// Those of [`KMeans::fit`] for the largest number of clusters, and
/// - [`Error::InvalidParameter`]: there are no numbers of clusters, or one of them is 0.
/// - [`Error::SampleTooSmall`]: the sample for silhouettes does not have 2 rows for each cluster.
/// - [`Error::ResultTooLarge`]: there is not enough memory for the silhouettes.
pub fn sweep<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    n_clusters: impl IntoIterator<Item = usize>,
    options: SweepOptions<'_, F>,
) -> Result<Sweep<F>> {
    let numbers = check_numbers(n_clusters, x.nrows());
    compiled!(|kmeans: &KMeans,
               x: &ArrayRef2<F>,
               numbers: Result<Vec<usize>>,
               options: SweepOptions<'_, F>|
     -> Result<Sweep<F>> {
        let points = Points::check("x", x)?;
        sweep_numbers(kmeans, &points, &numbers?, options)
    })(kmeans, x, numbers, options)
}

/// The sweep over these numbers of clusters.
///
/// # Errors
/// [`Error::SampleTooSmall`], and those of fits and scores.
fn sweep_numbers<F: Float>(
    kmeans: &KMeans,
    points: &Points<'_, F>,
    numbers: &[usize],
    options: SweepOptions<'_, F>,
) -> Result<Sweep<F>> {
    let (first, most) = (numbers[0], numbers[numbers.len() - 1]);
    if let Silhouettes::Sampled { sample_size, .. } = options.silhouettes {
        let needed = (2 * most).min(points.len());
        if sample_size < needed {
            return Err(Error::SampleTooSmall {
                sample_size,
                needed,
            });
        }
    }
    // If the data is copied into row-major order, that is done once and not for each fit.
    let (n, d) = (points.len(), points.n_features());
    let rows = points.rows().data();
    let x = ArrayView2::from_shape((n, d), rows).expect("the rows are whole");
    let silhouettes = options.silhouettes;
    let mut observer = options.observer;
    let mut observe = |entry: &Result<SweepEntry<F>>| match entry {
        Ok(entry) => observer.observe(entry),
        Err(_) => ControlFlow::Break(()),
    };
    let work = parallel::work(n, first.midpoint(most), d);
    let entry = |index: usize| entry(kmeans, &x, numbers[index], silhouettes);
    let tasks = Tasks::new(numbers.len(), PASSES, work);
    let entries = tasks.map(entry, &mut observe).into_iter();
    let entries = entries.collect::<Result<Vec<_>>>()?;
    Ok(Sweep {
        interrupted: entries.len() < numbers.len(),
        entries,
    })
}

fn entry<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    n_clusters: usize,
    silhouettes: Silhouettes,
) -> Result<SweepEntry<F>> {
    let begin = HAS_CLOCK.then(Instant::now);
    let model = kmeans.clone().n_clusters(n_clusters).fit(x)?;
    let fit_time = begin.map_or(Duration::ZERO, |begin| begin.elapsed());
    let labels = &model.labels();
    let sampled =
        match silhouettes {
            Silhouettes::Sampled { sample_size, seed } => defined(
                metrics::silhouette_score_sampled(x, labels, sample_size, seed),
            )?,
            _ => None,
        };
    let silhouette = match silhouettes {
        Silhouettes::Exact => defined(metrics::silhouette_score(x, labels))?,
        _ => sampled.map(|sampled| sampled.score),
    };
    Ok(SweepEntry {
        n_clusters,
        inertia: model.inertia(),
        silhouette,
        silhouette_error: sampled.map(|sampled| sampled.standard_error),
        calinski_harabasz: defined(metrics::calinski_harabasz_score(x, labels))?,
        davies_bouldin: defined(metrics::davies_bouldin_score(x, labels))?,
        fit_time,
        model,
    })
}

/// A score, or `None` where there are too few or too many clusters for it.
fn defined<T>(score: Result<T>) -> Result<Option<T>> {
    match score {
        Err(Error::InvalidClusterCount { .. }) => Ok(None),
        other => other.map(Some),
    }
}
