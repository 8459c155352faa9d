//! Finding the points that are nearer to a candidate than to all centroids so far, without
//! measuring the others.
//!
//! - Where there is a tree, a box is passed over if it is farther from the candidate than all its
//!   points are from their centroids (E. Raff, *Exact acceleration of k-means++ and k-means||*,
//!   IJCAI 2021, has such tests for points).
//! - In more than a few features the triangle inequality rules points out, and then distances in the
//!   precision of the data, or those of sketches where there are any.

mod boxes;
mod screened;

use std::ops::Range;

use boxes::Boxes;
use screened::Screened;

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{FEW_FEATURES, NearPair, Rows};
use crate::parallel::{self, BLOCK};
use crate::prepared::Prepared;

/// What a search goes by.
pub(super) enum Search<'a, F: Float> {
    /// All points are measured.
    Plain(&'a Points<'a, F>),
    Boxes(Boxes<'a, F>),
    Screened(Screened<'a, F>),
}

impl<'a, F: Float> Search<'a, F> {
    /// The fastest for these points.
    pub(super) fn new(prepared: &'a Prepared<'a, F>) -> Self {
        let Prepared {
            points,
            tree,
            sketch,
        } = prepared;
        match (tree, sketch) {
            // Points of different weights are not one in the sums.
            (Some(tree), _) if points.weights().is_none() => Self::Boxes(Boxes::new(points, tree)),
            (_, sketch) if points.n_features() > FEW_FEATURES => {
                Self::Screened(Screened::new(points, sketch.as_ref()))
            }
            _ => Self::Plain(points),
        }
    }

    /// Whether all points are measured, each standing for itself.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// The points that are searched.
    pub(super) fn points(&self) -> &'a Points<'a, F> {
        match self {
            Self::Plain(points) => points,
            Self::Boxes(boxes) => &boxes.tree.points,
            Self::Screened(screened) => screened.points,
        }
    }

    /// For each original point its place among those searched; empty where it is its own.
    pub(super) fn places(&self) -> Vec<u32> {
        match self {
            Self::Boxes(boxes) => {
                let places: Vec<u32> = (0..boxes.tree.points.len() as u32).collect();
                boxes.tree.to_originals(&places)
            }
            Self::Plain(_) | Self::Screened(_) => Vec::new(),
        }
    }

    /// The original points that one searched stands for.
    pub(super) fn originals(&self, place: usize) -> impl Iterator<Item = usize> {
        let (own, merged) = match self {
            Self::Boxes(boxes) => (None, boxes.tree.originals(place)),
            Self::Plain(_) | Self::Screened(_) => (Some(place), &[][..]),
        };
        own.into_iter()
            .chain(merged.iter().map(|&row| row as usize))
    }

    /// How many these are.
    pub(super) fn copies(&self, place: usize) -> f64 {
        match self {
            Self::Boxes(boxes) => boxes.tree.originals(place).len() as f64,
            Self::Plain(_) | Self::Screened(_) => 1.0,
        }
    }

    /// The weight of each of these.
    pub(super) fn weight(&self, place: usize) -> f64 {
        match self {
            // In the tree no weights were given.
            Self::Boxes(_) => 1.0,
            Self::Plain(points) => points.weight(place),
            Self::Screened(screened) => screened.points.weight(place),
        }
    }

    /// The results of `f` for the points that are nearer to one of the candidates, original rows,
    /// than the squared distance known of them, in parts.
    pub(super) fn map_nearer<R: Send>(
        &self,
        candidates: &[usize],
        closest: &[f64],
        f: impl Fn(&[NearPair]) -> R + Sync,
    ) -> Vec<R> {
        match self {
            Self::Plain(points) => measure_all(points, candidates, closest, f),
            Self::Boxes(boxes) => boxes.map_nearer(candidates, closest, f),
            Self::Screened(screened) => screened.map_nearer(candidates, closest, f),
        }
    }

    /// Takes in a row as a centroid, which the points `found` are nearer to; `closest` are the
    /// squared distances with it.
    pub(super) fn add<'b>(
        &mut self,
        row: usize,
        found: impl Iterator<Item = &'b NearPair>,
        closest: &[f64],
    ) {
        match self {
            Self::Plain(_) => {}
            Self::Boxes(boxes) => boxes.set_largest(closest),
            Self::Screened(screened) => screened.add(row, found),
        }
    }
}

fn measure_all<F: Float, R: Send>(
    points: &Points<'_, F>,
    candidates: &[usize],
    closest: &[f64],
    f: impl Fn(&[NearPair]) -> R + Sync,
) -> Vec<R> {
    let d = points.n_features();
    let candidates = points.values_of(candidates);
    let candidates = Rows::new(&candidates, d);
    let work = parallel::work(points.len(), candidates.len(), d);
    let find = |range: Range<usize>, nearer: &mut Vec<NearPair>| {
        let (rows, kernels) = (points.rows().slice(range.clone()), points.kernels);
        kernels.measured_pairs(&rows, &candidates, &closest[range], nearer);
    };
    map_found(points.len(), work, find, f)
}

/// The results of `f` for parts of the points, given what `find` finds in their blocks. It numbers the
/// points of a block from 0.
fn map_found<R: Send>(
    len: usize,
    work: usize,
    find: impl Fn(Range<usize>, &mut Vec<NearPair>) + Sync,
    f: impl Fn(&[NearPair]) -> R + Sync,
) -> Vec<R> {
    parallel::map_parts(len, work, |part| {
        let mut nearer = Vec::new();
        for start in part.clone().step_by(BLOCK) {
            let before = nearer.len();
            find(start..part.end.min(start + BLOCK), &mut nearer);
            let own = nearer[before..].iter_mut();
            own.for_each(|found| found.point += start);
        }
        f(&nearer)
    })
}
