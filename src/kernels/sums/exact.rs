//! Sums without rounding.
//!
//! A value is cut into levels, each a multiple of a power of two, the unit of that level. The
//! units are so large that all partial sums of a level fit the 53 bits of an f64, and so small
//! that, for all but extraordinary data, nothing is left of the value after the last level. Then
//! every addition is exact, and the sums do not depend on its order: a point may be moved from one
//! cluster to another, in any block, on any thread, and the sums are what they would be if they
//! had been added up anew.
//!
//! What a value has below its last level is detected and reported. For the proof see R9 of docs/rounding.md.
//!
//! The cutting is that of J. Demmel, H. D. Nguyen, *Fast reproducible floating-point summation*,
//! IEEE Symposium on Computer Arithmetic, 2013, doi:10.1109/ARITH.2013.9.

use std::ops::Range;

use crate::float::Float;
use crate::kernels::isa::Widen;
use crate::kernels::{Kernels, NO_LABEL, Rows};
use crate::numeric::{self, exponent_above, sum_of_three};

/// The most levels. For a million points the unit of the third lies 66 bits below that of the first.
const MAX_LEVELS: usize = 3;

/// Where values are cut. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct SumLevels {
    /// For each level the number which, added and subtracted again, rounds to the unit.
    splitters: [f64; MAX_LEVELS],
    levels: usize,
}

impl SumLevels {
    /// For values of up to `magnitude`, added `count` times at most. `None` if there are too many.
    pub(crate) fn new<F: Float>(magnitude: F, count: f64) -> Option<Self> {
        const MAX_COUNT: f64 = (1_u64 << 32) as f64;
        if count > MAX_COUNT {
            return None;
        }
        let count = exponent_above(count).max(2);
        // One bit more than magnitude and count take, for the rounding to a unit.
        let mut unit = exponent_above(magnitude.to_f64()) + count + 1 - 53;
        let mut splitters = [0.0; MAX_LEVELS];
        for splitter in &mut splitters {
            *splitter = numeric::splitter(unit);
            unit += count - 53;
        }
        Some(Self {
            splitters,
            levels: F::LEVELS,
        })
    }

    /// Values per cluster: for each level the features, then the weight.
    pub(crate) fn width(&self, n_features: usize) -> usize {
        self.levels * n_features + 1
    }

    /// OUT: `sum`, what was summed for one cluster, each sum rounded to the nearest f64: the features, then the
    /// weight.
    pub(crate) fn total(&self, levels: &[f64], sum: &mut [f64]) {
        let n_features = sum.len() - 1;
        let (features, weight) = levels.split_at(self.levels * n_features);
        let (first, rest) = features.split_at(n_features);
        let (second, third) = rest.split_at(n_features);
        for (j, sum) in sum[..n_features].iter_mut().enumerate() {
            // PERF: values of few digits leave nothing in the third level.
            *sum = match third.get(j) {
                None | Some(0.0) => first[j] + second[j],
                Some(&third) => sum_of_three(first[j], second[j], third),
            };
        }
        sum[n_features] = weight[0];
    }
}

/// Points that go from one cluster to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer<'a, F> {
    pub(crate) points: Rows<'a, F>,
    /// Whole numbers, one for each point, or 1 for all.
    pub(crate) weights: Option<&'a [F]>,
    /// [`NO_LABEL`] where a point is new.
    pub(crate) from: &'a [u32],
    pub(crate) to: &'a [u32],
}

impl<F: Float> Kernels<F> {
    /// Moves points from cluster to cluster, without rounding.
    ///
    /// IN: `data`; `clusters`, those whose sums are given: others are left out. IN, OUT: `sums`,
    /// [`SumLevels::width`] values for each of these clusters. Returns whether all additions were exact.
    pub(crate) fn transfer(
        &self,
        data: Transfer<'_, F>,
        clusters: Range<usize>,
        levels: &SumLevels,
        sums: &mut [f64],
    ) -> bool {
        let n = data.points.len();
        assert_eq!(
            (data.from.len(), data.to.len()),
            (n, n),
            "one for each point"
        );
        assert!(
            data.weights.is_none_or(|weights| weights.len() == n),
            "one weight for each point"
        );
        let width = levels.width(data.points.n_features());
        assert_eq!(
            sums.len(),
            clusters.len() * width,
            "the sums of each cluster"
        );
        (self.transfer)(data, clusters, levels, sums)
    }
}

/// See [`Kernels::transfer`]. `W1` to `W4` are `L` times 1 to 4 features, and 1 for the weight.
#[inline(always)]
pub(in crate::kernels) fn transfer<
    F: Float,
    S: Widen<F>,
    const L: usize,
    const W1: usize,
    const W2: usize,
    const W3: usize,
    const W4: usize,
