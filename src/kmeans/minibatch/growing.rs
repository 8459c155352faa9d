//! Nested batches that double.
//!
//! ```text
//! take the first rows of a random order
//! iterate on them, until half of the centroids move less than their noise, from each start
//! go on from the best of these
//! take twice as many, and so on, until they are all
//! iterate to the end
//! ```
//!
//! J. Newling, F. Fleuret, *Nested mini-batch k-means*, NIPS 2016, arXiv:1602.02934. In that paper, bounds
//! are carried over when a batch grows; here each batch is a separate run, with the engine that suits it.

use super::draws::shuffled;
use super::{MiniBatchKMeans, finish};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Rows};
use crate::kmeans::Algorithm;
use crate::kmeans::engine::{self, InMemory, Limits, PreparedFit, Restart, Run};
use crate::kmeans::iteration::Iteration;
use crate::progress::{Observer, Stop};

/// The first batch has at least this many rows per cluster, because a standard error needs several.
const ROWS_PER_CLUSTER: usize = 10;

/// About how many iterations a batch takes.
const USUAL_ITERATIONS: usize = 8;

pub(super) fn run<F: Float>(
    estimator: &MiniBatchKMeans,
    points: &Points<'_, F>,
    given: Option<Vec<F>>,
    mut observer: Observer<'_, Iteration>,
) -> Run<F> {
    let n = points.len();
    let mut shuffle = shuffled(points);
    let mut stream = estimator.stream();
    let least = estimator.n_clusters.saturating_mul(ROWS_PER_CLUSTER);
    let mut size = estimator.batch_size.max(least);
    let mut visits = Visits {
        n,
        n_weighted: shuffle.len(),
        rows: 0,
        most: estimator.max_iter.saturating_mul(n),
        iterations: 0,
    };
    // The centroids to continue from. Until there are any, all starts are tried.
    let mut start = given;
    while size <= shuffle.len() / 2 && visits.left(size) > 0 {
        let batch = points.gather(shuffle.first(size, &mut stream));
        let best = visits.best_run(estimator, points, &batch, start.as_deref(), &mut observer);
        if best.stop == Stop::Interrupted {
            return finish(points, best.centroids, visits.passes(), Stop::Interrupted);
        }
        start = Some(best.centroids.rows().data().to_vec());
        size = size.saturating_mul(2);
    }
    let start = start.unwrap_or_else(|| estimator.best_start(points));
    let limits = Limits {
        max_iter: visits.left(n),
        sq_shift: engine::sq_shift(estimator.tolerance(), || points.mean_variance()),
    };
    if limits.max_iter == 0 {
        let centroids = Packed::new(&Rows::new(&start, points.n_features()));
        return finish(points, centroids, visits.passes(), Stop::MaxIterations);
    }
    let run = visits.run(points, &start, limits, 0, observer);
    Run {
        n_iter: visits.passes(),
        ..run
    }
}

/// How many rows have been labelled, with each row counted once per iteration.
struct Visits {
    /// Rows of all data.
    n: usize,
    /// Those of positive weight, of which batches are made.
    n_weighted: usize,
    rows: usize,
    most: usize,
    iterations: usize,
}

impl Visits {
    /// The iterations that are left for a batch of `size` rows.
    fn left(&self, size: usize) -> usize {
        self.most.saturating_sub(self.rows) / size
    }

    /// The factor that scales the inertia of a batch of `size` rows to all rows.
    fn scale(&self, size: usize) -> f64 {
        match size == self.n {
            true => 1.0,
            false => self.n_weighted as f64 / size as f64,
        }
    }

    /// Passes over all rows.
    fn passes(&self) -> usize {
        self.rows.div_ceil(self.n)
    }

    /// The best run on a batch: from `given` centroids, or from all starts.
    fn best_run<F: Float>(
        &mut self,
        estimator: &MiniBatchKMeans,
        points: &Points<'_, F>,
        batch: &Points<'_, F>,
        given: Option<&[F]>,
        observer: &mut Observer<'_, Iteration>,
    ) -> Run<F> {
        let n_starts = if given.is_some() { 1 } else { estimator.n_init };
        let runs = (0..n_starts).map_while(|restart| {
            let limits = Limits {
                max_iter: self.left(batch.len()),
                sq_shift: 0.0,
            };
            // The first start always has iterations left: otherwise there would be no batch.
            let is_due = restart == 0 || limits.max_iter > 0;
            is_due.then(|| {
                let start = match given {
                    Some(given) => given.to_vec(),
                    None => estimator.start(points, restart),
                };
                self.run(batch, &start, limits, restart, observer.by_ref())
            })
        });
        engine::best_of(runs)
    }

    /// Iterates on a batch; the observer sees inertias scaled to all rows.
    fn run<F: Float>(
        &mut self,
        batch: &Points<'_, F>,
        start: &[F],
        limits: Limits,
        restart: usize,
        mut observer: Observer<'_, Iteration>,
    ) -> Run<F> {
        let n_clusters = start.len() / batch.n_features();
        let fit = PreparedFit::new(batch, Algorithm::Auto, n_clusters, USUAL_ITERATIONS);
        let start = Rows::new(start, batch.n_features());
        let mut data = InMemory::new(&fit, &start);
        if batch.len() < self.n {
            data = data.of_sample();
        }
        let (before, scale) = (self.iterations, self.scale(batch.len()));
        let is_observed = observer.is_some();
        let mut scaled = |iteration: &Iteration| {
            observer.observe(&Iteration {
                index: before + iteration.index,
                inertia: scale * iteration.inertia,
                ..*iteration
            })
        };
        let restart = Restart {
            index: restart,
            last: usize::MAX,
            observer: match is_observed {
                true => Observer::new(&mut scaled),
                false => Observer::none(),
            },
        };
        let run = engine::run(&mut data, &start, limits, restart);
        self.iterations += run.n_iter;
        self.rows = self
            .rows
            .saturating_add(run.n_iter.saturating_mul(batch.len()));
        run
    }
}
