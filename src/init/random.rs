//! Rows drawn at random, each at most once.

use std::collections::HashMap;

use crate::data::Points;
use crate::float::Float;
use crate::random::Stream;

pub(super) fn choose<F: Float>(
    points: &Points<'_, F>,
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    match points.weights() {
        None => without_replacement(points.len(), n_clusters, stream),
        Some(weights) => weighted_without_replacement(weights, n_clusters, stream),
    }
}

/// The first `count` places of a Fisher-Yates shuffle of `0..len`; only the places that are not
/// as they were are stored.
pub(crate) fn without_replacement(len: usize, count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut moved = HashMap::new();
    let mut drawn = Vec::with_capacity(count);
    for place in 0..count {
        let other = place + stream.below(len - place);
        let value = moved.get(&other).copied().unwrap_or(other);
        let displaced = moved.get(&place).copied().unwrap_or(place);
        moved.insert(other, displaced);
        drawn.push(value);
    }
    drawn
}

/// Draws one row after another with probability proportional to its weight among those left: the
/// rows of the largest `ln(u) / w`, for uniform `u` (P. Efraimidis, P. Spirakis, Weighted random
/// sampling with a reservoir, Information Processing Letters 97(5), 2006,
/// doi:10.1016/j.ipl.2005.11.003).
fn weighted_without_replacement<F: Float>(
    weights: &[F],
    count: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let mut keys: Vec<(f64, usize)> = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight > F::ZERO)
        .map(|(row, weight)| ((1.0 - stream.uniform()).ln() / weight.to_f64(), row))
        .collect();
    keys.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keys.into_iter().take(count).map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_can_be_drawn_and_none_twice() {
        for seed in 0..50 {
            let mut drawn = without_replacement(10, 10, &mut Stream::new(seed, 0));
            drawn.sort_unstable();
            assert!(drawn.into_iter().eq(0..10), "seed {seed}");
        }
    }

    #[test]
    fn every_row_is_drawn_about_as_often() {
        let mut counts = [0; 6];
        let mut stream = Stream::new(1, 0);
        for _ in 0..6000 {
            without_replacement(6, 2, &mut stream)
                .into_iter()
                .for_each(|row| counts[row] += 1);
        }
        assert!(
            counts.iter().all(|count| (1850..2150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn weights_decide_how_often() {
        let mut firsts = [0; 3];
        let mut stream = Stream::new(2, 0);
        for _ in 0..6000 {
            let drawn = weighted_without_replacement(&[1.0, 0.0, 2.0], 2, &mut stream);
            firsts[drawn[0]] += 1;
            assert!(!drawn.contains(&1), "a row of no weight was drawn");
        }
        assert!((1850..2150).contains(&firsts[0]), "{firsts:?}");
    }
}
