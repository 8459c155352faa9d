//! Points made ready for many passes: once, for all restarts.

mod kd_tree;
mod sketch;

use std::borrow::Cow;

pub(crate) use kd_tree::{KdTree, KdTreeOptions};
pub(crate) use sketch::Sketch;

use crate::data::Points;
use crate::float::Float;

/// Points per leaf of the trees that centroids and candidates are compared with.
const LEAF_SIZE: usize = 128;

/// The points, and what was made of them.
#[derive(Debug)]
pub(crate) struct Prepared<'a, F: Float> {
    /// As they were given.
    pub(crate) points: &'a Points<'a, F>,
    /// In the order of a k-d tree.
    pub(crate) tree: Option<KdTree<F>>,
    /// In few coordinates.
    pub(crate) sketch: Option<Sketch<F>>,
}

impl<'a, F: Float> Prepared<'a, F> {
    /// The points as they are.
    pub(crate) fn plain(points: &'a Points<'a, F>) -> Self {
        Self {
            points,
            tree: None,
            sketch: None,
        }
    }

    pub(crate) fn with_tree(mut self) -> Self {
        let options = KdTreeOptions {
            leaf_size: LEAF_SIZE,
            merge_equal: true,
        };
        self.tree = KdTree::new(self.points, options);
        self
    }

    /// With sketches, if they promise to be of use.
    pub(crate) fn with_sketch(mut self) -> Self {
        self.sketch = Sketch::new(self.points);
        self
    }

    /// The points to work on: in another order perhaps, and equal ones perhaps as one.
    pub(crate) fn working(&self) -> &Points<'_, F> {
        self.tree.as_ref().map_or(self.points, |tree| &tree.points)
    }

    /// From a value for each of these to one for each of the points as they were given.
    pub(crate) fn to_originals<'b>(&self, values: &'b [u32]) -> Cow<'b, [u32]> {
        match &self.tree {
            Some(tree) => Cow::Owned(tree.to_originals(values)),
            None => Cow::Borrowed(values),
        }
    }
}
