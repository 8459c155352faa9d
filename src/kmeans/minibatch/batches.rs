//! Batches of random rows, as in scikit-learn.

use super::draws::Draws;
use super::step::RunningMeans;
use super::{MiniBatchKMeans, finish};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::Rows;
use crate::kmeans::engine::{self, Run};
use crate::kmeans::iteration::Iteration;
use crate::progress::{Observer, Stop};

pub(super) fn run<F: Float>(
    estimator: &MiniBatchKMeans,
    points: &Points<'_, F>,
    start: &[F],
    mut observer: Observer<'_, Iteration>,
) -> Run<F> {
    let n = points.len();
    let batch_size = estimator.batch_size.min(n);
    let n_batches = estimator.max_iter.saturating_mul(n) / batch_size;
    let tol = estimator.tolerance();
    let sq_shift = (tol > 0.0).then(|| engine::sq_shift(tol, || points.mean_variance()));
    let total_weight: f64 = match points.weights() {
        None => n as f64,
        Some(weights) => weights.iter().map(|w| w.to_f64()).sum(),
    };
    let (draws, unweighted) = (Draws::new(points), points.unweighted());
    let mut means = RunningMeans::new(&Rows::new(start, points.n_features()));
    let mut stream = estimator.stream();
    let mut progress = Progress::new(batch_size, n);
    let mut rows = vec![0; batch_size];
    let mut stop = Stop::MaxIterations;
    let mut index = 0;
    while index < n_batches && stop == Stop::MaxIterations {
        index += 1;
        rows.fill_with(|| draws.draw(&mut stream));
        let batch = unweighted.gather(&rows);
        let step = means.step(&batch, estimator.reassignment_ratio, &mut stream);
        let stale = progress.add(step.inertia / batch_size as f64);
        if index > 1 {
            if sq_shift.is_some_and(|least| step.sq_shift <= least) {
                stop = Stop::Tolerance;
            } else if estimator
                .max_no_improvement
                .is_some_and(|most| stale >= most)
            {
                stop = Stop::NoImprovement;
            }
        }
        let iteration = Iteration {
            restart: 0,
            index,
            inertia: progress.smoothed * total_weight,
            max_shift: step.max_shift,
            reassigned: batch_size,
            empty_clusters: step.replaced,
            distances: step.distances,
        };
        if observer.observe(&iteration).is_break() {
            stop = Stop::Interrupted;
        }
    }
    let passes = index.saturating_mul(batch_size).div_ceil(n);
    finish(points, means.packed().clone(), passes, stop)
}

/// The inertia of the batches, smoothed.
///
/// The first batch does not count: its centroids are the rows of the start, which it moves far.
struct Progress {
    /// The share of a new value in the smoothed one.
    share: f64,
    n_batches: usize,
    smoothed: f64,
    least: f64,
    /// The number of batches since the minimum.
    stale: usize,
}

impl Progress {
    fn new(batch_size: usize, n: usize) -> Self {
        Self {
            share: (2.0 * batch_size as f64 / (n as f64 + 1.0)).min(1.0),
            n_batches: 0,
            smoothed: 0.0,
            least: f64::INFINITY,
            stale: 0,
        }
    }

    /// Takes in the mean inertia of a batch. Returns the number of consecutive batches without improvement.
    fn add(&mut self, inertia: f64) -> usize {
        self.n_batches += 1;
        if self.n_batches <= 2 {
            self.smoothed = inertia;
        } else {
            self.smoothed += self.share * (inertia - self.smoothed);
        }
        if self.n_batches > 1 {
            if self.smoothed < self.least {
                self.least = self.smoothed;
                self.stale = 0;
            } else {
                self.stale += 1;
            }
        }
        self.stale
    }
}
