//! Rows in the order of their labels.

use std::ops::Range;

use ndarray::ArrayRef1;

use crate::checks;
use crate::data::Points;
use crate::error::{Error, Result};
use crate::float::Float;

/// Which rows belong together. Clusters are counted from 0 in the order of their labels, whatever
/// gaps these have.
#[derive(Debug)]
pub(super) struct Clusters {
    /// The distinct labels, ascending.
    pub(super) labels: Vec<usize>,
    /// The cluster of each row.
    pub(super) of_row: Vec<usize>,
    /// All rows, those of the first cluster before those of the second, and so on.
    pub(super) order: Vec<usize>,
    /// Where each cluster begins in that order, and the number of rows.
    starts: Vec<usize>,
}

impl Clusters {
    pub(super) fn new(labels: &ArrayRef1<usize>) -> Self {
        let (distinct, of_row) = places(labels);
        let mut starts = vec![0; distinct.len() + 1];
        of_row.iter().for_each(|&cluster| starts[cluster + 1] += 1);
        for cluster in 0..distinct.len() {
            starts[cluster + 1] += starts[cluster];
        }
        let mut next = starts.clone();
        let mut order = vec![0; of_row.len()];
        for (row, &cluster) in of_row.iter().enumerate() {
            order[next[cluster]] = row;
            next[cluster] += 1;
        }
        Self {
            labels: distinct,
            of_row,
            order,
            starts,
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
        self.labels.len()
    }

    /// The places of a cluster's rows in the order.
    pub(super) fn range(&self, cluster: usize) -> Range<usize> {
        self.starts[cluster]..self.starts[cluster + 1]
    }

    /// The rows of a cluster.
    pub(super) fn size(&self, cluster: usize) -> usize {
        self.range(cluster).len()
    }

    /// The cluster of the row at a place of the order.
    pub(super) fn of_place(&self, place: usize) -> usize {
        self.of_row[self.order[place]]
    }
}

/// The distinct labels, ascending, and for each row the place of its label among them.
fn places(labels: &ArrayRef1<usize>) -> (Vec<usize>, Vec<usize>) {
    let most = labels.iter().max().copied().unwrap_or(0);
    if most / 2 > labels.len() {
        let mut distinct = labels.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let place = |&label| distinct.partition_point(|&other| other < label);
        let of_row = labels.iter().map(place).collect();
        return (distinct, of_row);
    }
    // Small numbers, as most labels are, need no sorting.
    let mut place = vec![None; most + 1];
    labels.iter().for_each(|&label| place[label] = Some(0));
    let mut distinct = Vec::new();
    for (label, place) in place.iter_mut().enumerate() {
        if let Some(place) = place {
            *place = distinct.len();
            distinct.push(label);
        }
    }
    let of_row = labels.iter().filter_map(|&label| place[label]).collect();
    (distinct, of_row)
}
