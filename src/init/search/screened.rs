//! Skips points by the triangle inequality, and by rounded distances or those of their sketches.

use std::ops::Range;

use super::{Collect, Found, Search, find_by_blocks};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{FilterInput, NearPair, Rows, Sketches};
use crate::parallel::{self, Blocks, PerItem};
use crate::prepared::Sketch;

pub(super) struct Screened<'a, F: Float> {
    points: &'a Points<'a, F>,
    sketch: Option<&'a Sketch<F>>,
    /// The centroids so far.
    chosen: Vec<F>,
    /// Which of them each point is nearest to.
    owners: Vec<u32>,
}

impl<'a, F: Float> Screened<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>, sketch: Option<&'a Sketch<F>>) -> Self {
        Self {
            points,
            sketch,
            chosen: Vec::new(),
            owners: vec![0; points.len()],
        }
    }

    /// For each centroid so far, the squared distance from it beyond which a point may be nearer to a
    /// candidate: by the triangle inequality, half the distance of the candidate.
    fn reaches(&self, candidates: &Rows<'_, F>) -> Vec<f64> {
        if self.chosen.is_empty() {
            return vec![f64::NEG_INFINITY];
        }
        let d = candidates.n_features();
        let chosen = Rows::new(&self.chosen, d);
        let mut sq_dists = vec![0.0; chosen.len() * candidates.len()];
        let kernels = self.points.kernels;
        let work = parallel::work(chosen.len(), candidates.len(), d);
        let outputs = PerItem(&mut sq_dists, chosen.len());
        Blocks::new(candidates.len(), 1, work).fill(outputs, |range, sq_dists| {
            kernels.sq_dists(&chosen, &candidates.slice(range), sq_dists);
        });
        let mut reaches = vec![f64::INFINITY; chosen.len()];
        for of_candidate in sq_dists.chunks_exact(chosen.len()) {
            let pairs = reaches.iter_mut().zip(of_candidate);
            pairs.for_each(|(reach, sq_dist)| *reach = reach.min(*sq_dist));
        }
        // R7 of docs/rounding.md.
        let rounding = 32.0 * (d + 8) as f64;
        for reach in &mut reaches {
            *reach =
                *reach / 4.0 * (1.0 - rounding * f64::UNIT_ROUNDOFF) - rounding * f64::MIN_POSITIVE;
        }
        reaches
    }
}

impl<F: Float> Search for Screened<'_, F> {
    fn find(&self, candidates: &[usize], closest: &[f64], collect: Collect<'_>) -> Vec<Found> {
        let points = self.points;
        let candidates = points.values_of(candidates);
        let candidates = Rows::new(&candidates, points.n_features());
        let of_candidates = self
            .sketch
            .map(|sketch| sketch.of_others(points, &candidates));
        let reaches = self.reaches(&candidates);
        let width = self.sketch.map_or(points.n_features(), Sketch::width);
        let work = parallel::work(points.len(), candidates.len(), width);
        let find = |range: Range<usize>, nearer: &mut Vec<NearPair>| {
            let pair = self.sketch.zip(of_candidates.as_ref());
            let sketches = pair.map(|(sketch, (rows, errors))| {
                let (targets, scale) = sketch.sketched(rows, errors);
                Sketches {
                    points: sketch.of_rows(range.clone()),
                    targets,
                    scale,
                }
            });
            let (limits, owners) = (&closest[range.clone()], &self.owners[range.clone()]);
            let pairs = limits.iter().zip(owners).enumerate();
            let open: Vec<usize> = pairs
                .filter(|&(_, (&limit, &owner))| limit > reaches[owner as usize])
                .map(|(row, _)| row)
                .collect();
            let input = FilterInput {
                points: points.rows().slice(range),
                open: &open,
                limits,
                targets: candidates,
                sketches,
            };
            points.kernels.screened_pairs(&input, nearer);
        };
        find_by_blocks(points.len(), work, find, collect)
    }

    fn add(&mut self, row: usize, found: &mut dyn Iterator<Item = &NearPair>, _: &[f64]) {
        let points = self.points;
        let number = (self.chosen.len() / points.n_features()) as u32;
        for found in found {
            self.owners[found.point] = number;
        }
        self.chosen.extend_from_slice(points.rows().row(row));
    }
}
