//! Sums of the points of each cluster, rounded.

use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::isa::Widen;
use crate::kernels::{Kernels, Rows};
use crate::numeric::few_features;

/// Points with their labels and weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelled<'a, F> {
    pub(crate) points: Rows<'a, F>,
    /// One for each point.
    pub(crate) labels: &'a [u32],
    /// One for each point, or 1 for all.
    pub(crate) weights: Option<&'a [F]>,
}

impl<F: Float> Kernels<F> {
    /// Adds up the points of each cluster.
    ///
    /// IN: `data`; `centre`, subtracted from each point. IN, OUT: `sums`, for each cluster first for
    /// each feature the sum of weight times `x - centre`, then the sum of weights. There must be a
    /// cluster for each label.
    ///
    /// The points are added in an order that depends on their number and on the length of `sums`
    /// alone, not on the instruction set.
    pub(crate) fn accumulate(&self, data: Labelled<'_, F>, centre: &[f64], sums: &mut [f64]) {
        let n = data.points.len();
        assert_eq!(data.labels.len(), n, "one label for each point");
        assert!(
            data.weights.is_none_or(|weights| weights.len() == n),
            "one weight for each point"
        );
        assert_eq!(centre.len(), data.points.n_features(), "as many features");
        // The copies must fit the nearest cache, and be few compared with the points.
        let room = COPIES * sums.len();
        let room = if room <= 4096 && room <= 2 * n {
            room
        } else {
            0
        };
        f64::with_scratch(room, |copies| (self.accumulate)(data, centre, sums, copies));
    }
}

/// See [`Kernels::accumulate`]; `copies` is workspace of [`COPIES`] times the length of `sums`, or empty.
///
/// PERF: neighbours in real data often share a label, and then each addition waits for the last
/// one to reach memory. Where there is room, point `i` adds to copy `i mod 4` instead, and the
/// copies are added up at the end.
#[inline(always)]
pub(in crate::kernels) fn accumulate<F: Float, S: Widen<F>>(
    simd: S,
    data: Labelled<'_, F>,
    centre: &[f64],
    sums: &mut [f64],
    copies: &mut [f64],
) {
    if copies.is_empty() {
        return add_points(simd, data, centre, |_| 0, sums);
    }
    copies.fill(0.0);
    let len = sums.len();
    few_features!(
        data.points.n_features(),
        D => add_points_of::<F, D, { D + 1 }>(data, centre, copies),
        else add_points(simd, data, centre, |i| i % COPIES * len, copies)
    );
    for copy in copies.chunks_exact(len) {
        sums.iter_mut()
            .zip(copy)
            .for_each(|(sum, part)| *sum += part);
    }
}

/// Copies of the sums that [`accumulate`] adds to in turn.
const COPIES: usize = 4;

/// OUT: `sums`, in which the clusters of point `i` begin at `start(i)`.
#[inline(always)]
fn add_points<F: Float, S: Widen<F>>(
    simd: S,
    data: Labelled<'_, F>,
    centre: &[f64],
    start: impl Fn(usize) -> usize,
    sums: &mut [f64],
) {
    let width = centre.len() + 1;
    for (i, &label) in data.labels.iter().enumerate() {
        let weight = data.weights.map_or(1.0, |weights| weights[i].to_f64());
        let sums = &mut sums[start(i) + label as usize * width..][..width];
        let (total, sums) = sums
            .split_last_mut()
            .expect("the weight follows the features");
        *total += weight;
        let row = &data.points.row(i);
        let weights = simd.splat(weight);
        let whole = sums.len() - sums.len() % S::LANES;
        for start in (0..whole).step_by(S::LANES) {
            let x = simd.load_wide(&row[start..]);
            let centred = simd.sub(x, simd.load(&centre[start..]));
            let sum = simd.load(&sums[start..]);
            simd.store(
                simd.add(sum, simd.mul(weights, centred)),
                &mut sums[start..],
            );
        }
        for j in whole..sums.len() {
            sums[j] += weight * (row[j].to_f64() - centre[j]);
        }
    }
}

