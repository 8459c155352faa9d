//! The clusters that labels define.

use std::ops::Range;

use ndarray::ArrayRef1;

use crate::checks;
use crate::data::{DenseLabels, Points, RowGroups};
use crate::error::{Error, Result};
use crate::float::Float;

/// Which rows belong together. Clusters are numbered from 0 in the order of their labels, regardless of
/// gaps.
#[derive(Debug)]
pub(super) struct Clusters {
    labels: DenseLabels<usize>,
    rows: RowGroups,
}

impl Clusters {
    pub(super) fn new(labels: &ArrayRef1<usize>) -> Self {
        let labels = DenseLabels::ascending(labels);
        Self {
            rows: labels.grouped(),
            labels,
        }
    }

    /// The clusters of points that are to be scored.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidClusterCount`].
    pub(super) fn to_score<F: Float>(
        points: &Points<'_, F>,
        labels: &ArrayRef1<usize>,
    ) -> Result<Self> {
        let rows = points.len();
        checks::same_len("labels", rows, labels.len())?;
        let clusters = Self::new(labels);
        let n_clusters = clusters.len();
        match (2..rows).contains(&n_clusters) {
            true => Ok(clusters),
            false => Err(Error::InvalidClusterCount { n_clusters, rows }),
        }
    }

    /// The number of clusters.
    pub(super) fn len(&self) -> usize {
        self.labels.n_labels()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.labels.ids.len()
    }

    /// The distinct labels, ascending.
    pub(super) fn labels(&self) -> &[usize] {
        &self.labels.labels
    }

    /// The cluster of each row.
    pub(super) fn of_rows(&self) -> &[usize] {
        &self.labels.ids
    }

    /// All rows, those of the first cluster before those of the second, and so on.
    pub(super) fn order(&self) -> &[usize] {
        &self.rows.order
    }

    /// The places of a cluster's rows in the order.
    pub(super) fn places(&self, cluster: usize) -> Range<usize> {
        self.rows.places(cluster)
    }

    /// The rows of a cluster, ascending.
    pub(super) fn rows(&self, cluster: usize) -> &[usize] {
        self.rows.rows(cluster)
    }

    /// The number of rows of a cluster.
    pub(super) fn size(&self, cluster: usize) -> usize {
        self.places(cluster).len()
    }

    /// The cluster of the row at a place of the order.
    pub(super) fn of_place(&self, place: usize) -> usize {
        self.labels.ids[self.rows.order[place]]
    }
}
