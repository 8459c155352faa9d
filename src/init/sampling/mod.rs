//! Starts from few passes over the rows, in memory or not: k-means|| and random rows.
//!
//! ```text
//! take a row by weight
//! in each round:
//!     take l k rows, one after another by w D^2   (D: distance to those taken before the round)
//! until there were enough rounds, and the last did not halve the potential, the sum of w D^2
//! weigh each by the rows nearest to it
//! choose k of them by greedy k-means++
//! ```
//!
//! A sample is one pass: each row draws a key, and a [`Reservoir`] keeps the rows of the least keys. The random
//! numbers belong to the number of the row, so the rows that are taken do not depend on how the data is cut.
//!
//! B. Bahmani et al., *Scalable k-means++*, PVLDB 5(7), 2012, doi:10.14778/2180912.2180915, where a round takes
//! each row independently of the others, `l k` of them on average.

use std::ops::Range;

use super::plus_plus;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Rows};
use crate::numeric::{LongSums, pairwise_sum};
use crate::parallel::{self, BLOCK, Blocks, PARTS};
use crate::prepared::Prepared;
use crate::random::{Reservoir, Stream};

/// A start in the making: which pass is next, and what the passes have found.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Seeding<F> {
    pub(crate) method: Method,
    pub(crate) n_clusters: usize,
    pub(crate) n_features: usize,
    pub(crate) seed: u64,
    /// The rows taken so far, row-major.
    pub(crate) candidates: Vec<F>,
    /// The samples drawn so far.
    pub(crate) n_samples: usize,
    /// For each candidate the weight of the rows nearest to it, if that is known.
    pub(crate) weights: Option<Vec<f64>>,
    /// The potential before the last sample.
    pub(crate) potential: f64,
    /// Whether the last sample halved it.
    pub(crate) is_falling: bool,
    /// Whether all rows equal candidates.
    pub(crate) is_exhausted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Method {
    /// Rows drawn by weight.
    Random,
    /// k-means||, in `rounds` rounds at least. As long as a round more than halves the potential, others follow, up
    /// to `most` in all.
    Parallel {
        rounds: usize,
        most: usize,
        oversampling: usize,
    },
}

/// What a start needs next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// This many rows, drawn by weight times squared distance to the candidates, or by weight if there are none.
    Sample { count: usize, seed: u64 },
    /// The weight of the rows nearest to each candidate.
    Weigh,
    /// Nothing: these candidates are the start.
    Done(Vec<usize>),
}

impl<F: Float> Seeding<F> {
    pub(crate) fn new(method: Method, n_clusters: usize, n_features: usize, seed: u64) -> Self {
        Self {
            method,
            n_clusters,
            n_features,
            seed,
            candidates: Vec::new(),
            n_samples: 0,
            weights: None,
            potential: 0.0,
            is_falling: false,
            is_exhausted: false,
        }
    }

    fn n_candidates(&self) -> usize {
        self.candidates.len() / self.n_features
    }

    pub(crate) fn next(&self) -> Step {
        let seed = Stream::new(self.seed, self.n_samples as u64).seed();
        let k = self.n_clusters;
        let (rounds, most, per_round) = match self.method {
            Method::Random if self.n_samples == 0 => return Step::Sample { count: k, seed },
            Method::Random => return Step::Done(self.filled((0..self.n_candidates()).collect())),
            Method::Parallel {
                rounds,
                most,
                oversampling,
            } => (rounds, most, k.saturating_mul(oversampling)),
        };
        let sample = Step::Sample {
            count: if self.n_samples == 0 { 1 } else { per_round },
            seed,
        };
        match &self.weights {
            _ if self.n_samples <= rounds && !self.is_exhausted => sample,
            None => Step::Weigh,
            Some(weights) if self.is_exhausted => Step::Done(self.chosen(weights)),
            // Candidates are still far from rows that none of them stands for.
            Some(_) if self.is_falling && self.n_samples <= most => sample,
            // A round may have taken equal rows; further rounds take others.
            Some(weights) if n_positive(weights) < k => sample,
            Some(weights) => Step::Done(self.chosen(weights)),
        }
    }

    /// Takes in a sample.
    ///
    /// IN: `rows`, row-major; the `potential` of the candidates before.
    pub(crate) fn sampled(&mut self, rows: &[F], potential: &LongSums) {
        self.n_samples += 1;
        self.potential = potential.total(0);
        match rows.is_empty() {
            true => self.is_exhausted = true,
            false => self.weights = None,
        }
        self.candidates.extend_from_slice(rows);
    }

