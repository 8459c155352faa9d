//! The plain kernel: every point against every centroid.
//!
//! ```text
//! for each panel of points                         one point per lane, P vectors of them
//!     bring the points into the frame, transposed
//!     for each tile of centroids
//!         score[t][p] = |c_t|^2 / 2 - x_p c_t      TILE x P registers, one pass over the features
//!         fold the scores into the best, its index, and the second best
//!     where the second best is too near the best, let direct distances decide
//! ```
//!
//! The score differs from half the squared distance by `|x|^2 / 2`, the same for all centroids.
//! It is computed with rounding, so it only *filters*: where it cannot tell the winner beyond
//! doubt, [`sq_dist`](super::super::sq_dist) decides. The label is therefore always that of the smallest
//! one, the lowest index among equals, whatever the instruction set, tile or frame.

use super::packed::{Packed, TILE};
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::decision::nearest_row;
use crate::kernels::isa::{MAX_LANES, Simd};
use crate::kernels::transpose::fill_panel;
use crate::kernels::{Kernels, Rows, Work};

impl<F: Float> Kernels<F> {
    /// The label of the nearest centroid for each point: the smallest [`sq_dist`], the lowest
    /// index among equals.
    ///
    /// IN: `points`, `centroids` of as many features. IN, OUT: `labels`, one for each point; what
    /// they were before only decides what counts as reassigned.
    pub(crate) fn nearest(
        &self,
        points: &Rows<'_, F>,
        centroids: &Packed<F>,
        labels: &mut [u32],
    ) -> Work {
        assert_eq!(points.len(), labels.len(), "one label for each point");
        assert_eq!(
            points.n_features(),
            centroids.centre().len(),
            "as many features"
        );
        F::with_scratch(self.panel * points.n_features(), |panel| {
            (self.nearest)(points, centroids, labels, panel)
        })
    }
}

/// See [`Kernels::nearest`]; `panel` is workspace of `P * LANES` points.
#[inline(always)]
pub(in crate::kernels) fn nearest<F: Float, S: Simd<F>, const P: usize>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    labels: &mut [u32],
    panel: &mut [F],
) -> Work {
    let width = P * S::LANES;
    let slack = centroids.slack();
    let mut work = Work::default();
    let mut changed = [0; MAX_LANES];
    for (number, labels) in labels.chunks_mut(width).enumerate() {
        let block = points.slice(number * width..number * width + labels.len());
        let (centre, scale) = (centroids.centre(), centroids.scale);
        let bring = |x: F, j: usize| (x - centre[j]) * scale;
        fill_panel(simd, &block, panel, width, bring, |x, j| {
            simd.mul(simd.sub(x, simd.splat(centre[j])), simd.splat(scale))
        });
        let sq_norms = sq_norms::<F, S, P>(simd, panel);
        let best = scan_tiles::<F, S, P>(simd, panel, centroids);
        for (p, labels) in labels.chunks_mut(S::LANES).enumerate() {
            let doubt = slack.of_order(simd, sq_norms[p], best.score[p]);
            let clear = simd.less(doubt, simd.sub(best.second[p], best.score[p]));
            let mut index = [F::ZERO; MAX_LANES];
            simd.store(best.index[p], &mut index);
            if !simd.all(clear) {
                let mut is_clear = [F::ZERO; MAX_LANES];
                let clear = simd.select(clear, simd.splat(F::ONE), simd.splat(F::ZERO));
                simd.store(clear, &mut is_clear);
                let rows = block.slice(p * S::LANES..p * S::LANES + labels.len());
                work.exact_checks += check_exactly(&rows, centroids, &is_clear, &mut index);
            }
            relabel(labels, &index[..S::LANES], &mut changed[..S::LANES]);
        }
    }
    work.distances = (points.len() + work.exact_checks) * centroids.len();
    work.reassigned = changed.iter().map(|&count| count as usize).sum();
    work
}

/// OUT: `labels`; to `changed`, one counter per lane, is added where they were different before.
#[inline(always)]
fn relabel<F: Sealed + Copy>(labels: &mut [u32], index: &[F], changed: &mut [u32]) {
    let mut relabel = |labels: &mut [u32]| {
        for ((label, index), changed) in labels.iter_mut().zip(index).zip(&mut *changed) {
            let nearest = index.to_index();
            *changed += u32::from(*label != nearest);
            *label = nearest;
        }
    };
    // PERF: where the length is that of a constant the loop becomes a few vector instructions.
    if labels.len() == index.len() {
        relabel(&mut labels[..index.len()]);
    } else {
        relabel(labels);
    }
}

