//! Which centroids can be nearest to any point of a box, and the nearest of a few centroids.
//!
//! A centroid `z` is ruled out if another, `z*`, is nearer to every point `x` of the box. The
//! difference `|x - z|^2 - |x - z*|^2` is linear in `x`, so it is smallest at the corner that lies
//! farthest in the direction from `z*` to `z` (T. Kanungo et al., *An efficient k-means clustering
//! algorithm: analysis and implementation*, IEEE TPAMI 24(7), 2002, doi:10.1109/TPAMI.2002.1017616).

use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::columns::{Columns, panel_len, with_columns};
use crate::kernels::isa::{MAX_LANES, Simd, Widen};
use crate::kernels::{Kernels, Rows, Work};

/// Some of the centroids, feature by feature.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    /// Which centroids these are, in ascending order.
    pub(crate) index: Vec<u32>,
    /// `n_features` columns of `stride` values.
    columns: Vec<f64>,
    stride: usize,
}

impl Candidates {
    /// IN: all centroids.
    pub(crate) fn all<F: Float>(centroids: &Rows<'_, F>) -> Self {
        let mut all = Self::default();
        all.make_room(centroids.len(), centroids.n_features());
        all.index.extend(0..centroids.len() as u32);
        for (j, column) in all.columns.chunks_exact_mut(all.stride).enumerate() {
            let values = centroids.iter().map(|row| row[j].to_f64());
            column.iter_mut().zip(values).for_each(|(x, c)| *x = c);
        }
        all
    }

    fn make_room(&mut self, len: usize, n_features: usize) {
        self.index.clear();
        self.stride = len.next_multiple_of(MAX_LANES);
        self.columns.clear();
        // Places beyond the last are far from everything.
        self.columns
            .resize(self.stride * n_features, f64::MAX.sqrt() / 1e9);
    }
}

impl<F: Float> Kernels<F> {
    /// The centroids that can be nearest to a point in a box.
    ///
    /// IN: `corners`, for each feature the lowest value in the box, then for each the highest;
    /// `from`, at least one, of as many features. OUT: `to`, those of `from` that are the nearest,
    /// or among the nearest, to any point in the box, and perhaps others; `far` is workspace.
    pub(crate) fn filter_candidates(
        &self,
        corners: &[f64],
        from: &Candidates,
        to: &mut Candidates,
        far: &mut Vec<f64>,
    ) {
        (self.filter_candidates)(corners, from, to, far);
    }

    /// [`nearest`](Self::nearest) among some of the centroids.
    ///
    /// IN: `points`, `centroids` of as many features, `candidates`, indices of centroids in
    /// ascending order, at least one. IN, OUT: `labels`, one for each point.
    pub(crate) fn nearest_among(
        &self,
        points: &Rows<'_, F>,
        centroids: &Rows<'_, F>,
        candidates: &[u32],
        labels: &mut [u32],
    ) -> Work {
        assert_eq!(points.len(), labels.len(), "one label for each point");
        assert_eq!(
            points.n_features(),
            centroids.n_features(),
            "as many features"
        );
        let len = panel_len(points.n_features(), self.lanes);
        f64::with_scratch(len, |panel| {
            (self.nearest_among)(points, centroids, candidates, labels, panel)
        })
    }
}

/// See [`Kernels::filter_candidates`].
#[inline(always)]
pub(in crate::kernels) fn filter_candidates<S: Simd<f64>>(
    simd: S,
    corners: &[f64],
    from: &Candidates,
    to: &mut Candidates,
    far: &mut Vec<f64>,
) {
    let (low, high) = corners.split_at(corners.len() / 2);
    let stride = from.stride;
    far.resize(2 * stride, 0.0);
    let (far, near) = far.split_at_mut(stride);
    for start in (0..stride).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (column, (&low, &high)) in from.columns.chunks_exact(stride).zip(low.iter().zip(high)) {
            let z = simd.load(&column[start..]);
            let (below, above) = (simd.sub(z, simd.splat(low)), simd.sub(simd.splat(high), z));
            // Of the distances to both sides the larger one.
            let farther = simd.select(simd.less(below, above), above, below);
            sum = simd.add(sum, simd.mul(farther, farther));
        }
        simd.store(sum, &mut far[start..]);
    }
    let closest = (0..from.index.len()).fold(0, |c, i| if far[i] < far[c] { i } else { c });
    for start in (0..stride).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (column, (&low, &high)) in from.columns.chunks_exact(stride).zip(low.iter().zip(high)) {
            let (z, other) = (simd.load(&column[start..]), simd.splat(column[closest]));
            let corner = simd.select(simd.less(z, other), simd.splat(low), simd.splat(high));
            let (z, other) = (simd.sub(corner, z), simd.sub(corner, other));
            let difference = simd.sub(simd.mul(z, z), simd.mul(other, other));
            sum = simd.add(sum, difference);
        }
        simd.store(sum, &mut near[start..]);
    }
    // R6a of docs/rounding.md.
    let slack = 4.0 * (low.len() + 8) as f64 * f64::UNIT_ROUNDOFF;
    let underflow = 4.0 * low.len() as f64 * f64::MIN_POSITIVE;
    let keeps = |i: usize| near[i] <= slack * (far[i] + far[closest]) + underflow;
    let kept = (0..from.index.len()).filter(|&i| keeps(i)).count();
    to.make_room(kept, low.len());
    for i in (0..from.index.len()).filter(|&i| keeps(i)) {
        let place = to.index.len();
        to.index.push(from.index[i]);
        for j in 0..low.len() {
            to.columns[j * to.stride + place] = from.columns[j * stride + i];
        }
    }
}