    /// Takes in the weight of the rows nearest to each candidate.
    ///
    /// IN: the `potential` of the candidates.
    pub(crate) fn weighed(&mut self, weights: &LongSums, potential: &LongSums) {
        self.is_falling = potential.total(0) < 0.5 * self.potential;
        let totals = (0..weights.len()).map(|candidate| weights.total(candidate));
        self.weights = Some(totals.collect());
    }

    /// The candidates chosen by greedy k-means++.
    fn chosen(&self, weights: &[f64]) -> Vec<usize> {
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let share = |&weight: &f64| F::from_f64(weight / largest);
        let weights: Vec<F> = weights.iter().map(share).collect();
        let of = (&self.candidates[..], self.n_features, Some(&weights[..]));
        let candidates = Points::check_block("candidates", of.0, of.1, of.2);
        let candidates = candidates.expect("the values were checked");
        let count = self.n_clusters.min(candidates.n_weighted());
        let mut stream = Stream::new(self.seed, u64::MAX);
        let prepared = Prepared::plain(&candidates);
        self.filled(plus_plus::choose(&prepared, count, &mut stream))
    }

    /// With fewer distinct rows than clusters, copies are as good as any others.
    fn filled(&self, mut chosen: Vec<usize>) -> Vec<usize> {
        let first = chosen.first().copied().unwrap_or(0);
        chosen.resize(self.n_clusters, first);
        chosen
    }
}

fn n_positive(weights: &[f64]) -> usize {
    weights.iter().filter(|&&weight| weight > 0.0).count()
}

/// The rows to start from, of points in memory.
pub(super) fn choose<F: Float>(
    points: &Points<'_, F>,
    method: Method,
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let (n, d) = (points.len(), points.n_features());
    let mut seeding = Seeding::new(method, n_clusters, d, stream.seed());
    let (mut rows, mut nearest) = (Vec::new(), Nearest::default());
    loop {
        match seeding.next() {
            Step::Sample { count, seed } => {
                if !seeding.candidates.is_empty() {
                    nearest.resize(n);
                    nearest.update(points, &seeding.candidates);
                }
                let mut taken = Reservoir::new(count);
                // With each chunk of rows the reservoir refuses more of the next.
                let mut end = 0;
                while end < n {
                    let chunk = end..n.min((2 * end).max(4 * BLOCK));
                    end = chunk.end;
                    let sq_dists = nearest.sq_dists.get(chunk.clone());
                    let of_chunk = points.part(chunk.clone());
                    for (key, row) in
                        keys(&of_chunk, chunk.start as u64, sq_dists, seed, taken.limit())
                    {
                        taken.offer(key, row, || row as usize);
                    }
                }
                let taken: Vec<usize> = taken.into_values().collect();
                let mut potential = LongSums::new(1);
                add_potential(&mut potential, points, &nearest.sq_dists);
                seeding.sampled(&points.values_of(&taken), &potential);
                rows.extend(taken);
            }
            Step::Weigh => {
                nearest.update(points, &seeding.candidates);
                let weights = weights(points, &nearest.labels, rows.len());
                let mut potential = LongSums::new(1);
                add_potential(&mut potential, points, &nearest.sq_dists);
                seeding.weighed(&weights, &potential);
            }
            Step::Done(chosen) => return chosen.into_iter().map(|chosen| rows[chosen]).collect(),
        }
    }
}

/// For each row the nearest candidate, and the squared distance to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearest {
    pub(crate) labels: Vec<u32>,
    pub(crate) sq_dists: Vec<f64>,
    /// How many of the candidates were measured to.
    n_measured: usize,
}

impl Nearest {
    /// Makes room for this many rows, of which nothing is known if there was none.
    pub(crate) fn resize(&mut self, n_rows: usize) {
        self.labels.resize(n_rows, NO_LABEL);
        self.sq_dists.resize(n_rows, f64::INFINITY);
    }

    /// The candidates that have not been measured to, if there are any.
    pub(crate) fn added<F: Float>(&self, candidates: &[F], n_features: usize) -> Option<Packed<F>> {
        let added = &candidates[self.n_measured * n_features..];
        (!added.is_empty()).then(|| Packed::new(&Rows::new(added, n_features)))
    }

    /// That all rows have been measured to this many candidates.
    pub(crate) fn measured(&mut self, n_candidates: usize) {
        self.n_measured = n_candidates;
    }

    pub(crate) fn n_measured(&self) -> usize {
        self.n_measured
    }

