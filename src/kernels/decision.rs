//! The distance that decides: which centroid is nearest, which pairs are near.
//!
//! Other kernels compute distances faster and less exactly. They only rule out: what they cannot rule
//! out beyond doubt is compared by [`sq_dist`]. So every result is that of [`sq_dist`] alone.

use super::isa::{MAX_LANES, Simd};
use super::{Kernels, Rows};
use crate::float::Float;
use crate::numeric::few_features;

/// The squared Euclidean distance that decides.
///
/// The differences, squares and sums are those of f64. Feature `j` is added to the partial sum
/// `j mod 8`, in order, and the eight partial sums are added as
/// `((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))`. Every instruction set can follow this
/// order, so all of them return the same bits.
#[inline(always)]
pub(crate) fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
    let mut parts = [0.0; PARTS];
    let (a_chunks, b_chunks) = (a.chunks_exact(PARTS), b.chunks_exact(PARTS));
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

/// Partial sums of [`sq_dist`].
pub(super) const PARTS: usize = 8;

/// [`sq_dist`] for a number of features known to the compiler, at most [`PARTS`].
#[inline(always)]
pub(super) fn sq_dist_of<F: Float, const D: usize>(a: &[F; D], b: &[F; D]) -> f64 {
    let mut parts = [0.0; D];
    for j in 0..D {
        let difference = a[j].to_f64() - b[j].to_f64();
        parts[j] = difference * difference;
    }
    fold_parts(parts, |a, b| a + b)
}

/// The sum of the partial sums of [`sq_dist`], of which the first `N` are in use. Leaving out the
/// others changes nothing: they are zero, and zero is added exactly.
#[inline(always)]
pub(super) fn fold_parts<V: Copy, const N: usize>(mut parts: [V; N], add: impl Fn(V, V) -> V) -> V {
    for half in [4, 2, 1] {
        for part in 0..half {
            if part + half < N {
                parts[part] = add(parts[part], parts[part + half]);
            }
        }
    }
    parts[0]
}

/// The nearest centroid of one row, the lowest index among equals, and its squared distance.
pub(crate) fn nearest_row<F: Float>(row: &[F], centroids: &Rows<'_, F>) -> (u32, f64) {
    few_features!(
        row.len(),
        D => nearest_row_of::<F, D>(row, centroids),
        else first_smallest(centroids.iter().map(|centroid| sq_dist(row, centroid)))
    )
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

/// At least the distance whose square [`sq_dist`] computed: R2a of docs/rounding.md.
#[inline(always)]
pub(super) fn dist_above<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 + (n_features + 8) as f64 * f64::UNIT_ROUNDOFF + 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist + underflow).sqrt() * rounding) + F::SMALLEST_NORMAL
}

/// At most that: R2b.
#[inline(always)]
pub(super) fn dist_below<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 - (n_features + 8) as f64 * f64::UNIT_ROUNDOFF - 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist - underflow).max(0.0).sqrt() * rounding) - F::SMALLEST_NORMAL
}

/// At most the squared distance, and at most what [`sq_dist`] would compute: R2c of docs/rounding.md.
#[inline(always)]
pub(super) fn sq_dist_below<F: Float, S: Simd<F>>(simd: S, a: &[F], b: &[F]) -> f64 {
    let mut sums = [simd.splat(F::ZERO); 2];
    let step = 2 * S::LANES;
    let whole = a.len() - a.len() % step;
    for start in (0..whole).step_by(step) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let start = start + i * S::LANES;
            let difference = simd.sub(simd.load(&a[start..]), simd.load(&b[start..]));
            *sum = simd.mul_add(difference, difference, *sum);
        }
    }
    let mut lanes = [F::ZERO; MAX_LANES];
    simd.store(simd.add(sums[0], sums[1]), &mut lanes);
    let mut sum = F::ZERO;
    lanes[..S::LANES].iter().for_each(|&lane| sum += lane);
    for (&a, &b) in a[whole..].iter().zip(&b[whole..]) {
        sum += (a - b) * (a - b);
    }
    if sum.is_finite() {
        let rounding = 1.1 * (a.len() + 8) as f64 * F::UNIT_ROUNDOFF;
        let underflow = a.len() as f64 * F::SMALLEST_NORMAL.to_f64();
        sum.to_f64() * (1.0 - rounding) - underflow
    } else {
        0.0
    }
}

