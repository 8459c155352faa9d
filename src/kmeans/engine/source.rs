//! The choice of an engine, and what it works on.

use super::Assign;
use super::filtering::Filtering;
use super::lloyd::Lloyd;
use super::yinyang::{Yinyang, is_worth_trying};
use crate::data::{Points, count_distinct};
use crate::float::Float;
use crate::kernels::{NO_LABEL, Rows};
use crate::kmeans::algorithm::Algorithm;
use crate::prepared::Prepared;
use crate::random::Stream;

/// The points as an engine needs them.
#[derive(Debug)]
pub(crate) struct Source<'a, F: Float> {
    pub(crate) prepared: Prepared<'a, F>,
    has_bounds: bool,
}

impl<'a, F: Float> Source<'a, F> {
    /// IN: `passes`, how many iterations there will be, about.
    pub(crate) fn new(
        points: &'a Points<'a, F>,
        algorithm: Algorithm,
        n_clusters: usize,
        passes: usize,
    ) -> Self {
        let algorithm = match algorithm {
            Algorithm::Auto => choose(points, n_clusters, passes),
            chosen => chosen,
        };
        let prepared = Prepared::plain(points);
        Self {
            prepared: match algorithm {
                Algorithm::Filtering => prepared.with_tree(),
                Algorithm::Yinyang => prepared.with_sketch(),
                _ => prepared,
            },
            has_bounds: algorithm == Algorithm::Yinyang,
        }
    }

    /// A place for a label for each point to label.
    pub(super) fn no_labels(&self) -> Vec<u32> {
        vec![NO_LABEL; self.prepared.working().len()]
    }

    /// IN: `start`, the first centroids.
    pub(super) fn engine(&self, start: &Rows<'_, F>) -> Box<dyn Assign<F> + '_> {
        let Prepared {
            points,
            tree,
            sketch,
        } = &self.prepared;
        match tree {
            Some(tree) => Box::new(Filtering::new(tree)),
            None if self.has_bounds => Box::new(Yinyang::new(points, sketch.as_ref(), start)),
            None => self.plain_engine(),
        }
    }

    pub(super) fn plain_engine(&self) -> Box<dyn Assign<F> + '_> {
        Box::new(Lloyd::new(self.prepared.working()))
    }
}

/// What [`Algorithm::Auto`] is.
fn choose<F: Float>(points: &Points<'_, F>, n_clusters: usize, passes: usize) -> Algorithm {
    let d = points.n_features();
    // PERF: building the tree takes about 8 ms on 273,280 x 3. That does not pay for 20 or 40
    // iterations at k = 8 (14 to 19 instead of 8 ms, 19 instead of 15), and does for 20 at k = 64. In 8
    // features of normal data boxes ruled out nothing.
    let scores = n_clusters.saturating_mul(d + 4).saturating_mul(passes);
    // PERF: with 5,000 points and 64 clusters the tree took as long as it saved on blobs, and half as
    // long again as plain iterations on normal data; with 1,000 clusters half as long on blobs.
    let is_large = points.len() >= 4096 && points.len().saturating_mul(n_clusters) >= 1 << 20;
    if is_large && scores >= 4000 && (d <= 4 || repeats(points)) {
        return Algorithm::Filtering;
    }
    // With fewer clusters there are too few groups of them; with fewer features, or rows, scores
    // cost too little to try bounds.
    let is_large = points.len() >= 1024 && is_worth_trying(points.len(), n_clusters, d);
    if n_clusters >= 32 && d > 4 && is_large {
        return Algorithm::Yinyang;
    }
    Algorithm::Lloyd
}

/// Whether many of at least 4096 points are equal, and could be merged, going by a sample.
fn repeats<F: Float>(points: &Points<'_, F>) -> bool {
    const SAMPLE: usize = 2048;
    if points.count().is_none() {
        return false;
    }
    let mut stream = Stream::new(0, 0);
    let rows = (0..SAMPLE).map(|_| points.rows().row(stream.below(points.len())));
    10 * count_distinct(rows) < 6 * SAMPLE
}
