//! Labels of any type as dense ids, and back.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use ndarray::ArrayRef1;

/// For each row the id of its label. Ids count the distinct labels from 0 without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DenseLabels<L> {
    /// The label of each id.
    pub(crate) labels: Vec<L>,
    /// The id of each row.
    pub(crate) ids: Vec<usize>,
}

impl<L: Eq + Hash> DenseLabels<L> {
    /// Ids in the order in which labels first appear.
    pub(crate) fn by_appearance(labels: impl IntoIterator<Item = L>) -> Self {
        let mut id_of_label = HashMap::new();
        let id = |label| {
            let next = id_of_label.len();
            *id_of_label.entry(label).or_insert(next)
        };
        let ids = labels.into_iter().map(id).collect();
        let mut labels: Vec<(L, usize)> = id_of_label.into_iter().collect();
        labels.sort_unstable_by_key(|&(_, id)| id);
        let labels = labels.into_iter().map(|(label, _)| label).collect();
        Self { labels, ids }
    }
}

impl DenseLabels<usize> {
    /// Ids in ascending order of the labels.
    pub(crate) fn ascending(labels: &ArrayRef1<usize>) -> Self {
        let largest = labels.iter().max().copied().unwrap_or(0);
        if largest / 2 > labels.len() {
            return Self::by_sorting(labels);
        }
        // Small numbers, as most labels are, need no sorting.
        let mut id_of_label = vec![None; largest + 1];
        labels
            .iter()
            .for_each(|&label| id_of_label[label] = Some(0));
        let mut distinct = Vec::new();
        for (label, id) in id_of_label.iter_mut().enumerate() {
            if let Some(id) = id {
                *id = distinct.len();
                distinct.push(label);
            }
        }
        Self {
            ids: labels
                .iter()
                .filter_map(|&label| id_of_label[label])
                .collect(),
            labels: distinct,
        }
    }

    fn by_sorting(labels: &ArrayRef1<usize>) -> Self {
        let mut distinct = labels.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let id = |&label| distinct.partition_point(|&other| other < label);
        Self {
            ids: labels.iter().map(id).collect(),
            labels: distinct,
        }
    }
}

impl<L> DenseLabels<L> {
    /// The number of distinct labels.
    pub(crate) fn n_labels(&self) -> usize {
        self.labels.len()
    }

    /// For each id the number of its rows.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_labels()];
        self.ids.iter().for_each(|&id| counts[id] += 1);
        counts
    }

    /// The rows of each id.
    pub(crate) fn grouped(&self) -> RowGroups {
        let mut starts = vec![0];
        let mut end = 0;
        starts.extend(self.counts().into_iter().map(|count| {
            end += count;
            end
        }));
        let mut next = starts.clone();
        let mut order = vec![0; self.ids.len()];
        for (row, &id) in self.ids.iter().enumerate() {
            order[next[id]] = row;
            next[id] += 1;
        }
        RowGroups { order, starts }
    }
}

/// All rows sorted by id, in ascending order within an id.
#[derive(Clone, Debug)]
pub(crate) struct RowGroups {
    pub(crate) order: Vec<usize>,
    /// Where each group begins in that order, and the number of rows.
    starts: Vec<usize>,
}

impl RowGroups {
    /// The places of a group in the order.
    pub(crate) fn places(&self, id: usize) -> Range<usize> {
        self.starts[id]..self.starts[id + 1]
    }

    /// The rows of a group.
    pub(crate) fn rows(&self, id: usize) -> &[usize] {
        &self.order[self.places(id)]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    #[test]
    fn ids_lead_back_to_labels() {
        let labels = ["b", "a", "b", "c", "a"];
        let dense = DenseLabels::by_appearance(labels);
        assert_eq!(dense.labels, ["b", "a", "c"]);
        assert_eq!(dense.ids, [0, 1, 0, 2, 1]);
        assert_eq!(dense.counts(), [2, 2, 1]);
        let back = dense.ids.iter().map(|&id| dense.labels[id]);
        assert!(back.eq(labels));
    }

    #[test]
    fn numbers_are_numbered_in_ascending_order_whatever_their_gaps() {
        for scale in [1, 3, usize::MAX / 7] {
            let dense = DenseLabels::ascending(&(array![7, 2, 7, 0, 2] * scale));
            assert_eq!(dense.labels, [0, 2 * scale, 7 * scale]);
            assert_eq!(dense.ids, [2, 1, 2, 0, 1]);
        }
        let none = DenseLabels::ascending(&Array1::zeros(0));
        assert_eq!((none.n_labels(), none.grouped().order.len()), (0, 0));
    }

    #[test]
    fn groups_hold_their_rows_in_order() {
        let groups = DenseLabels::ascending(&array![5, 1, 5, 3, 1, 5]).grouped();
        assert_eq!(groups.order, [1, 4, 3, 0, 2, 5]);
        assert_eq!(groups.rows(0), [1, 4]);
        assert_eq!(groups.rows(1), [3]);
        assert_eq!(groups.places(2), 3..6);
    }
}
