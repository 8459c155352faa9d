//! Random orders (R. Durstenfeld, *Algorithm 235: random permutation*, Communications of the ACM 7(7),
//! 1964, doi:10.1145/364520.364540).

use std::collections::HashMap;
use std::ops::Range;

use super::Stream;

/// Brings all values into random order.
pub(crate) fn shuffle<T>(values: &mut [T], stream: &mut Stream) {
    for last in (1..values.len()).rev() {
        values.swap(last, stream.below(last + 1));
    }
}

/// Fills some places with values drawn at random from those places and all later ones. Begun at the
/// first place and continued, this shuffles.
pub(crate) fn partial_shuffle<T>(values: &mut [T], places: Range<usize>, stream: &mut Stream) {
    for place in places {
        values.swap(place, place + stream.below(values.len() - place));
    }
}

/// The first `count` of `0..len` after a [`partial_shuffle`], in memory for `count` alone: only the places
/// that have changed are stored.
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

/// Items in random order, of which more are drawn whenever they are asked for.
pub(crate) struct Shuffle {
    items: Vec<usize>,
    n_drawn: usize,
}

impl Shuffle {
    pub(crate) fn new(items: Vec<usize>) -> Self {
        Self { items, n_drawn: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The first `count` items. They begin with those that earlier calls returned.
    pub(crate) fn first(&mut self, count: usize, stream: &mut Stream) -> &[usize] {
        partial_shuffle(&mut self.items, self.n_drawn..count, stream);
        self.n_drawn = self.n_drawn.max(count);
        &self.items[..count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_about_as_frequent() {
        let mut counts = HashMap::new();
        let mut stream = Stream::new(3, 0);
        for _ in 0..6000 {
            let mut values = [0, 1, 2];
            shuffle(&mut values, &mut stream);
            *counts.entry(values).or_insert(0) += 1;
            partial_shuffle(&mut values, 0..2, &mut stream);
            *counts.entry(values).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (1850..2150).contains(count)));
    }

    #[test]
    fn all_can_be_drawn_and_none_twice() {
        for seed in 0..50 {
            let mut drawn = without_replacement(10, 10, &mut Stream::new(seed, 0));
            drawn.sort_unstable();
            assert!(drawn.into_iter().eq(0..10), "seed {seed}");
        }
    }

    #[test]
    fn changed_places_are_as_good_as_all_places() {
        for (len, count) in [(1, 1), (6, 2), (100, 40), (100, 100)] {
            let drawn = without_replacement(len, count, &mut Stream::new(1, 0));
            let mut all: Vec<usize> = (0..len).collect();
            partial_shuffle(&mut all, 0..count, &mut Stream::new(1, 0));
            assert_eq!(drawn, all[..count]);
        }
    }

    #[test]
    fn a_shuffle_resumes_where_it_stopped() {
        let mut shuffle = Shuffle::new((0..100).collect());
        let mut stream = Stream::new(1, 0);
        let first = shuffle.first(30, &mut stream).to_vec();
        let mut all = shuffle.first(100, &mut stream).to_vec();
        assert_eq!(first, all[..30]);
        assert_eq!(shuffle.first(10, &mut stream), &first[..10]);
        assert_ne!(first, (0..30).collect::<Vec<_>>());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
    }
}
