//! Finding the points that are nearer to a candidate than to all centroids so far, without
//! measuring the others.
//!
//! - Where there is a tree, a box is passed over if it is farther from the candidate than all its
//!   points are from their centroids (E. Raff, *Exact acceleration of k-means++ and k-means||*,
//!   IJCAI 2021, has such tests for points).
//! - Where there are sketches the triangle inequality, and then scores of them, rule points out.

mod boxes;
mod scores;

use boxes::Boxes;
use scores::Scores;

use crate::float::Float;
use crate::kernels::Nearer;
use crate::points::Points;
use crate::prepared::Prepared;

/// What a search goes by.
pub(super) enum Search<'a, F: Float> {
    Boxes(Boxes<'a, F>),
    Scores(Scores<'a, F>),
}

impl<'a, F: Float> Search<'a, F> {
    /// `None` where measuring all points takes no longer.
    ///
    /// PERF: scores of whole points, and not of sketches, took 1.0 instead of 1.3 s for 256 of
    /// 100,000 x 64 in clusters, but 1.4 instead of 1.05 s without clusters, and 0.15 instead of
    /// 0.12 s for 256 of 10,000 word vectors of 50 features.
    pub(super) fn new(prepared: &'a Prepared<'a, F>) -> Option<Self> {
        let Prepared {
            points,
            tree,
            sketch,
        } = prepared;
        match (tree, sketch) {
            // Points of different weights are not one in the sums.
            (Some(tree), _) if points.weights().is_none() => {
                Some(Self::Boxes(Boxes::new(points, tree)))
            }
            (None, Some(sketch)) => Some(Self::Scores(Scores::new(points, sketch))),
            _ => None,
        }
    }

    /// The points that are searched.
    pub(super) fn points(&self) -> &Points<'_, F> {
        match self {
            Self::Boxes(boxes) => &boxes.tree.points,
            Self::Scores(scores) => scores.points,
        }
    }

    /// For each original point its place among those searched; empty where it is its own.
    pub(super) fn places(&self) -> Vec<u32> {
        match self {
            Self::Boxes(boxes) => {
                let places: Vec<u32> = (0..boxes.tree.points.len() as u32).collect();
                boxes.tree.spread(&places)
            }
            Self::Scores(_) => Vec::new(),
        }
    }

    /// The original points that one searched stands for.
    pub(super) fn originals(&self, place: usize) -> impl Iterator<Item = usize> {
        let (own, merged) = match self {
            Self::Boxes(boxes) => (None, boxes.tree.originals(place)),
            Self::Scores(_) => (Some(place), &[][..]),
        };
        own.into_iter()
            .chain(merged.iter().map(|&row| row as usize))
    }

    /// How many these are.
    pub(super) fn copies(&self, place: usize) -> f64 {
        match self {
            Self::Boxes(boxes) => boxes.tree.originals(place).len() as f64,
            Self::Scores(_) => 1.0,
        }
    }

    /// The weight of each of these.
    pub(super) fn weight(&self, place: usize) -> f64 {
        match self {
            // In the tree no weights were given.
            Self::Boxes(_) => 1.0,
            Self::Scores(scores) => scores.points.weight(place),
        }
    }

    /// The results of `f` for the points that are nearer to one of the candidates, original rows,
    /// than the squared distance known of them, in parts.
    pub(super) fn map_nearer<R: Send>(
        &self,
        candidates: &[usize],
        closest: &[f64],
        f: impl Fn(&[Nearer]) -> R + Sync,
    ) -> Vec<R> {
        match self {
            Self::Boxes(boxes) => boxes.map_nearer(candidates, closest, f),
            Self::Scores(scores) => scores.map_nearer(candidates, closest, f),
        }
    }

    /// Takes in a row as a centroid, the first one or that which some points were found to be nearer
    /// to; `closest` are the squared distances with it.
    pub(super) fn add(&mut self, row: usize, found: &[Nearer], closest: &[f64]) {
        match self {
            Self::Boxes(boxes) => boxes.set_largest(closest),
            Self::Scores(scores) => scores.add(row, found),
        }
    }
}