impl<F: Float> Kernels<F> {
    /// The [`sq_dist`] of each point to the centroid of its label.
    ///
    /// IN: `points`, `centroids` of as many features, `labels`, each below the number of
    /// centroids. OUT: `out`, one for each point.
    pub(crate) fn sq_dists_to_own(
        &self,
        points: &Rows<'_, F>,
        centroids: &Rows<'_, F>,
        labels: &[u32],
        out: &mut [f64],
    ) {
        let n = points.len();
        assert_eq!(
            points.n_features(),
            centroids.n_features(),
            "as many features"
        );
        assert_eq!((labels.len(), out.len()), (n, n), "one for each point");
        (self.sq_dists_to_own)(points, centroids, labels, out);
    }
}

/// See [`Kernels::sq_dists_to_own`]. The loop is left to the compiler.
#[inline(always)]
pub(super) fn sq_dists_to_own<F: Float, S: Simd<F>>(
    _: S,
    points: &Rows<'_, F>,
    centroids: &Rows<'_, F>,
    labels: &[u32],
    out: &mut [f64],
) {
    few_features!(
        points.n_features(),
        D => sq_dists_to_own_of::<F, D>(points, centroids, labels, out),
        else for ((row, &label), out) in points.iter().zip(labels).zip(out) {
            *out = sq_dist(row, centroids.row(label as usize));
        }
    );
}

/// [`sq_dists_to_own`] for `D` features, a number known to the compiler.
#[inline(always)]
fn sq_dists_to_own_of<F: Float, const D: usize>(
    points: &Rows<'_, F>,
    centroids: &Rows<'_, F>,
    labels: &[u32],
    out: &mut [f64],
) {
    let (rows, _) = points.data().as_chunks::<D>();
    let (centroids, _) = centroids.data().as_chunks::<D>();
    for ((row, &label), out) in rows.iter().zip(labels).zip(out) {
        *out = sq_dist_of(row, &centroids[label as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, naive, rough};

    fn the_distance_that_decides_has_the_bits_of_the_plain_loop<F: Float>() {
        for d in (1..=20).chain([31, 32, 33, 64, 67]) {
            for n in [1, 3, 4, 7, 8, 9, 33] {
                let (x, c) = (
                    rough::<F>(n * d, d as u64, 1.0, 0.3),
                    rough(5 * d, 50, 1.0, 0.0),
                );
                let (points, centroids) = (Rows::new(&x, d), Rows::new(&c, d));
                let labels: Vec<u32> = (0..n as u32).map(|i| i % 5).collect();
                let own = points.iter().zip(&labels);
                let expected: Vec<f64> = own
                    .map(|(row, &label)| naive::sq_dist(row, centroids.row(label as usize)))
                    .collect();
                each_table::<F>(|table| {
                    let mut found = vec![f64::NAN; n];
                    table.sq_dists_to_own(&points, &centroids, &labels, &mut found);
                    assert_eq!(found, expected, "{} {d}", table.name);
                });
                for (row, expected) in points.iter().zip(naive::nearest(&points, &centroids)) {
                    assert_eq!(nearest_row(row, &centroids).0, expected, "{d}");
                    let first = centroids.row(0);
                    assert_eq!(sq_dist(row, first), naive::sq_dist(row, first), "{d}");
                }
            }
        }
    }

    for_both_types!(the_distance_that_decides_has_the_bits_of_the_plain_loop);
}
