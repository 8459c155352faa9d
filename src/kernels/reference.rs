//! The specification: what the kernels compute, as the plainest loops.

use super::Rows;
use crate::float::Float;

/// The squared Euclidean distance that decides.
///
/// The differences, squares and sums are those of f64. Feature `j` is added to the partial sum
/// `j mod 8`, in order, and the eight partial sums are added as
/// `((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))`. Every instruction set can follow this
/// order, so all of them return the same bits.
#[inline(always)]
pub fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
    let mut parts = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail = a_chunks.remainder().iter().zip(b_chunks.remainder());
    for (a, b) in a_chunks.zip(b_chunks) {
        for (part, (&a, &b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            let difference = a.to_f64() - b.to_f64();
            *part += difference * difference;
        }
    }
    for (part, (&a, &b)) in parts.iter_mut().zip(tail) {
        let difference = a.to_f64() - b.to_f64();
        *part += difference * difference;
    }
    let [p0, p1, p2, p3, p4, p5, p6, p7] = parts;
    ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))
}

/// The nearest centroid of one row, the lowest index among equals, and its squared distance.
#[inline(always)]
pub(crate) fn nearest_row<F: Float>(row: &[F], centroids: &Rows<'_, F>) -> (u32, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, centroid) in centroids.iter().enumerate() {
        let sq_dist = sq_dist(row, centroid);
        if sq_dist < best.1 {
            best = (index as u32, sq_dist);
        }
    }
    best
}
