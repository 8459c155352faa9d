//! Measures all points: with few features, that is faster than anything else.

use std::ops::Range;

use super::{Collect, Found, Search, find_by_blocks};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NearPair, Rows};
use crate::parallel;

pub(super) struct Exhaustive<'a, F: Float>(pub(super) &'a Points<'a, F>);

impl<F: Float> Search for Exhaustive<'_, F> {
    fn find(&self, candidates: &[usize], closest: &[f64], collect: Collect<'_>) -> Vec<Found> {
        let Self(points) = self;
        let d = points.n_features();
        let candidates = points.values_of(candidates);
        let candidates = Rows::new(&candidates, d);
        let work = parallel::work(points.len(), candidates.len(), d);
        let find = |range: Range<usize>, nearer: &mut Vec<NearPair>| {
            let (rows, kernels) = (points.rows().slice(range.clone()), points.kernels);
            kernels.measured_pairs(&rows, &candidates, &closest[range], nearer);
        };
        find_by_blocks(points.len(), work, find, collect)
    }

    fn add(&mut self, _: usize, _: &mut dyn Iterator<Item = &NearPair>, _: &[f64]) {}
}