/// [`add_points`] to the copies, for all `D` features, a number known to the compiler; `W` is
/// `D + 1`.
#[inline(always)]
fn add_points_of<F: Float, const D: usize, const W: usize>(
    data: Labelled<'_, F>,
    centre: &[f64],
    copies: &mut [f64],
) {
    let centre: &[f64; D] = centre.try_into().expect("there are D features");
    let (clusters, _) = copies.as_chunks_mut::<W>();
    let n_clusters = clusters.len() / COPIES;
    let mut add = |copy: usize, row: &[F; D], label: u32, weight: f64| {
        let sums = &mut clusters[copy * n_clusters + label as usize];
        let mut terms = [weight; W];
        for j in 0..D {
            terms[j] = weight * (row[j].to_f64() - centre[j]);
        }
        for j in 0..W {
            sums[j] += terms[j];
        }
    };
    let (rows, _) = data.points.data().as_chunks::<D>();
    let (fours, rest) = rows.as_chunks::<COPIES>();
    let (label_fours, label_rest) = data.labels.as_chunks::<COPIES>();
    match data.weights {
        None => {
            for (rows, labels) in fours.iter().zip(label_fours) {
                for copy in 0..COPIES {
                    add(copy, &rows[copy], labels[copy], 1.0);
                }
            }
            for (copy, (row, &label)) in rest.iter().zip(label_rest).enumerate() {
                add(copy, row, label, 1.0);
            }
        }
        Some(weights) => {
            for (i, ((row, &label), weight)) in
                rows.iter().zip(data.labels).zip(weights).enumerate()
            {
                add(i % COPIES, row, label, weight.to_f64());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{each_table, for_both_types, lattice, naive, rough};

    fn sums_equal_the_plain_loop<F: Float>() {
        for (n, d, k) in [
            (1, 1, 1),
            (300, 1, 4),
            (301, 2, 4),
            (302, 3, 5),
            (303, 4, 4),
            (90, 5, 60),
        ]
        .into_iter()
        .chain((6..=40).map(|d| (97, d, 3)))
        {
            let (x, weights) = (lattice::<F>(n * d, 1), lattice::<F>(n, 2));
            let weights: Vec<F> = weights.into_iter().map(F::abs).collect();
            let labels: Vec<u32> = (0..n).map(|i| (i * i % k) as u32).collect();
            let centre: Vec<f64> = lattice(d, 3);
            for weights in [None, Some(&weights[..])] {
                let data = Labelled {
                    points: Rows::new(&x, d),
                    labels: &labels,
                    weights,
                };
                let expected = naive::cluster_sums(data, &centre, k);
                each_table::<F>(|table| {
                    let mut sums = vec![0.0; k * (d + 1)];
                    table.accumulate(data, &centre, &mut sums);
                    assert_eq!(
                        sums,
                        expected,
                        "{} {n} {d} {k} {}",
                        table.name,
                        weights.is_some()
                    );
                });
            }
        }
    }

    fn sums_have_the_same_bits_in_every_table<F: Float>() {
        for (n, d, k) in [
            (500, 1, 3),
            (500, 3, 7),
            (500, 4, 7),
            (500, 23, 7),
            (40, 64, 90),
        ] {
            let (x, weights) = (rough::<F>(n * d, 1, 1.0, 5.0), rough::<F>(n, 2, 0.4, 0.5));
            let weights: Vec<F> = weights.into_iter().map(F::abs).collect();
            let labels: Vec<u32> = (0..n).map(|i| (i * i % k) as u32).collect();
            let centre: Vec<f64> = rough(d, 3, 1.0, 5.0);
            let data = Labelled {
                points: Rows::new(&x, d),
                labels: &labels,
                weights: Some(&weights),
            };
            let sums = |table: &Kernels<F>| {
                let mut sums = vec![0.0; k * (d + 1)];
                table.accumulate(data, &centre, &mut sums);
                sums.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            let expected = sums(
                F::tables()
                    .last()
                    .expect("the portable table is always there"),
            );
            each_table::<F>(|table| {
                assert_eq!(sums(table), expected, "{} {n} {d} {k}", table.name);
            });
        }
    }

    for_both_types!(
        sums_equal_the_plain_loop,
        sums_have_the_same_bits_in_every_table,
    );
}
