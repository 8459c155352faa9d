//! Starts that need few passes.
//!
//! ```text
//! take a row by weight
//! in each round:
//!     take l k rows, one after another by w D^2   (D: distance to those taken before the round)
//! weigh each by the rows nearest to it
//! choose k of them by greedy k-means++
//! ```
//!
//! A round is one pass: each row draws a key, and a [`Reservoir`] keeps the rows of the least keys. Nothing is
//! kept of the other rows.
//!
//! B. Bahmani et al., *Scalable k-means++*, PVLDB 5(7), 2012, doi:10.14778/2180912.2180915.

use super::reader::{Failure, Reader};
use crate::data::Points;
use crate::float::Float;
use crate::init::{Init, choose_among};
use crate::kernels::{NO_LABEL, Packed, Rows};
use crate::kmeans::engine;
use crate::parallel::{self, BLOCK, Blocks};
use crate::random::{Reservoir, Stream};

/// The centroids to start from, `n_clusters` rows of the source. There must be as many of positive
/// weight.
pub(super) fn choose<F: Float>(
    reader: &mut Reader<'_, F>,
    init: Init,
    n_clusters: usize,
    stream: &mut Stream,
) -> Result<Vec<F>, Failure> {
    let d = reader.n_features();
    let (rounds, oversampling) = match init {
        Init::Random => return sample(reader, None, n_clusters, stream.seed()),
        Init::ParallelWith {
            rounds,
            oversampling,
        } => (rounds, oversampling),
        _ => Init::PARALLEL,
    };
    let per_round = n_clusters.saturating_mul(oversampling);
    let mut rows = sample(reader, None, 1, stream.seed())?;
    let mut round = 0;
    let weights = loop {
        let candidates = Packed::new(&Rows::new(&rows, d));
        if round >= rounds {
            let weights = weigh(reader, &candidates)?;
            // A round may have taken equal rows; further rounds take others.
            if weights.iter().filter(|&&weight| weight > 0.0).count() >= n_clusters {
                break weights;
            }
        }
        let taken = sample(reader, Some(&candidates), per_round, stream.seed())?;
        if taken.is_empty() {
            break weigh(reader, &candidates)?;
        }
        rows.extend(taken);
        round += 1;
    };
    let weighted = weights.iter().filter(|&&weight| weight > 0.0).count();
    let mut start = choose_among(&rows, &weights, n_clusters.min(weighted), stream);
    // Fewer distinct rows than clusters: copies are as good as any others.
    while start.len() < n_clusters * d {
        start.extend_from_within(..d);
    }
    Ok(start)
}

/// The weight of the rows nearest to each candidate.
fn weigh<F: Float>(
    reader: &mut Reader<'_, F>,
    candidates: &Packed<F>,
) -> Result<Vec<f64>, Failure> {
    let mut weights = vec![0.0; candidates.len()];
    reader.pass(|_, points| {
        let mut labels = vec![NO_LABEL; points.len()];
        engine::label(points, candidates, &mut labels);
        for (row, &label) in labels.iter().enumerate() {
            weights[label as usize] += points.weight(row);
        }
    })?;
    Ok(weights)
}

/// `count` rows, drawn by weight times squared distance to the nearest candidate, or by weight alone if
/// there are no candidates; or all rows of positive probability, if there are fewer.
fn sample<F: Float>(
    reader: &mut Reader<'_, F>,
    candidates: Option<&Packed<F>>,
    count: usize,
    seed: u64,
) -> Result<Vec<F>, Failure> {
    let mut taken = Reservoir::new(count);
    reader.pass(|first, points| {
        for (key, row) in keys(points, first, candidates, seed, taken.limit()) {
            taken.offer(key, row, || points.rows().row(row - first).to_vec());
        }
    })?;
    Ok(taken.into_values().flatten().collect())
}

/// The rows of a chunk that draw a key of at most `limit`, with their keys.
fn keys<F: Float>(
    points: &Points<'_, F>,
    first: usize,
    candidates: Option<&Packed<F>>,
    seed: u64,
    limit: f64,
) -> Vec<(f64, usize)> {
    let n_candidates = candidates.map_or(1, Packed::len);
    let work = parallel::work(points.len(), n_candidates, points.n_features() + 16);
    let drawn = Blocks::new(points.len(), BLOCK, work).map(|range| {
        let mut rates = [1.0; BLOCK];
        let rates = &mut rates[..range.len()];
        if let Some(candidates) = candidates {
            let (mut labels, rows) = ([NO_LABEL; BLOCK], points.rows().slice(range.clone()));
            let labels = &mut labels[..range.len()];
            points.kernels.nearest(&rows, candidates, labels);
            let kernels = points.kernels;
            kernels.sq_dists_to_own(&rows, &candidates.rows(), labels, rates);
        }
        let mut stream = Stream::new(seed, (first + range.start) / BLOCK);
        let mut drawn = Vec::new();
        for (row, rate) in range.zip(rates) {
            let key = stream.exponential_within(*rate * points.weight(row), limit);
            drawn.extend(key.map(|key| (key, first + row)));
        }
        drawn
    });
    drawn.concat()
}
