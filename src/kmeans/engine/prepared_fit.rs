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
pub(crate) struct PreparedFit<'a, F: Float> {
    pub(crate) prepared: Prepared<'a, F>,
    has_bounds: bool,
}

impl<'a, F: Float> PreparedFit<'a, F> {
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
    if points.copies().is_none() {
        return false;
    }
    let mut stream = Stream::new(0, 0);
    let rows = (0..SAMPLE).map(|_| points.rows().row(stream.below(points.len())));
    10 * count_distinct(rows) < 6 * SAMPLE
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::Algorithm::{Filtering, Lloyd, Yinyang};
    use super::*;

    /// What is chosen for rows of which as many differ as asked for.
    fn chosen(n: usize, d: usize, n_distinct: usize, k: usize, passes: usize) -> Algorithm {
        let value = |i: usize| (i % n_distinct) as f32;
        let x = Array2::from_shape_fn((n, d), |(i, j)| value(i) + j as f32);
        choose(&Points::check("x", &x).unwrap(), k, passes)
    }

    #[test]
    fn the_engine_is_chosen_by_shape_passes_and_repetition() {
        for (n, d, n_distinct, k, passes, expected) in [
            // Boxes: few features, enough points, clusters and passes to build the tree for.
            (50_000, 3, 50_000, 64, 20, Filtering),
            (50_000, 4, 50_000, 64, 20, Filtering),
            (300_000, 3, 300_000, 8, 20, Lloyd),
            (300_000, 3, 300_000, 8, 200, Filtering),
            (4_096, 2, 4_096, 256, 20, Filtering),
            (4_095, 2, 4_095, 1000, 20, Lloyd),
            (50_000, 3, 50_000, 20, 200, Lloyd),
            // Or equal points, which the tree merges.
            (50_000, 8, 100, 64, 20, Filtering),
            // Bounds: more features, at least 32 clusters, enough blocks to try them on.
            (50_000, 5, 50_000, 64, 20, Yinyang),
            (50_000, 16, 50_000, 32, 20, Yinyang),
            (50_000, 16, 50_000, 31, 20, Lloyd),
            (1_797, 64, 1_797, 50, 20, Yinyang),
            (1_023, 64, 1_023, 50, 20, Lloyd),
            (2_000, 8, 2_000, 64, 20, Lloyd),
            (600, 2, 600, 8, 200, Lloyd),
        ] {
            let what = format!("{n} x {d}, {n_distinct} distinct, k = {k}, {passes} passes");
            assert_eq!(chosen(n, d, n_distinct, k, passes), expected, "{what}");
        }
    }
}
