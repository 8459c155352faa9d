//! Rows drawn one by one, each draw in a time that does not depend on their number.

use crate::data::Points;
use crate::float::Float;
use crate::init::without_replacement;
use crate::random::Stream;

/// Draws rows with replacement, with probability proportional to their weight.
pub(super) enum Draws {
    /// All of this many are equally likely.
    Uniform(usize),
    /// A row is taken with its share, and otherwise its alias, so that every row has the same chance
    /// to be looked at (M. D. Vose, *A linear algorithm for generating random numbers with a given
    /// distribution*, IEEE Transactions on Software Engineering 17(9), 1991,
    /// doi:10.1109/32.92917).
    Aliases(Vec<(f64, usize)>),
}

impl Draws {
    pub(super) fn new<F: Float>(points: &Points<'_, F>) -> Self {
        match points.weights() {
            None => Self::Uniform(points.len()),
            Some(weights) => Self::Aliases(aliases(weights.iter().map(|w| w.to_f64()))),
        }
    }

    pub(super) fn draw(&self, stream: &mut Stream) -> usize {
        match self {
            Self::Uniform(n) => stream.below(*n),
            Self::Aliases(aliases) => {
                let row = stream.below(aliases.len());
                let (share, alias) = aliases[row];
                if stream.uniform() < share { row } else { alias }
            }
        }
    }
}

/// For each row its share and its alias. The weights are not all zero.
fn aliases(weights: impl ExactSizeIterator<Item = f64> + Clone) -> Vec<(f64, usize)> {
    let n = weights.len();
    let largest = weights.clone().fold(0.0, f64::max);
    // Shares of the largest first: sums of large weights must not overflow.
    let mean = weights.clone().map(|w| w / largest).sum::<f64>() / n as f64;
    let mut aliases: Vec<(f64, usize)> = weights
        .enumerate()
        .map(|(row, w)| (w / largest / mean, row))
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..n).partition(|&row| aliases[row].0 < 1.0);
    while let (Some(&giver), Some(row)) = (large.last(), small.pop()) {
        aliases[row].1 = giver;
        aliases[giver].0 -= 1.0 - aliases[row].0;
        if aliases[giver].0 < 1.0 {
            large.pop();
            small.push(giver);
        }
    }
    // What rounding left over is a share of one. A row of no weight has an alias by then: at every
    // step those left have a mean of one, so only rows of nearly that share are left.
    for row in small.into_iter().chain(large) {
        if aliases[row].0 > 0.5 {
            aliases[row].0 = 1.0;
        }
    }
    aliases
}

/// The rows of positive weight, if there are others.
fn weighted_rows<F: Float>(points: &Points<'_, F>) -> Option<Vec<usize>> {
    let all = points.n_weighted() == points.len();
    (!all).then(|| {
        let rows = 0..points.len();
        rows.filter(|&row| points.weight(row) > 0.0).collect()
    })
}

/// Rows of positive weight, each at most once, all equally likely: `count` of them, or all.
pub(super) fn distinct_rows<F: Float>(
    points: &Points<'_, F>,
    count: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    match weighted_rows(points) {
        None => without_replacement(points.len(), count.min(points.len()), stream),
        Some(rows) => without_replacement(rows.len(), count.min(rows.len()), stream)
            .into_iter()
            .map(|place| rows[place])
            .collect(),
    }
}

/// Rows of positive weight, each at most once, in random order: more of them whenever they are asked for.
pub(super) struct Shuffle {
    rows: Vec<usize>,
    shuffled: usize,
}

impl Shuffle {
    pub(super) fn new<F: Float>(points: &Points<'_, F>) -> Self {
        Self {
            rows: weighted_rows(points).unwrap_or_else(|| (0..points.len()).collect()),
            shuffled: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The first `count` of them. They begin with those that were returned before.
    pub(super) fn first(&mut self, count: usize, stream: &mut Stream) -> &[usize] {
        while self.shuffled < count {
            let place = self.shuffled;
            let other = place + stream.below(self.rows.len() - place);
            self.rows.swap(place, other);
            self.shuffled += 1;
        }
        &self.rows[..count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law of the draws, as a chi-square test.
    #[test]
    fn rows_are_drawn_by_weight() {
        for weights in [
            vec![1.0, 2.0, 3.0, 0.0, 4.0],
            vec![0.0, 0.0, 1.0, 0.0, 1.0],
            vec![1e-30, 1.0, 1e30, 1e30, 2e30],
            vec![3.0; 7],
        ] {
            let draws = Draws::Aliases(aliases(weights.iter().copied()));
            let total: f64 = weights.iter().sum();
            let n = 20_000;
            let mut counts = vec![0.0; weights.len()];
            let mut stream = Stream::new(5, 0);
            (0..n).for_each(|_| counts[draws.draw(&mut stream)] += 1.0);
            let mut chi_square = 0.0;
            for (count, weight) in counts.iter().zip(&weights) {
                let expected = f64::from(n) * weight / total;
                if expected < 1e-20 {
                    assert_eq!(*count, 0.0, "{weights:?}");
                } else {
                    chi_square += (count - expected).powi(2) / expected;
                }
            }
            // Six degrees of freedom at most: 22.5 is passed once in a thousand times.
            assert!(chi_square < 22.5, "{counts:?}");
        }
    }

    #[test]
    fn a_shuffle_goes_on_where_it_was() {
        let mut shuffle = Shuffle {
            rows: (0..100).collect(),
            shuffled: 0,
        };
        let mut stream = Stream::new(1, 0);
        let first = shuffle.first(30, &mut stream).to_vec();
        let mut all = shuffle.first(100, &mut stream).to_vec();
        assert_eq!(first, all[..30]);
        assert_ne!(first, (0..30).collect::<Vec<_>>());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
    }
}