/// Lets direct distances decide for the points whose `is_clear` is 0.
/// OUT: `index` of those points. Returns their number.
#[cold]
#[inline(never)]
fn check_exactly<F: Float>(
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    is_clear: &[F],
    index: &mut [F],
) -> usize {
    let mut exact_checks = 0;
    for ((row, is_clear), index) in points.iter().zip(is_clear).zip(index) {
        if *is_clear == F::ZERO {
            *index = F::from_index(nearest_row(row, &centroids.rows()).0);
            exact_checks += 1;
        }
    }
    exact_checks
}

#[inline(always)]
fn sq_norms<F: Float, S: Simd<F>, const P: usize>(simd: S, panel: &[F]) -> [S::Vector; P] {
    let mut sq_norms = [simd.splat(F::ZERO); P];
    for column in panel.chunks_exact(P * S::LANES) {
        for (p, sq_norm) in sq_norms.iter_mut().enumerate() {
            let x = simd.load(&column[p * S::LANES..]);
            *sq_norm = simd.mul_add(x, x, *sq_norm);
        }
    }
    sq_norms
}

/// The best centroids so far of the points of one panel.
struct Best<V, const P: usize> {
    score: [V; P],
    index: [V; P],
    second: [V; P],
}

#[inline(always)]
fn scan_tiles<F: Float, S: Simd<F>, const P: usize>(
    simd: S,
    panel: &[F],
    centroids: &Packed<F>,
) -> Best<S::Vector, P> {
    let infinity = [simd.splat(F::INFINITY); P];
    let first = [simd.splat(F::from_index(0)); P];
    let mut best = Best {
        score: infinity,
        index: first,
        second: infinity,
    };
    let size = TILE * (1 + centroids.centre().len());
    for (number, tile) in centroids.tiles.chunks_exact(size).enumerate() {
        let score = score_tile::<F, S, P>(simd, panel, tile);
        let first = (number * TILE) as u32;
        let pairs = score.chunks_exact(2).zip((first..).step_by(2));
        for (pair, index) in pairs {
            let index = [F::from_index(index), F::from_index(index + 1)];
            for (p, (&even, &odd)) in pair[0].iter().zip(&pair[1]).enumerate() {
                best.offer(simd, p, [even, odd], index);
            }
        }
    }
    best
}

#[inline(always)]
fn score_tile<F: Float, S: Simd<F>, const P: usize>(
    simd: S,
    panel: &[F],
    tile: &[F],
) -> [[S::Vector; P]; TILE] {
    let (halves, coordinates) = tile.split_at(TILE);
    let mut score = [[simd.splat(F::ZERO); P]; TILE];
    for t in 0..TILE {
        score[t] = [simd.splat(halves[t]); P];
    }
    for (column, c) in panel
        .chunks_exact(P * S::LANES)
        .zip(coordinates.chunks_exact(TILE))
    {
        let mut x = [simd.splat(F::ZERO); P];
        for p in 0..P {
            x[p] = simd.load(&column[p * S::LANES..]);
        }
        for t in 0..TILE {
            let c = simd.splat(c[t]);
            for p in 0..P {
                score[t][p] = simd.mul_add(x[p], c, score[t][p]);
            }
        }
    }
    score
}

impl<V: Copy, const P: usize> Best<V, P> {
    /// Takes in the scores of two centroids, the one of lower index first.
    ///
    /// PERF: the lower of the two is found first; it then either is the best, and the old best or
    /// the higher one may be second, or it alone may be second. That takes three comparisons and
    /// minima instead of four, which matters because on Zen 4 they share the multiplier's ports
    /// and selections do not: 9.6 instead of 7.6 G (point, centroid) pairs per second at d = 3.
    #[inline(always)]
    fn offer<F: Float, S>(&mut self, simd: S, p: usize, score: [V; 2], index: [F; 2])
    where
        S: Simd<F, Vector = V>,
    {
        let swap = simd.less(score[1], score[0]);
        let low = simd.select(swap, score[1], score[0]);
        let high = simd.select(swap, score[0], score[1]);
        let low_index = simd.select(swap, simd.splat(index[1]), simd.splat(index[0]));
        let better = simd.less(low, self.score[p]);
        self.second[p] = simd.min(
            simd.select(better, self.score[p], self.second[p]),
            simd.select(better, high, low),
        );
        self.score[p] = simd.select(better, low, self.score[p]);
        self.index[p] = simd.select(better, low_index, self.index[p]);
    }
}

#[cfg(test)]
mod tests;