/// See [`Kernels::nearest_among`]; `panel` is workspace of [`panel_len`].
#[inline(always)]
pub(in crate::kernels) fn nearest_among<F: Float, S: Widen<F>>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Rows<'_, F>,
    candidates: &[u32],
    labels: &mut [u32],
    panel: &mut [f64],
) -> Work {
    with_columns!(simd, points.n_features(), panel, |columns| {
        nearest_in_lanes(simd, columns, points, centroids, candidates, labels)
    })
}

/// [`nearest_among`], however the features are held.
#[inline(always)]
fn nearest_in_lanes<F: Float, S: Widen<F>>(
    simd: S,
    mut columns: impl Columns<F, S>,
    points: &Rows<'_, F>,
    centroids: &Rows<'_, F>,
    candidates: &[u32],
    labels: &mut [u32],
) -> Work {
    let mut work = Work {
        distances: points.len() * candidates.len(),
        ..Work::default()
    };
    for (number, labels) in labels.chunks_mut(S::LANES).enumerate() {
        let first = number * S::LANES;
        let block = points.slice(first..first + labels.len());
        columns.take(simd, &block);
        let mut best = simd.splat(f64::INFINITY);
        let mut index = simd.splat(f64::from_index(0));
        for &candidate in candidates {
            let target = centroids.row(candidate as usize);
            let sq_dist = columns.sq_dists(simd, target);
            let better = simd.less(sq_dist, best);
            best = simd.min(sq_dist, best);
            index = simd.select(better, simd.splat(f64::from_index(candidate)), index);
        }
        let mut indices = [0.0; MAX_LANES];
        simd.store(index, &mut indices);
        for (label, index) in labels.iter_mut().zip(indices) {
            work.reassigned += usize::from(*label != index.to_index());
            *label = index.to_index();
        }
    }
    work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::NO_LABEL;
    use crate::kernels::tests::{each_table, for_both_types, naive, rough};

    fn filtering_keeps_every_centroid_that_can_be_nearest<F: Float>() {
        for (d, k) in [(1, 9), (2, 40), (3, 64), (4, 50), (5, 33)] {
            let (x, c) = (
                rough::<F>(400 * d, 1, 1.0, 0.0),
                rough::<F>(k * d, 7, 1.0, 0.0),
            );
            let (points, centroids) = (Rows::new(&x, d), Rows::new(&c, d));
            let labels = naive::nearest(&points, &centroids);
            each_table::<F>(|table| {
                let all = Candidates::all(&centroids);
                let mut ruled_out = 0;
                // Boxes around a point and those near it.
                for i in (0..400).step_by(20) {
                    let mut corners = vec![0.0; 2 * d];
                    let inside = |row: &[F]| {
                        let pairs = row.iter().zip(points.row(i));
                        pairs
                            .clone()
                            .all(|(a, b)| (a.to_f64() - b.to_f64()).abs() < 0.3)
                    };
                    let rows: Vec<usize> = (0..400).filter(|&r| inside(points.row(r))).collect();
                    for j in 0..d {
                        let values = rows.iter().map(|&r| points.row(r)[j].to_f64());
                        corners[j] = values.clone().fold(f64::INFINITY, f64::min);
                        corners[d + j] = values.fold(f64::NEG_INFINITY, f64::max);
                    }
                    let (mut left, mut far) = (Candidates::default(), Vec::new());
                    table.filter_candidates(&corners, &all, &mut left, &mut far);
                    ruled_out += k - left.index.len();
                    for &r in &rows {
                        assert!(left.index.contains(&labels[r]), "{} {d} {k}", table.name);
                    }
                    // Among those left, the nearest is the nearest of all.
                    let own: Vec<F> = rows.iter().flat_map(|&r| points.row(r)).copied().collect();
                    let mut found = vec![NO_LABEL; rows.len()];
                    let own = Rows::new(&own, d);
                    let work = table.nearest_among(&own, &centroids, &left.index, &mut found);
                    assert!(
                        found
                            .iter()
                            .zip(&rows)
                            .all(|(found, &r)| *found == labels[r])
                    );
                    assert_eq!(work.reassigned, rows.len());
                }
                assert!(ruled_out > 5 * k, "{} {d} {k}: {ruled_out}", table.name);
            });
        }
    }

    for_both_types!(filtering_keeps_every_centroid_that_can_be_nearest);
}
