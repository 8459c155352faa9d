//! What is known of the rows of a part from the passes before.

use std::fmt;

use super::reader::{Chunk, Failure, Reader};
use super::request::Request;
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

/// What an engine may keep of the rows of a part from one pass to the next: see [`PartOptions::memory`]. The
/// answers are the same with it, without it, and after it was lost, as long as rows and weights are the same in
/// every pass.
///
/// It saves the distances to all candidates but the newest while a start is chosen, and from then on the sums
/// of all rows whose label has not changed.
///
/// [`PartOptions::memory`]: super::PartOptions::memory
///
/// # Example
/// ```
/// use centroid::passes::{Driver, Part, PartMemory, PartOptions};
/// use centroid::{ArrayBlocks, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [10.0], [12.0]];
/// let (part, mut memory) = (Part::new(0, 4)?, PartMemory::new());
/// let mut driver = Driver::new(&KMeans::new(2).n_init(1), 1)?;
/// while let Some(request) = driver.request() {
///     let options = PartOptions::new().memory(&mut memory);
///     let answer = request.answer_with(part, &mut ArrayBlocks::new(&x, 4), options)?;
///     driver.accept(answer)?;
/// }
/// assert_eq!(driver.model().map(|model| model.inertia()), Some(2.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// 4 bytes per row, 12 while a start is chosen; and one set of sums, as described at [`KMeans`](crate::KMeans).
pub struct PartMemory<F: Float> {
    /// What it is about: the fit, what the first pass found, and the part.
    about: Option<About>,
    labels: Vec<u32>,
    /// The sums of the rows with these labels.
    totals: Option<ClusterTotals>,
    /// The centroids that the labels are of, if all are of the same.
    labelled: Option<Packed<F>>,
    /// The centroids that the labels were of before the last assignment.
    before: Option<Packed<F>>,
    /// While a start is chosen: the nearest candidates, and the restart to which they belong.
    nearest: Option<(usize, Nearest)>,
    /// What the last assignment did.
    pub(in crate::kmeans) assigned: Work,
}

impl<F: Float> PartMemory<F> {
    /// A memory of nothing. See the [example](Self#example).
    pub fn new() -> Self {
        Self {
            about: None,
            labels: Vec::new(),
            totals: None,
            labelled: None,
            before: None,
            nearest: None,
            assigned: Work::default(),
        }
    }
}

/// What a memory is about.
#[derive(Clone, Copy, Debug, PartialEq)]
struct About {
    /// See [`Request`].
    fit: u64,
    n_features: usize,
    /// The number of all rows, and the bits of the largest magnitude.
    survey: Option<(u64, u64)>,
    first_row: u64,
    n_rows: Option<usize>,
}

impl<F: Float> fmt::Debug for PartMemory<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartMemory")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

impl<F: Float> Default for PartMemory<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Float> PartMemory<F> {
    /// Forgets all, unless it is about the same rows of the same fit.
    pub(super) fn begin(&mut self, request: &Request<F>, first_row: u64, n_rows: Option<usize>) {
        let survey = request.survey.map(|survey| {
            let magnitude = survey.magnitude.to_f64().to_bits();
            (survey.n_rows, magnitude)
        });
        let about = About {
            fit: request.fit,
            n_features: request.n_features,
            survey,
            first_row,
            n_rows,
        };
        if self.about.replace(about) != Some(about) {
            self.clear();
        }
    }

    pub(in crate::kmeans) fn into_labels(self) -> Vec<u32> {
        self.labels
    }

    pub(super) fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Forgets all but what it is about.
    pub(super) fn clear(&mut self) {
        *self = Self {
            about: self.about,
            ..Self::new()
        };
    }

    /// Forgets all of it, and makes room for labels.
    pub(super) fn forget(&mut self, n_rows: usize) -> Result<(), Error> {
        self.clear();
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
                self.clear();
                checks::room::<(u32, f64)>(n_rows, 1)?;
                let mut nearest = Nearest::default();
                nearest.resize(n_rows);
                nearest
            }
        };
        Ok(&mut self.nearest.insert((restart, nearest)).1)
    }

    /// How many labels of these centroids are others than those of the centroids `previous`, if that is known.
    pub(super) fn changed(&self, centroids: &Packed<F>, previous: &Packed<F>) -> Option<u64> {
        let is_known = self.has_labels_of(centroids) && self.before.as_ref() == Some(previous);
        is_known.then_some(self.assigned.reassigned as u64)
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
        self.before = self.labelled.take();
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
        let sums = totals.to_long().into_owned();
        let counts = match reader.n_weights() {
            // Each row counts 1.
            None => (0..k).map(|c| sums.total(c * (d + 1) + d) as u64).collect(),
            Some(_) => counts(&self.labels, k),
        };
        self.labelled = Some(centroids.clone());
        Ok(ClusterSums::of_pass(d, sums, counts, inertia))
    }
}
