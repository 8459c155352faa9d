//! The variance of the features, from one pass.

use crate::data::Points;
use crate::float::Float;
use crate::parallel::{Blocks, PARTS};

/// Sums of distances from the first row of positive weight, and of their squares.
#[derive(Default)]
pub(super) struct Moments {
    origin: Vec<f64>,
    weight: f64,
    sums: Vec<(f64, f64)>,
}

impl Moments {
    pub(super) fn add<F: Float>(&mut self, points: &Points<'_, F>) {
        let d = points.n_features();
        if self.origin.is_empty() {
            let weighted = (0..points.len()).find(|&row| points.weight(row) > 0.0);
            let Some(row) = weighted else { return };
            self.origin = points.rows().row(row).iter().map(|x| x.to_f64()).collect();
            self.sums = vec![(0.0, 0.0); d];
        }
        let parts = Blocks::parts(points.len(), PARTS, 4 * points.len() * d).map(|range| {
            let (mut total, mut sums) = (0.0, vec![(0.0, 0.0); d]);
            for row in range {
                let weight = points.weight(row);
                total += weight;
                let values = points.rows().row(row).iter().zip(&self.origin);
                for ((sum, squares), (x, origin)) in sums.iter_mut().zip(values) {
                    let x = x.to_f64() - origin;
                    *sum += weight * x;
                    *squares += weight * x * x;
                }
            }
            (total, sums)
        });
        for (weight, sums) in parts {
            self.weight += weight;
            for (own, part) in self.sums.iter_mut().zip(sums) {
                own.0 += part.0;
                own.1 += part.1;
            }
        }
    }

    pub(super) fn mean_variance(&self) -> f64 {
        let variance = |&(sum, squares): &(f64, f64)| {
            let mean = sum / self.weight;
            (squares / self.weight - mean * mean).max(0.0)
        };
        self.sums.iter().map(variance).sum::<f64>() / self.sums.len() as f64
    }
}
