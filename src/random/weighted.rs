//! Weighted draws without replacement.
//!
//! Each item draws a key from the exponential distribution whose rate is its weight. The items of the least
//! keys, in ascending order, have the law of draws one after another, each by weight among the items that are
//! left (P. Efraimidis, P. Spirakis, *Weighted random sampling with a reservoir*, Information Processing
//! Letters 97(5), 2006, doi:10.1016/j.ipl.2005.11.003).

use super::Stream;

/// The items of the least keys among all that are offered. At most twice as many are stored.
pub(crate) struct Reservoir<T> {
    count: usize,
    limit: f64,
    /// Key, index and value of each item.
    items: Vec<(f64, u64, T)>,
}

impl<T> Reservoir<T> {
    /// A reservoir for `count` items.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            limit: f64::INFINITY,
            items: Vec::new(),
        }
    }

    /// Items of greater keys are refused from now on.
    pub(crate) fn limit(&self) -> f64 {
        self.limit
    }

    /// Takes an item if its key is low enough. Among equal keys the lower index comes first.
    pub(crate) fn offer(&mut self, key: f64, index: u64, value: impl FnOnce() -> T) {
        if key <= self.limit {
            self.items.push((key, index, value()));
            if self.items.len() >= self.count.saturating_mul(2) {
                self.keep_least();
                self.limit = self.items.last().map_or(self.limit, |last| last.0);
            }
        }
    }

    /// Key, index and value of each item, in ascending order of their keys.
    pub(crate) fn into_items(mut self) -> Vec<(f64, u64, T)> {
        self.keep_least();
        self.items
    }

    /// The values, in ascending order of their keys.
    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.into_items().into_iter().map(|item| item.2)
    }

    fn keep_least(&mut self) {
        self.items
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.items.truncate(self.count);
    }
}

/// Indices of items in the order in which they are drawn, each by weight among those that are left: `count` of
/// them, or all of positive weight.
pub(crate) fn weighted_without_replacement(
    weights: impl IntoIterator<Item = f64>,
    count: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let mut reservoir = Reservoir::new(count);
    for (index, weight) in weights.into_iter().enumerate() {
        if weight > 0.0 {
            reservoir.offer(stream.exponential() / weight, index as u64, || index);
        }
    }
    reservoir.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_decide_how_often() {
        let mut firsts = [0; 3];
        let mut stream = Stream::new(2, 0);
        for _ in 0..6000 {
            let drawn = weighted_without_replacement([1.0, 0.0, 2.0], 2, &mut stream);
            firsts[drawn[0]] += 1;
            assert!(!drawn.contains(&1), "an item of no weight was drawn");
        }
        assert!((1850..2150).contains(&firsts[0]), "{firsts:?}");
    }

    #[test]
    fn the_least_keys_stay_in_the_reservoir() {
        let key = |index: u64| f64::from((index as u32 * 37) % 50);
        for count in [0, 1, 7, 199, 200, usize::MAX] {
            let mut reservoir = Reservoir::new(count);
            for index in 0..200 {
                reservoir.offer(key(index), index, || index);
            }
            let mut expected: Vec<u64> = (0..200).collect();
            expected.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
            expected.truncate(count);
            assert!(reservoir.into_values().eq(expected), "{count}");
        }
    }
}
