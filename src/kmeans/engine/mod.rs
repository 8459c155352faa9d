//! Lloyd's iterations, whatever finds the nearest centroids.
//!
//! S. P. Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory
//! 28(2), 1982, doi:10.1109/TIT.1982.1056489.

mod filtering;
mod lloyd;
mod source;
mod yinyang;

use super::sums::Summing;
use super::update::{self, Moved};
use crate::float::Float;
use crate::kernels::{Assigned, NO_LABEL, Packed, Rows};
use crate::progress::{Iteration, Observer, Stop};

pub(crate) use source::Source;

/// How the nearest centroids are found. Every choice gives the same result, to the bit.
///
/// # References
/// - T. Kanungo et al., *An efficient k-means clustering algorithm: analysis and implementation*,
///   IEEE TPAMI 24(7), 2002, doi:10.1109/TPAMI.2002.1017616.
/// - Y. Ding et al., *Yinyang k-means: a drop-in replacement of the classic k-means with consistent
///   speedup*, ICML 2015.
///
/// # Example
/// ```
/// use centroid::{Algorithm, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0, 1.0], [0.5, 1.5], [9.0, 9.0], [9.5, 8.0]];
/// let plain = KMeans::new(2).algorithm(Algorithm::Lloyd).fit(&x)?;
/// let boxes = KMeans::new(2).algorithm(Algorithm::Filtering).fit(&x)?;
/// assert_eq!(plain.labels(), boxes.labels());
/// # Ok::<(), centroid::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// The fastest one for the data.
    #[default]
    Auto,
    /// All distances, in every iteration. Time `n k d` per iteration, whatever the data is like.
    Lloyd,
    /// The points are ordered in a k-d tree once, equal ones merged, and centroids are ruled out for
    /// whole boxes of them (Kanungo et al., 2002). For few features, or well separated clusters.
    /// It holds a copy of the distinct points, and 8 to 12 bytes per row.
    Filtering,
    /// Each point holds an upper bound on the distance to its centroid, and lower bounds on those to
    /// groups of others (Ding et al., 2015). From 200 features on it also holds sketches of the
    /// points, in 64 coordinates along which they vary most, if these take up enough of the variance.
    /// For many features and many clusters. The bounds take up to 56 bytes per row and an eighth of
    /// a row, sketches 264 bytes in `f32`.
    Yinyang,
}

/// What an engine does: find the nearest centroids.
trait Assign<F: Float> {
    /// Labels all points with their nearest centroids, the lowest index among equals.
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Assigned;
    /// Whether that takes all distances.
    fn is_plain(&self) -> bool {
        false
    }
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
    source: &Source<'_, F>,
    start: &[F],
    limits: Limits,
    restart: usize,
    mut observer: Option<&mut Observer<'_>>,
) -> Run<F> {
    let prepared = &source.prepared;
    let points = prepared.points;
    let start = Rows::new(start, points.n_features());
    let mut engine = source.engine(&start);
    let mut centroids = Packed::new(&start);
    let mut labels = source.no_labels();
    let mut summing = Summing::new(prepared, centroids.len());
    let mut told = match observer {
        Some(_) => vec![NO_LABEL; points.len()],
        None => Vec::new(),
    };
    let mut stop = Stop::MaxIterations;
    let mut n_iter = 0;
    let mut moved = Moved::default();
    while n_iter < limits.max_iter && stop == Stop::MaxIterations {
        n_iter += 1;
        let mut assigned = engine.assign(&centroids, &mut labels);
        if assigned.reassigned == 0 && !engine.is_plain() {
            // A fixed point is confirmed by all distances.
            engine = source.plain_engine();
            assigned += engine.assign(&centroids, &mut labels);
        }
        let sums = summing.sums(&labels, assigned.reassigned, &centroids);
        let mut seen = None;
        if observer.is_some() {
            let after = prepared.spread(&labels).into_owned();
            let reassigned = told.iter().zip(&after).filter(|(a, b)| a != b).count();
            let inertia = update::inertia(points, &after, &centroids.rows());
            told = after;
            seen = Some((reassigned, inertia));
        }
        // NOTE: the same labels give the same means, but the sums are taken about the centroids as
        // they are now. That matters after a start far from the data.
        moved = update::update(points, || prepared.spread(&labels), sums, &mut centroids);
        if assigned.reassigned == 0 || !moved.any {
            stop = Stop::Converged;
        } else if moved.sq_shift <= limits.sq_shift {
            stop = Stop::Tolerance;
        }
        if let (Some(observer), Some((reassigned, inertia))) = (&mut observer, seen) {
            let iteration = Iteration {
                restart,
                index: n_iter,
                inertia,
                max_shift: moved.max_shift,
                reassigned,
                empty_clusters: moved.empty_clusters,
                distances: assigned.distances,
            };
            if observer(&iteration).is_break() {
                stop = Stop::Interrupted;
                break;
            }
        }
    }
    if moved.any {
        engine.assign(&centroids, &mut labels);
    }
    let labels = prepared.spread(&labels).into_owned();
    let inertia = update::inertia(points, &labels, &centroids.rows());
    Run {
        centroids,
        labels,
        inertia,
        n_iter,
        stop,
    }
}
