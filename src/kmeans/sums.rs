//! The sums of the points of each cluster, over all points.

use std::ops::Range;

use crate::float::Float;
use crate::parallel;
use crate::points::Points;

/// Sums of at most this many values are kept once for each part of the rows. Longer ones are cut
/// by features instead, so that they exist only once.
///
/// PERF: 64 KB, a part of the second-level cache; 64 parts of them are 4 MB.
const LONGEST_PART: usize = 8192;

/// Features in one cut: a cache line of f32.
const FEATURES: usize = 16;

/// For each cluster the sum of weight times `x - centre` over the points with its label, then the
/// sum of weights: `n_clusters x (n_features + 1)` values, row-major.
///
/// The order of additions depends on the shape of the problem alone.
pub(crate) fn cluster_sums<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centre: &[f64],
    n_clusters: usize,
) -> Vec<f64> {
    let (n, d) = (points.len(), points.n_features());
    let add = |rows: Range<usize>, features: Range<usize>| {
        let mut sums = vec![0.0; n_clusters * (features.len() + 1)];
        points
            .kernels
            .accumulate(points.labelled(rows, labels), centre, features, &mut sums);
        sums
    };
    let len = n_clusters * (d + 1);
    if len <= LONGEST_PART || d <= FEATURES {
        let parts = if len <= LONGEST_PART {
            parallel::map_parts(n, n * d, |rows| add(rows, 0..d))
        } else {
            vec![add(0..n, 0..d)]
        };
        return parts
            .into_iter()
            .reduce(added)
            .expect("there is at least one row");
    }
    let cuts = parallel::map_blocks(d, FEATURES, n * d, |features| add(0..n, features));
    let mut sums = vec![0.0; len];
    for (cut, values) in cuts.iter().enumerate() {
        let width = values.len() / n_clusters;
        for (sums, values) in sums.chunks_exact_mut(d + 1).zip(values.chunks_exact(width)) {
            let (weight, values) = values
                .split_last()
                .expect("the weight is behind the features");
            sums[cut * FEATURES..][..values.len()].copy_from_slice(values);
            sums[d] = *weight;
        }
    }
    sums
}

fn added(mut sums: Vec<f64>, part: Vec<f64>) -> Vec<f64> {
    sums.iter_mut()
        .zip(part)
        .for_each(|(sum, part)| *sum += part);
    sums
}
