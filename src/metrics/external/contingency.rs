//! How often the labels of two labellings occur together.

use std::collections::HashMap;
use std::hash::Hash;

use ndarray::{Array2, ArrayRef1};

use crate::checks;
use crate::data::DenseLabels;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// How often each class and each cluster occur together.
#[derive(Debug)]
pub(super) struct Contingency {
    /// Rows.
    pub(super) n: u64,
    /// Rows of each class, in the order in which they appear.
    pub(super) classes: Vec<u64>,
    /// Rows of each cluster, in the order in which they appear.
    pub(super) clusters: Vec<u64>,
    /// Class, cluster, and the number of rows that have both, if there are any, in ascending order.
    pub(super) pairs: Vec<(usize, usize, u64)>,
}

impl Contingency {
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::EmptyData`].
    pub(super) fn new<A: Eq + Hash, B: Eq + Hash>(
        labels_true: &ArrayRef1<A>,
        labels_pred: &ArrayRef1<B>,
    ) -> Result<Self> {
        let n = labels_true.len();
        checks::same_len("predicted labels", n, labels_pred.len())?;
        checks::not_empty("true labels", n)?;
        let classes = DenseLabels::by_appearance(labels_true);
        let clusters = DenseLabels::by_appearance(labels_pred);
        let mut counts = HashMap::new();
        for pair in classes
            .ids
            .iter()
            .copied()
            .zip(clusters.ids.iter().copied())
        {
            *counts.entry(pair).or_insert(0) += 1;
        }
        let pairs = counts.into_iter();
        let mut pairs: Vec<_> = pairs.map(|((a, b), count)| (a, b, count)).collect();
        pairs.sort_unstable();
        Ok(Self {
            n: n as u64,
            classes: counts_of(&classes),
            clusters: counts_of(&clusters),
            pairs,
        })
    }
}

fn counts_of<L>(labels: &DenseLabels<L>) -> Vec<u64> {
    labels
        .counts()
        .into_iter()
        .map(|count| count as u64)
        .collect()
}

/// The number of rows that have each pair of a true and a predicted label: a matrix with one row for each
/// distinct true label, and one column for each distinct predicted label, both in the order in which they
/// first appear.
///
/// Labels may be of any type that can be compared and hashed.
///
/// # Example
/// ```
/// use centroid::metrics::contingency_matrix;
/// use ndarray::array;
///
/// let matrix = contingency_matrix(&array!["a", "a", "b", "b"], &array![1, 1, 1, 0])?;
/// assert_eq!(matrix, array![[2, 0], [1, 1]]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::LengthMismatch`]: the labellings have different lengths.
/// - [`Error::EmptyData`]: they are empty.
/// - [`Error::ResultTooLarge`]: there is not enough memory for the matrix.
pub fn contingency_matrix<A: Eq + Hash, B: Eq + Hash>(
    labels_true: &ArrayRef1<A>,
    labels_pred: &ArrayRef1<B>,
) -> Result<Array2<u64>> {
    let contingency = Contingency::new(labels_true, labels_pred)?;
    let (rows, columns) = (contingency.classes.len(), contingency.clusters.len());
    let mut counts = checks::filled(rows, columns, 0)?;
    for (class, cluster, count) in contingency.pairs {
        counts[class * columns + cluster] = count;
    }
    Ok(Array2::from_shape_vec((rows, columns), counts).expect("the length was computed"))
}
