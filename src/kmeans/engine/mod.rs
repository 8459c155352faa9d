//! Lloyd's iterations, whatever finds the nearest centroids.
//!
//! S. P. Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory
//! 28(2), 1982, doi:10.1109/TIT.1982.1056489.

mod lloyd;

use super::update::{self, Moved};
use crate::float::Float;
use crate::kernels::{Assigned, Packed, Rows};
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
trait Assign<F: Float> {
    /// Labels every point with its nearest centroid, the lowest index among equals.
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Assigned;
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
    let mut engine = algorithm.engine(points);
    let mut centroids = Packed::new(&Rows::new(start, points.n_features()));
    let mut labels = vec![u32::MAX; points.len()];
    let mut stop = Stop::MaxIterations;
    let mut n_iter = 0;
    while n_iter < limits.max_iter && stop == Stop::MaxIterations {
        n_iter += 1;
        let Assigned { reassigned, .. } = engine.assign(&centroids, &mut labels);
        let inertia = observer
            .is_some()
            .then(|| update::inertia(points, &labels, &centroids.rows()));
        // The same labels give the same centroids: there is no need to compute them.
        let moved = if reassigned == 0 {
            Moved::default()
        } else {
            update::update(points, &labels, &mut centroids)
        };
        if moved.sq_shift == 0.0 {
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
    if stop != Stop::Converged {
        engine.assign(&centroids, &mut labels);
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
