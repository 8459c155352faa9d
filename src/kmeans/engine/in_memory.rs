//! Iterations over points in memory.

use super::{Assign, PreparedFit};
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Rows, Work};
use crate::kmeans::sums::{Summing, Sums};
use crate::kmeans::update::{self, Farthest};
use crate::numeric::LongSums;
use crate::parallel::Blocks;

/// Comparing and copying a label takes about as long as this many multiply-adds.
const RELABEL_WORK: usize = 8;

/// The points of a [`PreparedFit`], an engine for them, and the labels that it found.
pub(crate) struct InMemory<'a, F: Float> {
    fit: &'a PreparedFit<'a, F>,
    engine: Box<dyn Assign<F> + 'a>,
    /// One for each point worked on.
    labels: Vec<u32>,
    summing: Summing<'a, F>,
    /// For each row the label at the last observation.
    reported_labels: Vec<u32>,
    /// Whether the points stand for others, so that iterations are to end when most centroids move
    /// less than they would from one sample to another.
    is_sample: bool,
}

impl<'a, F: Float> InMemory<'a, F> {
    /// IN: `start`, the first centroids.
    pub(crate) fn new(fit: &'a PreparedFit<'a, F>, start: &Rows<'_, F>) -> Self {
        Self {
            fit,
            engine: fit.engine(start),
            labels: fit.no_labels(),
            summing: Summing::new(&fit.prepared, start.len()),
            reported_labels: Vec::new(),
            is_sample: false,
        }
    }

    /// The points being a sample of those that matter.
    pub(crate) fn of_sample(self) -> Self {
        Self {
            is_sample: true,
            ..self
        }
    }

    /// Labels all points with their nearest centroids, the lowest index among equals.
    pub(super) fn assign(&mut self, centroids: &Packed<F>) -> Work {
        let mut assigned = self.engine.assign(centroids, &mut self.labels);
        if assigned.reassigned == 0 && !self.engine.is_plain() {
            // A fixed point is confirmed by all distances.
            self.engine = self.fit.plain_engine();
            assigned += self.engine.assign(centroids, &mut self.labels);
        }
        assigned
    }

    /// The sums of the clusters, `assigned` being what was returned last.
    pub(super) fn sums(&mut self, assigned: Work) -> Sums {
        self.summing.sums(&self.labels, assigned.reassigned)
    }

    /// The same sums, exact.
    pub(super) fn exact_sums(&self) -> LongSums {
        self.summing.exact()
    }

    /// Rows whose label is another than at the last such question, and the inertia.
    ///
    /// IN: `centroids`, here and below, those that the points were assigned to last.
    pub(super) fn reassigned_and_inertia(&mut self, centroids: &Packed<F>) -> (usize, f64) {
        let prepared = &self.fit.prepared;
        let labels = prepared.to_originals(&self.labels);
        let n = labels.len();
        self.reported_labels.resize(n, NO_LABEL);
        let blocks = Blocks::by_work(n, RELABEL_WORK * n);
        let reassigned = blocks.fill_sum(&mut self.reported_labels[..], |range, reported| {
            let labels = &labels[range];
            let changed = reported.iter().zip(labels).filter(|(a, b)| a != b).count();
            reported.copy_from_slice(labels);
            changed
        });
        let inertia = update::inertia(prepared.points, &labels, &centroids.rows());
        (reassigned, inertia)
    }

    /// The points farthest from their centroids, and how many there are in each cluster.
    pub(super) fn farthest(&self, count: usize, centroids: &Packed<F>) -> Farthest<F> {
        let labels = self.fit.prepared.to_originals(&self.labels);
        let mut farthest = Farthest::new(count, centroids.len());
        farthest.add(self.fit.prepared.points, 0, &labels, &centroids.rows());
        farthest
    }

    /// See [`Found::noise`](super::Found::noise).
    pub(super) fn noise(&self, centroids: &Packed<F>) -> Option<Vec<f64>> {
        self.is_sample.then(|| {
            let points = self.fit.prepared.points;
            let labels = self.fit.prepared.to_originals(&self.labels);
            update::noise(points, &labels, &centroids.rows())
        })
    }

    /// The labels of all rows as they were given, and the inertia.
    pub(super) fn labels_and_inertia(&self, centroids: &Packed<F>) -> (Vec<u32>, f64) {
        let prepared = &self.fit.prepared;
        let labels = prepared.to_originals(&self.labels).into_owned();
        let inertia = update::inertia(prepared.points, &labels, &centroids.rows());
        (labels, inertia)
    }
}
