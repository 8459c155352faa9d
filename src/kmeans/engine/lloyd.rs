//! The plain engine: every point is compared with every centroid.

use super::Assign;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Work};
use crate::parallel::{self, Blocks};

pub(super) struct Lloyd<'a, F: Float> {
    points: &'a Points<'a, F>,
}

impl<'a, F: Float> Lloyd<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>) -> Self {
        Self { points }
    }
}

impl<F: Float> Assign<F> for Lloyd<'_, F> {
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Work {
        label(self.points, centroids, labels)
    }

    fn is_plain(&self) -> bool {
        true
    }
}

/// Labels points with their nearest centroids, the lowest index among equals.
pub(crate) fn label<F: Float>(
    points: &Points<'_, F>,
    centroids: &Packed<F>,
    labels: &mut [u32],
) -> Work {
    let work = parallel::work(labels.len(), centroids.len(), points.n_features());
    Blocks::by_work(labels.len(), work).fill_sum(labels, |rows, labels| {
        let rows = points.rows().slice(rows);
        points.kernels.nearest(&rows, centroids, labels)
    })
}
