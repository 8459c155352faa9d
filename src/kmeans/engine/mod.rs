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
use super::update::{self, Farthest, UpdateStats};
use crate::float::Float;
use crate::kernels::{Packed, Rows, Work};
use crate::progress::Stop;

pub(crate) use in_memory::InMemory;
pub(crate) use lloyd::label;
pub(crate) use prepared_fit::PreparedFit;
pub(crate) use restarts::{Failed, Restart, best_of, restarts};

/// What an engine does: find the nearest centroids.
trait Assign<F: Float> {
    /// Labels all points with their nearest centroids, the lowest index among equals.
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Work;
    /// Whether that takes all distances.
    fn is_plain(&self) -> bool {
        false
    }
}

/// What the iterations go over: points in memory, or blocks of them from a source that may fail.
///
/// All but [`assign`](Self::assign) speak of the labels that it found last, and are given the
/// centroids that it was given.
pub(crate) trait Data<F: Float> {
    /// Why a pass may fail.
    type Error;

    /// Labels all points with their nearest centroids, the lowest index among equals.
    fn assign(&mut self, centroids: &Packed<F>) -> Result<Work, Self::Error>;
    /// The sums of the clusters, `assigned` being what was returned last.
    fn sums(&mut self, assigned: Work, centroids: &Packed<F>) -> Sums;
    /// Rows whose label is another than at the last such question, and the inertia.
    fn observe(&mut self, assigned: Work, centroids: &Packed<F>) -> (usize, f64);
    /// The points farthest from their centroids, and how many there are in each cluster.
    fn farthest(&mut self, count: usize, centroids: &Packed<F>)
    -> Result<Farthest<F>, Self::Error>;
    /// For each cluster the squared distance that a centroid has to move for the iterations to go on, if
    /// at least half of them have to.
    fn noise(&self, _centroids: &Packed<F>) -> Option<Vec<f64>> {
        None
    }
    /// The labels of all rows as they were given, and the inertia.
    fn finish(&mut self, centroids: &Packed<F>) -> (Vec<u32>, f64);
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Debug)]
pub(crate) struct Run<F> {
    pub(crate) centroids: Packed<F>,
    pub(crate) labels: Vec<u32>,
    pub(crate) inertia: f64,
    pub(crate) n_iter: usize,
    pub(crate) stop: Stop,
}

/// Iterates from `start` until nothing changes, or a limit or the observer says so. The only convergence
/// loop over whole passes; that over batches of rows is in `minibatch::batches`.
///
/// # Errors
/// That of a pass over the data.
pub(crate) fn run<F: Float, D: Data<F>>(
    data: &mut D,
    start: &Rows<'_, F>,
    limits: Limits,
    mut restart: Restart<'_>,
) -> Result<Run<F>, D::Error> {
    let mut centroids = Packed::new(start);
    let mut stop = Stop::MaxIterations;
    let mut n_iter = 0;
    let mut moved = UpdateStats::default();
    let max_iter = limits.max_iter.min(restart.last);
    while n_iter < max_iter && stop == Stop::MaxIterations {
        n_iter += 1;
        let assigned = data.assign(&centroids)?;
        let sums = data.sums(assigned, &centroids);
        let seen = restart
            .observer
            .is_some()
            .then(|| data.observe(assigned, &centroids));
        let noise = data.noise(&centroids);
        let before = noise.as_ref().map(|_| centroids.clone());
        // NOTE: the same labels give the same means, but the sums are taken about the centroids as
        // they are now. That matters after a start far from the data.
        let farthest = |count, centroids: &_| data.farthest(count, centroids);
        moved = update::update(sums, &mut centroids, farthest)?;
        if assigned.reassigned == 0 || !moved.any {
            stop = Stop::Converged;
        } else if moved.sq_shift <= limits.sq_shift
            || before.zip(noise).is_some_and(|(before, noise)| {
                update::is_below_noise(&before.rows(), &centroids.rows(), &noise)
            })
        {
            stop = Stop::Tolerance;
        }
        if let Some((reassigned, inertia)) = seen {
            let iteration = Iteration {
                restart: restart.index,
                index: n_iter,
                inertia,
                max_shift: moved.max_shift,
                reassigned,
                empty_clusters: moved.empty_clusters,
                distances: assigned.distances,
            };
            if restart.observer.observe(&iteration).is_break() {
                stop = Stop::Interrupted;
                break;
            }
        }
    }
    if moved.any {
        data.assign(&centroids)?;
    }
    let (labels, inertia) = data.finish(&centroids);
    Ok(Run {
        centroids,
        labels,
        inertia,
        n_iter,
        stop,
    })
}
