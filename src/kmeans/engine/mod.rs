//! Lloyd's iterations, whatever finds the nearest centroids.
//!
//! S. P. Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory
//! 28(2), 1982, doi:10.1109/TIT.1982.1056489.

mod filtering;
mod in_memory;
mod lloyd;
mod prepared_fit;
mod restarts;
mod yinyang;

use super::iteration::Iteration;
use super::sums::Sums;
use super::update::{self, UpdateStats};
use crate::float::Float;
use crate::kernels::{Packed, Rows, Work};
use crate::progress::Stop;

pub(crate) use in_memory::InMemory;
pub(crate) use lloyd::label;
pub(crate) use prepared_fit::PreparedFit;
pub(crate) use restarts::{Best, Restart, best_of, better, restarts};

/// What an engine does: find the nearest centroids.
trait Assign<F: Float> {
    /// Labels all points with their nearest centroids, the lowest index among equals.
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Work;
    /// Whether that takes all distances.
    fn is_plain(&self) -> bool {
        false
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Limits {
    pub(crate) max_iter: usize,
    /// The sum of squared shifts of the centroids that counts as standing still.
    pub(crate) sq_shift: f64,
}

/// The sum of squared shifts of the centroids that counts as standing still.
///
/// IN: `mean_variance` of the features.
pub(crate) fn sq_shift(tol: f64, mean_variance: impl FnOnce() -> f64) -> f64 {
    match tol {
        0.0 => 0.0,
        _ => tol * mean_variance(),
    }
}

/// The end of one run: all of it belongs together.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Run<F: Float> {
    pub(crate) centroids: Packed<F>,
    /// The labels of all rows, or none.
    pub(crate) labels: Vec<u32>,
    /// For each cluster the number of its rows, where there are no labels.
    pub(crate) sizes: Vec<u64>,
    pub(crate) inertia: f64,
    pub(crate) n_iter: usize,
    pub(crate) stop: Stop,
}

/// One run between its passes over the data: what each pass found moves the centroids, until nothing changes or
/// a limit is reached. No other type decides when iterations over whole passes end; for those over batches of
/// rows, `minibatch::batches` does.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Iterations<F: Float> {
    pub(crate) limits: Limits,
    pub(crate) centroids: Packed<F>,
    pub(crate) n_iter: usize,
    /// [`Stop::MaxIterations`] as long as there is no other reason.
    pub(crate) stop: Stop,
    /// Whether the last update moved a centroid, so that labels and inertia are not those of the centroids.
    pub(crate) has_moved: bool,
}

/// What a pass over the data found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The sums of the clusters, after [`update::relocate`] where some were empty.
    pub(crate) sums: Sums,
    /// How many were empty.
    pub(crate) empty_clusters: usize,
    /// Whether all labels are those of the pass before.
    pub(crate) is_as_before: bool,
    /// For each cluster the squared distance that a centroid has to move for the iterations to go on, if
    /// at least half of them have to.
    pub(crate) noise: Option<Vec<f64>>,
}

impl<F: Float> Iterations<F> {
    pub(crate) fn new(start: &Rows<'_, F>, limits: Limits) -> Self {
        Self {
            limits,
            centroids: Packed::new(start),
            n_iter: 0,
            stop: Stop::MaxIterations,
            has_moved: false,
        }
    }

    /// Whether there is to be another iteration.
    pub(crate) fn is_due(&self) -> bool {
        self.n_iter < self.limits.max_iter && self.stop == Stop::MaxIterations
    }

    /// Moves the centroids.
    pub(crate) fn update(&mut self, found: Found) -> UpdateStats {
        self.n_iter = self.n_iter.saturating_add(1);
        let before = found.noise.is_some().then(|| self.centroids.clone());
        // NOTE: the same labels give the same means. They may still be others than the centroids, where an empty
        // cluster took a row, which is measured from the centroids as they are.
        let moved = update::update(&found.sums, found.empty_clusters, &mut self.centroids);
        self.has_moved = moved.any;
        if found.is_as_before || !moved.any {
            self.stop = Stop::Converged;
        } else if moved.sq_shift <= self.limits.sq_shift
            || before.zip(found.noise).is_some_and(|(before, noise)| {
                update::is_below_noise(&before.rows(), &self.centroids.rows(), &noise)
            })
        {
            self.stop = Stop::Tolerance;
        }
        moved
    }

    /// IN: `labels` of all rows as they were given, and the `inertia`, both of the centroids.
    pub(crate) fn into_run(self, labels: Vec<u32>, inertia: f64) -> Run<F> {
        Run {
            centroids: self.centroids,
            labels,
            sizes: Vec::new(),
            inertia,
            n_iter: self.n_iter,
            stop: self.stop,
        }
    }
}

/// Iterates from `start` over data in memory, until it is time to stop or the observer says so.
pub(crate) fn run<F: Float>(
    data: &mut InMemory<'_, F>,
    start: &Rows<'_, F>,
    limits: Limits,
    mut restart: Restart<'_>,
) -> Run<F> {
    let limits = Limits {
        max_iter: limits.max_iter.min(restart.last),
        ..limits
    };
    let mut iterations = Iterations::new(start, limits);
    while iterations.is_due() {
        let centroids = &iterations.centroids;
        let assigned = data.assign(centroids);
        let mut sums = data.sums(assigned);
        let seen = (restart.observer.is_some()).then(|| data.reassigned_and_inertia(centroids));
        let empty = update::empty_clusters(&sums);
        if !empty.is_empty() {
            let wanted = update::wanted(empty.len(), centroids.len());
            let mut exact = data.exact_sums();
            let farthest = data.farthest(wanted, centroids);
            update::relocate(farthest, &empty, &mut exact, sums.n_features);
            sums = Sums::of(&exact, sums.n_features);
        }
        let moved = iterations.update(Found {
            sums,
            empty_clusters: empty.len(),
            is_as_before: assigned.reassigned == 0,
            noise: data.noise(centroids),
        });
        if let Some((reassigned, inertia)) = seen {
            let iteration = Iteration {
                restart: restart.index,
                index: iterations.n_iter,
                inertia,
                max_shift: moved.max_shift,
                reassigned,
                empty_clusters: moved.empty_clusters,
                distances: assigned.distances,
            };
            if restart.observer.observe(&iteration).is_break() {
                iterations.stop = Stop::Interrupted;
            }
        }
    }
    if iterations.has_moved {
        data.assign(&iterations.centroids);
    }
    let (labels, inertia) = data.labels_and_inertia(&iterations.centroids);
    iterations.into_run(labels, inertia)
}
