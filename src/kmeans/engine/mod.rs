//! Lloyd's iterations, whatever finds the nearest centroids.
//!
//! S. P. Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory
//! 28(2), 1982, doi:10.1109/TIT.1982.1056489.

mod lloyd;

use std::ops::Range;

use super::sums::Summing;
use super::update::{self, Moved};
use crate::float::Float;
use crate::kernels::{Assigned, Packed, Rows};
use crate::parallel;
use crate::points::Points;
use crate::progress::{Iteration, Observer, Stop};

/// How the nearest centroids are found. Every choice gives the same result, to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// The fastest one for the data.
    #[default]
    Auto,
    /// All distances, in every iteration. Time `n k d` per iteration, whatever the data is like.
    Lloyd,
}

impl Algorithm {
    fn engine<'a, F: Float>(self, points: &'a Points<'a, F>) -> Box<dyn Assign<F> + 'a> {
        match self {
            Self::Auto | Self::Lloyd => Box::new(lloyd::Lloyd::new(points)),
        }
    }
}

/// What an engine does: find the nearest centroids.
trait Assign<F: Float>: Sync {
    /// Labels a range of the points with their nearest centroids, the lowest index among equals.
    fn assign(&self, centroids: &Packed<F>, rows: Range<usize>, labels: &mut [u32]) -> Assigned;
}

/// Labels all points, in parallel.
fn assign_all<F: Float>(
    engine: &dyn Assign<F>,
    centroids: &Packed<F>,
    labels: &mut [u32],
) -> Assigned {
    let work = parallel::work(labels.len(), centroids.len(), centroids.origin().len());
    let block = parallel::block_for(labels.len(), work);
    parallel::fill_blocks(labels, 1, block, work, |rows, labels| {
        engine.assign(centroids, rows, labels)
    })
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_iter: usize,
    /// The sum of squared shifts of the centroids that counts as standing still.
    pub(crate) sq_shift: f64,
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

/// Iterates from `start` until nothing changes, or a limit or the observer says so. The only
/// convergence loop.
pub(crate) fn run<F: Float>(
    points: &Points<'_, F>,
    start: &[F],
    algorithm: Algorithm,
    limits: Limits,
    restart: usize,
    mut observer: Option<&mut Observer<'_>>,
) -> Run<F> {
    let engine = algorithm.engine(points);
    let mut centroids = Packed::new(&Rows::new(start, points.n_features()));
    let mut labels = vec![u32::MAX; points.len()];
    let mut summing = Summing::new(points, centroids.len());
    let mut stop = Stop::MaxIterations;
    let mut n_iter = 0;
    let mut moved = Moved::default();
    while n_iter < limits.max_iter && stop == Stop::MaxIterations {
        n_iter += 1;
        let assigned = assign_all(&*engine, &centroids, &mut labels);
        let sums = summing.sums(&labels, &centroids);
        let reassigned = assigned.reassigned;
        let inertia = observer
            .is_some()
            .then(|| update::inertia(points, &labels, &centroids.rows()));
        // NOTE: the same labels give the same means, but the sums are taken about the centroids as
        // they are now. That matters after a start far from the data.
        moved = update::update(points, &labels, sums, &mut centroids);
        if reassigned == 0 || !moved.any {
            stop = Stop::Converged;
        } else if moved.sq_shift <= limits.sq_shift {
            stop = Stop::Tolerance;
        }
        if let (Some(observer), Some(inertia)) = (&mut observer, inertia) {
            let Moved {
                max_shift,
                empty_clusters,
                ..
            } = moved;
            let iteration = Iteration {
                restart,
                index: n_iter,
                inertia,
                max_shift,
                reassigned,
                empty_clusters,
            };
            if observer(&iteration).is_break() {
                stop = Stop::Interrupted;
                break;
            }
        }
    }
    if moved.any {
        assign_all(&*engine, &centroids, &mut labels);
    }
    let inertia = update::inertia(points, &labels, &centroids.rows());
    Run {
        centroids,
        labels,
        inertia,
        n_iter,
        stop,
    }
}
