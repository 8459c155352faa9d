//! What kernels compute, as the plainest loops.

use crate::float::Float;
use crate::kernels::{Labelled, NearPair, Rows};

/// The squared distance that decides.
pub(in crate::kernels) fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
    let mut parts = [0.0; 8];
    for (j, (a, b)) in a.iter().zip(b).enumerate() {
        parts[j % 8] += (a.to_f64() - b.to_f64()).powi(2);
    }
    let [p0, p1, p2, p3, p4, p5, p6, p7] = parts;
    ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))
}

/// The label of the nearest centroid for each point, the lowest among equals.
pub(in crate::kernels) fn nearest<F: Float>(
    points: &Rows<'_, F>,
    centroids: &Rows<'_, F>,
) -> Vec<u32> {
    let nearest = |row: &[F]| {
        let mut best = (0, f64::INFINITY);
        for (label, centroid) in (0..).zip(centroids.iter()) {
            let sq_dist = sq_dist(row, centroid);
            if sq_dist < best.1 {
                best = (label, sq_dist);
            }
        }
        best.0
    };
    points.iter().map(nearest).collect()
}

/// All squared distances, those of each target together.
pub(in crate::kernels) fn sq_dists<F: Float>(
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
) -> Vec<f64> {
    let of_target = |target| points.iter().map(move |point| sq_dist(point, target));
    targets.iter().flat_map(of_target).collect()
}

/// The pairs of points and targets nearer than the limits of the points, in order.
pub(in crate::kernels) fn near_pairs<F: Float>(
    points: &Rows<'_, F>,
    targets: &Rows<'_, F>,
    limits: &[f64],
) -> Vec<NearPair> {
    let mut pairs = Vec::new();
    for (point, (row, &limit)) in points.iter().zip(limits).enumerate() {
        for (target, other) in (0..).zip(targets.iter()) {
            let sq_dist = sq_dist(row, other);
            if sq_dist < limit {
                pairs.push(NearPair {
                    point,
                    target,
                    sq_dist,
                });
            }
        }
    }
    pairs
}

/// For each of `k` clusters the sums of weight times `x - centre`, then the sum of weights.
pub(in crate::kernels) fn cluster_sums<F: Float>(
    data: Labelled<'_, F>,
    centre: &[f64],
    k: usize,
) -> Vec<f64> {
    let width = centre.len() + 1;
    let mut sums = vec![0.0; k * width];
    for (i, (row, &label)) in data.points.iter().zip(data.labels).enumerate() {
        let weight = data.weights.map_or(1.0, |weights| weights[i].to_f64());
        let own = &mut sums[label as usize * width..][..width];
        for (sum, (x, centre)) in own.iter_mut().zip(row.iter().zip(centre)) {
            *sum += weight * (x.to_f64() - centre);
        }
        own[width - 1] += weight;
    }
    sums
}

/// The product of two matrices, the second one given row by row, as one chain of sums for each value.
pub(in crate::kernels) fn products<F: Float>(rows: &Rows<'_, F>, matrix: &Rows<'_, F>) -> Vec<F> {
    let product = |row: &[F], c: usize| {
        let mut sum = F::ZERO;
        for (x, other) in row.iter().zip(matrix.iter()) {
            sum += *x * other[c];
        }
        sum
    };
    let of_row = |row| (0..matrix.n_features()).map(move |c| product(row, c));
    rows.iter().flat_map(of_row).collect()
}
