//! The plain engine: every point is compared with every centroid.

use std::ops::Range;

use super::Assign;
use crate::float::Float;
use crate::kernels::{Assigned, Packed};
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
    fn assign(&self, centroids: &Packed<F>, rows: Range<usize>, labels: &mut [u32]) -> Assigned {
        self.points
            .kernels
            .nearest(&self.points.rows().slice(rows), centroids, labels)
    }
}
