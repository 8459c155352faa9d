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
pub(crate) fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
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

/// [`sq_dist`] for a number of features known to the compiler, at most 8.
#[inline(always)]
pub(crate) fn sq_dist_of<F: Float, const D: usize>(a: &[F; D], b: &[F; D]) -> f64 {
    let mut parts = [0.0; D];
    for j in 0..D {
        let difference = a[j].to_f64() - b[j].to_f64();
        parts[j] = difference * difference;
    }
    fold_parts(parts, |a, b| a + b)
}

/// The sum of the partial sums of [`sq_dist`], of which the first `PARTS` are in use. Leaving out
/// the others changes nothing: they are zero, and zero is added exactly.
#[inline(always)]
pub(super) fn fold_parts<V: Copy, const PARTS: usize>(
    mut parts: [V; PARTS],
    add: impl Fn(V, V) -> V,
) -> V {
    for half in [4, 2, 1] {
        for part in 0..half {
            if part + half < PARTS {
                parts[part] = add(parts[part], parts[part + half]);
            }
        }
    }
    parts[0]
}

/// The nearest centroid of one row, the lowest index among equals, and its squared distance.
pub(crate) fn nearest_row<F: Float>(row: &[F], centroids: &Rows<'_, F>) -> (u32, f64) {
    match row.len() {
        1 => nearest_row_of::<F, 1>(row, centroids),
        2 => nearest_row_of::<F, 2>(row, centroids),
        3 => nearest_row_of::<F, 3>(row, centroids),
        4 => nearest_row_of::<F, 4>(row, centroids),
        _ => first_smallest(centroids.iter().map(|centroid| sq_dist(row, centroid))),
    }
}

fn nearest_row_of<F: Float, const D: usize>(row: &[F], centroids: &Rows<'_, F>) -> (u32, f64) {
    let row: &[F; D] = row.try_into().expect("the row has D features");
    let (centroids, _) = centroids.data().as_chunks::<D>();
    first_smallest(centroids.iter().map(|centroid| sq_dist_of(row, centroid)))
}

#[inline(always)]
fn first_smallest(sq_dists: impl Iterator<Item = f64>) -> (u32, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, sq_dist) in sq_dists.enumerate() {
        if sq_dist < best.1 {
            best = (index as u32, sq_dist);
        }
    }
    best
}
