//! Rows drawn at random, each at most once.

use crate::data::Points;
use crate::float::Float;
use crate::random::{Stream, weighted_without_replacement, without_replacement};

pub(super) fn choose<F: Float>(
    points: &Points<'_, F>,
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    match points.weights() {
        None => without_replacement(points.len(), n_clusters, stream),
        Some(weights) => {
            let weights = weights.iter().map(|weight| weight.to_f64());
            weighted_without_replacement(weights, n_clusters, stream)
        }
    }
}