    /// Measures all rows to the candidates that are new.
    fn update<F: Float>(&mut self, points: &Points<'_, F>, candidates: &[F]) {
        let d = points.n_features();
        if let Some(added) = self.added(candidates, d) {
            self.measure(points, 0, &added);
        }
        self.measured(candidates.len() / d);
    }

    /// Measures some of the rows, those from `first` on, to the candidates that were [added](Self::added).
    pub(crate) fn measure<F: Float>(
        &mut self,
        points: &Points<'_, F>,
        first: usize,
        added: &Packed<F>,
    ) {
        let before = self.n_measured as u32;
        let rows = first..first + points.len();
        let outputs = (&mut self.labels[rows.clone()], &mut self.sq_dists[rows]);
        let work = parallel::work(points.len(), added.len(), points.n_features() + 16);
        Blocks::new(points.len(), BLOCK, work).fill(outputs, |range, (labels, nearest)| {
            let (mut of_added, mut sq_dists) = ([NO_LABEL; BLOCK], [0.0; BLOCK]);
            let of_added = &mut of_added[..range.len()];
            let sq_dists = &mut sq_dists[..range.len()];
            let (block, kernels) = (points.rows().slice(range), points.kernels);
            kernels.nearest(&block, added, of_added);
            kernels.sq_dists_to_own(&block, &added.rows(), of_added, sq_dists);
            let own = labels.iter_mut().zip(nearest);
            for ((label, nearest), (&of_added, &sq_dist)) in
                own.zip(of_added.iter().zip(&*sq_dists))
            {
                if sq_dist < *nearest {
                    (*label, *nearest) = (before + of_added, sq_dist);
                }
            }
        });
    }
}

/// The rows that draw a key of at most `limit`, with their keys. The key of a row has the exponential
/// distribution whose rate is its weight, times its squared distance if there are any.
///
/// IN: `first`, the number of the first row in all data, a multiple of [`BLOCK`].
pub(crate) fn keys<F: Float>(
    points: &Points<'_, F>,
    first: u64,
    sq_dists: Option<&[f64]>,
    seed: u64,
    limit: f64,
) -> Vec<(f64, u64)> {
    let drawn = Blocks::new(points.len(), BLOCK, 8 * points.len()).map(|range| {
        let first_of_block = first + range.start as u64;
        let mut stream = Stream::new(seed, first_of_block / BLOCK as u64);
        let mut drawn = Vec::new();
        for row in range {
            let rate = points.weight(row) * sq_dists.map_or(1.0, |sq_dists| sq_dists[row]);
            let key = stream.exponential_within(rate, limit);
            drawn.extend(key.map(|key| (key, first + row as u64)));
        }
        drawn
    });
    drawn.concat()
}

/// Adds the weighted sum of squared distances, if there are any: rounded within each block, exact across them.
pub(crate) fn add_potential<F: Float>(
    potential: &mut LongSums,
    points: &Points<'_, F>,
    sq_dists: &[f64],
) {
    let blocks = Blocks::new(sq_dists.len(), BLOCK, 4 * sq_dists.len()).map(|rows| {
        let mut terms = [0.0; BLOCK];
        let terms = &mut terms[..rows.len()];
        for (term, row) in terms.iter_mut().zip(rows) {
            *term = points.weight(row) * sq_dists[row];
        }
        pairwise_sum(terms)
    });
    blocks.into_iter().for_each(|sum| potential.add(0, sum));
}

/// For each of the candidates the weight of the rows nearest to it.
pub(crate) fn weights<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    n_candidates: usize,
) -> LongSums {
    let of_part = |rows: Range<usize>| {
        let mut sums = LongSums::new(n_candidates);
        match points.weights() {
            Some(weights) => {
                for (&label, weight) in labels[rows.clone()].iter().zip(&weights[rows]) {
                    sums.add(label as usize, weight.to_f64());
                }
            }
            None => {
                let mut counts = vec![0_u64; n_candidates];
                labels[rows]
                    .iter()
                    .for_each(|&label| counts[label as usize] += 1);
                let counts = counts.into_iter().enumerate();
                counts.for_each(|(candidate, count)| sums.add(candidate, count as f64));
            }
        }
        sums
    };
    let both = |mut a: LongSums, b: LongSums| {
        a.merge(&b);
        a
    };
    let parts = Blocks::parts(points.len(), PARTS / 4, 8 * points.len());
    parts
        .reduce(of_part, both)
        .unwrap_or_else(|| LongSums::new(n_candidates))
}

#[cfg(test)]
mod tests;