>(
    simd: S,
    data: Transfer<'_, F>,
    clusters: Range<usize>,
    levels: &SumLevels,
    sums: &mut [f64],
) -> bool {
    let splitters = &levels.splitters[..L]
        .try_into()
        .expect("there are L levels");
    match data.points.n_features() {
        1 => transfer_short::<F, L, 1, W1>(data, clusters, splitters, sums),
        2 => transfer_short::<F, L, 2, W2>(data, clusters, splitters, sums),
        3 => transfer_short::<F, L, 3, W3>(data, clusters, splitters, sums),
        4 => transfer_short::<F, L, 4, W4>(data, clusters, splitters, sums),
        d => transfer_rows(&data, clusters, |i, cluster, weight| {
            let own = &mut sums[cluster * (L * d + 1)..][..L * d + 1];
            add_row::<F, S, L>(simd, data.points.row(i), weight, splitters, own)
        }),
    }
}

/// [`transfer`] for `D` features, a number known to the compiler; `W` is `L * D + 1`.
#[inline(always)]
fn transfer_short<F: Float, const L: usize, const D: usize, const W: usize>(
    data: Transfer<'_, F>,
    clusters: Range<usize>,
    splitters: &[f64; L],
    sums: &mut [f64],
) -> bool {
    let (rows, _) = data.points.data().as_chunks::<D>();
    let (sums, _) = sums.as_chunks_mut::<W>();
    transfer_rows(&data, clusters, |i, cluster, weight| {
        let mut rest = rows[i].map(F::to_f64);
        let mut terms = [weight; W];
        for l in 0..L {
            for j in 0..D {
                let part = (rest[j] + splitters[l]) - splitters[l];
                rest[j] -= part;
                terms[l * D + j] = weight * part;
            }
        }
        for (sum, term) in sums[cluster].iter_mut().zip(terms) {
            *sum += term;
        }
        rest == [0.0; D]
    })
}

/// Calls `add` with point, cluster and weight for all that is to be added. Returns whether all
/// calls returned `true`.
///
/// PERF: most labels stay, so 64 points are looked at together. Which ones moved cannot be predicted, so
/// they are taken from a set of bits, without a branch for each point.
#[inline(always)]
fn transfer_rows<F: Float>(
    data: &Transfer<'_, F>,
    clusters: Range<usize>,
    mut add: impl FnMut(usize, usize, f64) -> bool,
) -> bool {
    let mut is_exact = true;
    let blocks = data.from.chunks(BITS).zip(data.to.chunks(BITS));
    for (block, (from, to)) in blocks.enumerate() {
        if from == to {
            continue;
        }
        let mut changed = changed(from, to);
        while changed != 0 {
            let place = changed.trailing_zeros() as usize;
            changed &= changed - 1;
            let i = block * BITS + place;
            let weight = data.weights.map_or(1.0, |weights| weights[i].to_f64());
            for (label, weight) in [(from[place], -weight), (to[place], weight)] {
                if label != NO_LABEL && clusters.contains(&(label as usize)) {
                    is_exact &= add(i, label as usize - clusters.start, weight);
                }
            }
        }
    }
    is_exact
}

/// Points that [`transfer_rows`] looks at together: one for each bit.
const BITS: usize = u64::BITS as usize;

/// A bit for each place where the labels differ.
#[inline(always)]
fn changed(from: &[u32], to: &[u32]) -> u64 {
    let bits = |from: &[u32], to: &[u32]| {
        let pairs = from.iter().zip(to).enumerate();
        pairs.fold(0, |bits, (i, (a, b))| bits | u64::from(a != b) << i)
    };
    // PERF: a constant length lets the compiler compare whole vectors.
    if from.len() == BITS {
        bits(&from[..BITS], &to[..BITS])
    } else {
        bits(from, to)
    }
}

/// Adds a row `weight` times. Returns whether nothing was left of it.
#[inline(always)]
fn add_row<F: Float, S: Widen<F>, const L: usize>(
    simd: S,
    row: &[F],
    weight: f64,
    splitters: &[f64; L],
    own: &mut [f64],
) -> bool {
    let d = row.len();
    own[L * d] += weight;
    let mut is_exact = true;
    let whole = d - d % S::LANES;
    let zero = simd.splat(0.0);
    let mut left_over = zero;
    for start in (0..whole).step_by(S::LANES) {
        let mut rest = simd.load_wide(&row[start..]);
        for (l, &splitter) in splitters.iter().enumerate() {
            let splitter = simd.splat(splitter);
            let part = simd.sub(simd.add(rest, splitter), splitter);
            rest = simd.sub(rest, part);
            let sum = &mut own[l * d + start..];
            let added = simd.add(simd.load(sum), simd.mul(simd.splat(weight), part));
            simd.store(added, sum);
        }
        left_over = simd.min(left_over, simd.min(rest, simd.sub(zero, rest)));
    }
    for j in whole..d {
        let mut rest = row[j].to_f64();
        for (l, &splitter) in splitters.iter().enumerate() {
            let part = (rest + splitter) - splitter;
            rest -= part;
            own[l * d + j] += weight * part;
        }
        is_exact &= rest == 0.0;
    }
    if whole > 0 {
        let below_zero = simd.splat(-f64::from_bits(1));
        is_exact &= simd.all(simd.less(below_zero, left_over));
    }
    is_exact
}

#[cfg(test)]
mod tests;
