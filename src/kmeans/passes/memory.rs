//! What is known of the rows of a part from the passes before. Without it, answers are the same.

use super::reader::{Chunk, Failure, Reader};
use crate::checks;
use crate::data::Points;
use crate::error::Error;
use crate::float::Float;
use crate::init::Nearest;
use crate::kernels::{NO_LABEL, Packed, Work};
use crate::kmeans::cluster_sums::ClusterSums;
use crate::kmeans::engine;
use crate::kmeans::model::counts;
use crate::kmeans::sums::ClusterTotals;
use crate::kmeans::update;
use crate::numeric::LongSums;
use crate::parallel::{self, BLOCK, Blocks};

/// The labels of the rows, and what belongs to them.
#[derive(Debug)]
pub(in crate::kmeans) struct Memory<F: Float> {
    labels: Vec<u32>,
    /// The sums of the rows with these labels.
    totals: Option<ClusterTotals>,
    /// The centroids that the labels are of, if all are of the same.
    labelled: Option<Packed<F>>,
    /// While a start is chosen: the nearest candidates, and the restart to which they belong.
    nearest: Option<(usize, Nearest)>,
    /// What the last assignment did.
    pub(in crate::kmeans) assigned: Work,
}

impl<F: Float> Default for Memory<F> {
    fn default() -> Self {
        Self {
            labels: Vec::new(),
            totals: None,
            labelled: None,
            nearest: None,
            assigned: Work::default(),
        }
    }
}

impl<F: Float> Memory<F> {
    pub(in crate::kmeans) fn into_labels(self) -> Vec<u32> {
        self.labels
    }

    /// Forgets all of it, and makes room for labels.
    pub(super) fn forget(&mut self, n_rows: usize) -> Result<(), Error> {
        *self = Self::default();
        self.labels = checks::filled(n_rows, 1, NO_LABEL)?;
        Ok(())
    }

    /// The nearest of the first few candidates, of which there are `n_candidates` now.
    pub(super) fn nearest(
        &mut self,
        n_rows: usize,
        restart: usize,
        n_candidates: usize,
    ) -> Result<&mut Nearest, Error> {
        let known = self
            .nearest
            .take()
            .filter(|(of, nearest)| *of == restart && nearest.n_measured() <= n_candidates);
        let nearest = match known {
            Some((_, nearest)) => nearest,
            None => {
                *self = Self::default();
                checks::room::<(u32, f64)>(n_rows, 1)?;
                let mut nearest = Nearest::default();
                nearest.resize(n_rows);
                nearest
            }
        };
        Ok(&mut self.nearest.insert((restart, nearest)).1)
    }

    /// Whether all labels are those of these centroids.
    pub(super) fn has_labels_of(&self, centroids: &Packed<F>) -> bool {
        self.labelled.as_ref() == Some(centroids)
    }

    /// Labels a chunk of rows.
    pub(super) fn label(&mut self, points: &Points<'_, F>, first: usize, centroids: &Packed<F>) {
        let labels = &mut self.labels[first..first + points.len()];
        engine::label(points, centroids, labels);
    }

    /// OUT: `labels` of a chunk of rows.
    pub(super) fn labels_of(
        &self,
        points: &Points<'_, F>,
        first: usize,
        centroids: &Packed<F>,
        labels: &mut Vec<u32>,
    ) {
        labels.clear();
        if self.has_labels_of(centroids) {
            labels.extend_from_slice(&self.labels[first..first + points.len()]);
        } else {
            labels.resize(points.len(), NO_LABEL);
            engine::label(points, centroids, labels);
        }
    }

    /// Labels all rows, and adds them up.
    ///
    /// IN: `check`, which says what is wrong with a chunk.
    pub(super) fn assign(
        &mut self,
        reader: &mut Reader<'_, F>,
        n_rows: usize,
        magnitude: F,
        centroids: &Packed<F>,
        check: impl Fn(&Chunk<'_, F>) -> Result<(), Error> + Sync,
    ) -> Result<ClusterSums<F>, Failure> {
        let (k, d) = (centroids.len(), reader.n_features());
        if self.totals.is_none() {
            self.forget(n_rows)?;
        }
        self.labelled = None;
        let copies = reader.copies(n_rows);
        let totals =
            (self.totals).get_or_insert_with(|| ClusterTotals::new(k, d, magnitude, copies));
        let labels = &mut self.labels;
        let (mut assigned, mut inertia) = (Work::default(), LongSums::new(1));
        let mut before = Vec::new();
        reader.pass(|chunk| {
            let points = Points::unchecked(chunk.data, d, chunk.weights, magnitude);
            let labels = &mut labels[chunk.first..chunk.first + points.len()];
            before.clear();
            before.extend_from_slice(labels);
            let work = parallel::work(points.len(), k, d + 16);
            // PERF: a block is checked, labelled and measured while it is in the nearest caches.
            let blocks =
                Blocks::new(points.len(), BLOCK, work).fill_map(&mut *labels, |rows, labels| {
                    let block = points.rows().slice(rows.clone());
                    checks::are_within(block.data(), magnitude).then(|| {
                        let work = points.kernels.nearest(&block, centroids, labels);
                        (
                            work,
                            update::inertia_of_block(&points, rows, labels, &centroids.rows()),
                        )
                    })
                });
            let mut of_chunk = Work::default();
            for block in &blocks {
                let Some((work, inertia_of_block)) = *block else {
                    labels.copy_from_slice(&before);
                    return check(&chunk);
                };
                of_chunk += work;
                inertia.add(0, inertia_of_block);
            }
            totals.update(&points, &mut before, labels, of_chunk.reassigned);
            assigned += of_chunk;
            Ok(())
        })?;
        self.assigned = assigned;
        let sums = totals.to_long();
        let counts = match reader.n_weights() {
            // Each row counts 1.
            None => (0..k).map(|c| sums.total(c * (d + 1) + d) as u64).collect(),
            Some(_) => counts(&self.labels, k),
        };
        self.labelled = Some(centroids.clone());
        Ok(ClusterSums::of_pass(d, sums, counts, inertia))
    }
}
