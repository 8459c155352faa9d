//! Points passed over by the triangle inequality, and by scores of their sketches.

use crate::float::Float;
use crate::init::gather;
use crate::kernels::{Groups, Known, NO_LABEL, Nearer, PANEL, Packed, Rows};
use crate::parallel::{self, BLOCK};
use crate::points::Points;
use crate::prepared::Sketch;

pub(in crate::init) struct Scores<'a, F: Float> {
    pub(super) points: &'a Points<'a, F>,
    sketch: &'a Sketch<F>,
    /// The centroids so far.
    chosen: Vec<F>,
    /// Which of them each point is nearest to.
    owners: Vec<u32>,
}

impl<'a, F: Float> Scores<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>, sketch: &'a Sketch<F>) -> Self {
        Self {
            points,
            sketch,
            chosen: Vec::new(),
            owners: vec![0; points.len()],
        }
    }

    pub(super) fn map_nearer<R: Send>(
        &self,
        candidates: &[usize],
        closest: &[f64],
        f: impl Fn(&[Nearer]) -> R + Sync,
    ) -> Vec<R> {
        let points = self.points;
        let candidates = gather(points, candidates);
        let candidates = Rows::new(&candidates, points.n_features());
        let panels = self.panels(&candidates);
        let reaches = self.reaches(&candidates);
        let work = parallel::work(points.len(), PANEL, self.sketch.width());
        parallel::map_parts(points.len(), work, |part| {
            let mut nearer = Vec::new();
            for start in part.clone().step_by(BLOCK) {
                let range = start..part.end.min(start + BLOCK);
                let rows = points.rows().slice(range.clone());
                for (number, (packed, groups)) in panels.iter().enumerate() {
                    let before = nearer.len();
                    let known = Known {
                        closest: &closest[range.clone()],
                        owners: &self.owners[range.clone()],
                        reaches: &reaches,
                    };
                    let sketched = self.sketch.of_rows(range.clone());
                    let kernels = points.kernels;
                    kernels.find_nearer(&rows, packed, groups, sketched, known, &mut nearer);
                    for found in &mut nearer[before..] {
                        found.candidate += (number * PANEL) as u32;
                        found.point += range.start;
                    }
                }
            }
            f(&nearer)
        })
    }

    /// The candidates ready to be scored, a panel at a time.
    fn panels(&self, candidates: &Rows<'_, F>) -> Vec<(Packed<F>, Groups<F>)> {
        let d = candidates.n_features();
        let panel = |values: &[F]| {
            let packed = Packed::new(&Rows::new(values, d));
            let mut order: Vec<u32> = (0..packed.len() as u32).collect();
            order.resize(PANEL, NO_LABEL);
            let mut groups = Groups::new(order, 1);
            let (rows, errors) = self.sketch.of_others(self.points, &packed.rows());
            let sketched = self.sketch.sketched(&rows, &errors);
            groups.update(&packed, Some(sketched), None);
            (packed, groups)
        };
        candidates.data().chunks(PANEL * d).map(panel).collect()
    }

    /// For each centroid so far how far from it, squared, a point must be to be nearer to a
    /// candidate: by the triangle inequality, half as far as the candidate.
    fn reaches(&self, candidates: &Rows<'_, F>) -> Vec<f64> {
        if self.chosen.is_empty() {
            return vec![f64::NEG_INFINITY];
        }
        let d = candidates.n_features();
        let chosen = Rows::new(&self.chosen, d);
        let mut sq_dists = vec![0.0; chosen.len() * candidates.len()];
        let kernels = self.points.kernels;
        kernels.sq_dists(&chosen, candidates, &mut sq_dists);
        let mut reaches = vec![f64::INFINITY; chosen.len()];
        for of_candidate in sq_dists.chunks_exact(chosen.len()) {
            let pairs = reaches.iter_mut().zip(of_candidate);
            pairs.for_each(|(reach, sq_dist)| *reach = reach.min(*sq_dist));
        }
        // So far that rounding does not matter.
        let rounding = 32.0 * (d + 8) as f64;
        for reach in &mut reaches {
            *reach =
                *reach / 4.0 * (1.0 - rounding * f64::UNIT_ROUNDOFF) - rounding * f64::MIN_POSITIVE;
        }
        reaches
    }

    pub(super) fn add<'b>(&mut self, row: usize, found: impl Iterator<Item = &'b Nearer>) {
        let points = self.points;
        let number = (self.chosen.len() / points.n_features()) as u32;
        for found in found {
            self.owners[found.point] = number;
        }
        self.chosen.extend_from_slice(points.rows().row(row));
    }
}
