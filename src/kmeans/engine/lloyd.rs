//! The plain engine: every point is compared with every centroid.

use super::Assign;
use crate::float::Float;
use crate::kernels::{Assigned, Packed};
use crate::parallel;
use crate::points::Points;

pub(super) struct Lloyd<'a, F: Float> {
    points: &'a Points<'a, F>,
}

impl<'a, F: Float> Lloyd<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>) -> Self {
        Self { points }
    }
}

impl<F: Float> Assign<F> for Lloyd<'_, F> {
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Assigned {
        let points = self.points;
        let work = points.len() * points.n_features() * centroids.len();
        parallel::fill_blocks(labels, 1, work, |range, labels| {
            points
                .kernels
                .nearest(&points.rows().slice(range), centroids, labels)
        })
    }
}
