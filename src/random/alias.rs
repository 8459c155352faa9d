//! Weighted draws with replacement, each in constant time.

use super::Stream;

/// Draws an index with probability proportional to its weight.
///
/// An index is kept with its share, and otherwise its alias is taken, so that every index has the same
/// chance to be looked at (M. D. Vose, *A linear algorithm for generating random numbers with a given
/// distribution*, IEEE Transactions on Software Engineering 17(9), 1991, doi:10.1109/32.92917).
pub(crate) struct AliasTable(Vec<(f64, usize)>);

impl AliasTable {
    /// IN: `weights`, not negative and not all zero.
    pub(crate) fn new(weights: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let n = weights.len();
        let largest = weights.clone().fold(0.0, f64::max);
        // Shares of the largest first: sums of large weights must not overflow.
        let mean = weights.clone().map(|w| w / largest).sum::<f64>() / n as f64;
        let mut entries: Vec<(f64, usize)> = weights
            .enumerate()
            .map(|(index, w)| (w / largest / mean, index))
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|&index| entries[index].0 < 1.0);
        while let (Some(&giver), Some(index)) = (large.last(), small.pop()) {
            entries[index].1 = giver;
            entries[giver].0 -= 1.0 - entries[index].0;
            if entries[giver].0 < 1.0 {
                large.pop();
                small.push(giver);
            }
        }
        // What rounding left over is a share of one. An index of no weight has an alias by then: at every
        // step those left have a mean of one, so only indices of nearly that share are left.
        for index in small.into_iter().chain(large) {
            if entries[index].0 > 0.5 {
                entries[index].0 = 1.0;
            }
        }
        Self(entries)
    }

    pub(crate) fn draw(&self, stream: &mut Stream) -> usize {
        let index = stream.below(self.0.len());
        let (share, alias) = self.0[index];
        if stream.uniform() < share {
            index
        } else {
            alias
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law of the draws, as a chi-square test.
    #[test]
    fn indices_are_drawn_by_weight() {
        for weights in [
            vec![1.0, 2.0, 3.0, 0.0, 4.0],
            vec![0.0, 0.0, 1.0, 0.0, 1.0],
            vec![1e-30, 1.0, 1e30, 1e30, 2e30],
            vec![3.0; 7],
        ] {
            let table = AliasTable::new(weights.iter().copied());
            let total: f64 = weights.iter().sum();
            let n = 20_000;
            let mut counts = vec![0.0; weights.len()];
            let mut stream = Stream::new(5, 0);
            (0..n).for_each(|_| counts[table.draw(&mut stream)] += 1.0);
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
}
