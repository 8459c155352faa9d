//! Draws of single rows. The time of a draw does not depend on the number of rows.

use crate::data::Points;
use crate::float::Float;
use crate::random::{AliasTable, Shuffle, Stream, without_replacement};

/// Draws rows with replacement, with probability proportional to their weight.
pub(super) enum Draws {
    /// This many rows, all equally likely.
    Uniform(usize),
    Weighted(AliasTable),
}

impl Draws {
    pub(super) fn new<F: Float>(points: &Points<'_, F>) -> Self {
        match points.weights() {
            None => Self::Uniform(points.len()),
            Some(weights) => Self::Weighted(AliasTable::new(weights.iter().map(|w| w.to_f64()))),
        }
    }

    pub(super) fn draw(&self, stream: &mut Stream) -> usize {
        match self {
            Self::Uniform(n) => stream.below(*n),
            Self::Weighted(table) => table.draw(stream),
        }
    }
}

/// The rows of positive weight, if some rows have none.
fn weighted_rows<F: Float>(points: &Points<'_, F>) -> Option<Vec<usize>> {
    let all = points.n_weighted() == points.len();
    (!all).then(|| {
        let rows = 0..points.len();
        rows.filter(|&row| points.weight(row) > 0.0).collect()
    })
}

/// `count` different rows of positive weight, all equally likely; or all of them, if there are fewer.
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

/// The rows of positive weight in random order.
pub(super) fn shuffled<F: Float>(points: &Points<'_, F>) -> Shuffle {
    Shuffle::new(weighted_rows(points).unwrap_or_else(|| (0..points.len()).collect()))
}
