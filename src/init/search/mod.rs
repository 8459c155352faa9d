//! Finding the points that are nearer to a candidate than to all centroids so far, without
//! measuring the others.
//!
//! - If there is a tree, a box is skipped if it is farther from the candidate than all its points are from
//!   their centroids (E. Raff, *Exact acceleration of k-means++ and k-means||*, IJCAI 2021, has such tests
//!   for points).
//! - With more than a few features, the triangle inequality rules out points first, and then distances in
//!   the precision of the data, or those of sketches if there are any.

mod boxes;
mod exhaustive;
mod screened;

use std::ops::Range;

use boxes::Boxes;
use exhaustive::Exhaustive;
use screened::Screened;

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{FEW_FEATURES, NearPair};
use crate::parallel::{BLOCK, Blocks, PARTS};
use crate::prepared::{KdTree, Prepared};

/// A way to find points that are nearer to a candidate.
pub(super) trait Search: Sync {
    /// The results of `collect` for parts of the points. It is given the points that are nearer to one of
    /// the candidates (original rows) than their squared distances in `closest`.
    fn find(&self, candidates: &[usize], closest: &[f64], collect: Collect<'_>) -> Vec<Found>;

    /// Adds a row as a centroid. The points `found` are nearer to it than to the others; `closest` has the
    /// squared distances including it.
    fn add(&mut self, row: usize, found: &mut dyn Iterator<Item = &NearPair>, closest: &[f64]);
}

/// What to do with the points found in a part.
pub(super) type Collect<'c> = &'c (dyn Fn(&[NearPair]) -> Found + Sync);

/// The result for the points found in a part.
pub(super) struct Found {
    /// For each candidate, how much these points lower the potential.
    pub(super) drops: Vec<f64>,
    /// All of them, if they are kept.
    pub(super) pairs: Option<Vec<NearPair>>,
}

/// The points that are searched: as they were given, or those of a tree.
pub(super) struct Searched<'a, F: Float> {
    pub(super) points: &'a Points<'a, F>,
    tree: Option<&'a KdTree<F>>,
}

impl<'a, F: Float> Searched<'a, F> {
    pub(super) fn new(prepared: &'a Prepared<'a, F>) -> Self {
        // Equal points of different weights cannot be merged in the sums.
        let unweighted = prepared.points.weights().is_none();
        let tree = prepared.tree.as_ref().filter(|_| unweighted);
        Self {
            points: tree.map_or(prepared.points, |tree| &tree.points),
            tree,
        }
    }

    /// For each original point, its place among those searched; empty if that is its own number.
    pub(super) fn places(&self) -> Vec<u32> {
        let places: Vec<u32> = (0..self.points.len() as u32).collect();
        self.tree
            .map_or_else(Vec::new, |tree| tree.to_originals(&places))
    }

    /// The original points that one searched stands for.
    pub(super) fn originals(&self, place: usize) -> impl Iterator<Item = usize> {
        let own = self.tree.is_none().then_some(place);
        let merged = self.tree.map_or(&[][..], |tree| tree.originals(place));
        own.into_iter()
            .chain(merged.iter().map(|&row| row as usize))
    }

    /// The number of these.
    pub(super) fn n_originals(&self, place: usize) -> f64 {
        self.tree
            .map_or(1.0, |tree| tree.originals(place).len() as f64)
    }

    /// The weight of each of these.
    pub(super) fn weight(&self, place: usize) -> f64 {
        match self.tree {
            Some(_) => 1.0,
            None => self.points.weight(place),
        }
    }

    /// Whether the fastest search measures all points.
    pub(super) fn is_exhaustive(&self) -> bool {
        self.tree.is_none() && self.points.n_features() <= FEW_FEATURES
    }

    /// The fastest search.
    pub(super) fn search(&self, prepared: &'a Prepared<'a, F>) -> Box<dyn Search + 'a> {
        match self.tree {
            Some(tree) => Box::new(Boxes::new(prepared.points, tree)),
            None if self.is_exhaustive() => Box::new(Exhaustive(self.points)),
            None => Box::new(Screened::new(self.points, prepared.sketch.as_ref())),
        }
    }
}

/// The results of `collect` for parts of the points, given what `find` finds in their blocks. It numbers the
/// points of a block from 0.
fn find_by_blocks(
    len: usize,
    work: usize,
    find: impl Fn(Range<usize>, &mut Vec<NearPair>) + Sync,
    collect: Collect<'_>,
) -> Vec<Found> {
    Blocks::parts(len, PARTS, work).map(|part| {
        let mut nearer = Vec::new();
        for start in part.clone().step_by(BLOCK) {
            let before = nearer.len();
            find(start..part.end.min(start + BLOCK), &mut nearer);
            let own = nearer[before..].iter_mut();
            own.for_each(|found| found.point += start);
        }
        collect(&nearer)
    })
}
