//! The starts of mini-batches.

use super::draws::distinct_rows;
use super::{MiniBatchKMeans, finish};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Rows};
use crate::kmeans::engine;
use crate::prepared::Prepared;
use crate::progress::Stop;
use crate::random::Stream;

impl MiniBatchKMeans {
    /// A sample of the rows, of the size from which starts are chosen.
    fn sample<'a, F: Float>(
        &self,
        points: &'a Points<'a, F>,
        stream: &mut Stream,
    ) -> Points<'a, F> {
        let size = self.init_size.unwrap_or_else(|| {
            let usual = self.batch_size.min(points.len()).max(self.n_clusters);
            usual.saturating_mul(3)
        });
        match points.n_weighted() <= size {
            true => points.view(),
            false => points.gather(&distinct_rows(points, size, stream)),
        }
    }

    /// The centroids of one start.
    pub(super) fn start<F: Float>(&self, points: &Points<'_, F>, restart: usize) -> Vec<F> {
        let mut stream = Stream::new(self.seed, restart as u64);
        let sample = self.sample(points, &mut stream);
        let prepared = Prepared::plain(&sample);
        let rows = self.init.choose(&prepared, self.n_clusters, &mut stream);
        sample.values_of(&rows)
    }

    /// The start with the lowest inertia on a separate sample of the rows.
    pub(super) fn best_start<F: Float>(&self, points: &Points<'_, F>) -> Vec<F> {
        if self.n_init == 1 {
            return self.start(points, 0);
        }
        let judge = self.sample(points, &mut Stream::new(self.seed, self.n_init as u64));
        let judged = (0..self.n_init).map(|restart| {
            let start = self.start(points, restart);
            let centroids = Packed::new(&Rows::new(&start, points.n_features()));
            finish(&judge, centroids, 0, Stop::MaxIterations)
        });
        let best = engine::best_of(judged);
        best.centroids.rows().data().to_vec()
    }
}
