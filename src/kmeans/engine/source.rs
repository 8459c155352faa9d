//! The points as the engines see them.

use std::borrow::Cow;

use super::filtering::Filtering;
use super::lloyd::Lloyd;
use super::yinyang::Yinyang;
use super::{Algorithm, Assign};
use crate::float::Float;
use crate::kernels::{NO_LABEL, Rows};
use crate::kmeans::tree::Tree;
use crate::points::Points;

/// The points, and what was made of them once for all restarts.
#[derive(Debug)]
pub(crate) struct Source<'a, F: Float> {
    /// As they were given.
    pub(crate) points: &'a Points<'a, F>,
    tree: Option<Tree<F>>,
    has_bounds: bool,
}

impl<'a, F: Float> Source<'a, F> {
    pub(crate) fn new(points: &'a Points<'a, F>, algorithm: Algorithm, n_clusters: usize) -> Self {
        let builds_tree = match algorithm {
            Algorithm::Lloyd | Algorithm::Yinyang => false,
            Algorithm::Filtering => true,
            Algorithm::Auto => n_clusters >= 4 && points.n_features() <= 8 && points.len() >= 4096,
        };
        let tree = builds_tree.then(|| Tree::new(points)).flatten();
        let has_bounds = match algorithm {
            Algorithm::Lloyd | Algorithm::Filtering => false,
            Algorithm::Yinyang => true,
            Algorithm::Auto => n_clusters >= 32 && points.n_features() >= 16,
        };
        Self {
            points,
            tree,
            has_bounds,
        }
    }

    /// The points to label: in another order perhaps, and equal ones perhaps as one.
    pub(crate) fn working(&self) -> &Points<'_, F> {
        self.tree.as_ref().map_or(self.points, |tree| &tree.points)
    }

    /// A place for a label for each point to label.
    pub(super) fn no_labels(&self) -> Vec<u32> {
        vec![NO_LABEL; self.working().len()]
    }

    /// From the labels of these points to those of the points as they were given.
    pub(crate) fn spread<'b>(&self, labels: &'b [u32]) -> Cow<'b, [u32]> {
        match &self.tree {
            Some(tree) => Cow::Owned(tree.spread(labels)),
            None => Cow::Borrowed(labels),
        }
    }

    /// IN: `start`, the first centroids.
    pub(super) fn engine(&self, start: &Rows<'_, F>) -> Box<dyn Assign<F> + '_> {
        match &self.tree {
            Some(tree) => Box::new(Filtering::new(tree)),
            None if self.has_bounds => Box::new(Yinyang::new(self.points, start)),
            None => self.plain_engine(),
        }
    }

    pub(super) fn plain_engine(&self) -> Box<dyn Assign<F> + '_> {
        Box::new(Lloyd::new(self.working()))
    }
}
