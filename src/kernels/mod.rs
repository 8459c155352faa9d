//! The inner loops, and the choice of an instruction set for them.
//!
//! A [`Kernels`] table holds one function per kernel. [`detect`] lists the tables that this
//! processor can run; a fit takes the first and passes it down. What the kernels compute is
//! specified by the plain loops in [`reference`](mod@reference), and all tables return the same
//! labels and the same distances, to the bit.
//!
//! This is the only module with unsafe code: the vector intrinsics, and the calls of functions
//! compiled for instruction sets that were found at run time.
#![allow(
    unsafe_code,
    reason = "intrinsics and run-time dispatch; each use says why it is sound"
)]

pub mod benchmarking;
mod bounds;
mod boxes;
mod columns;
mod distances;
mod exact;
mod generic;
mod groups;
mod packed;
mod portable;
mod projection;
mod reference;
mod rows;
mod screen;
mod seeding;
mod simd;
mod tables;
#[cfg(test)]
mod tests;
mod transpose;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

pub(crate) use bounds::Bounds;
pub(crate) use boxes::Candidates;
pub(crate) use columns::FEW_FEATURES;
pub(crate) use distances::Grouped;
pub(crate) use exact::{NO_LABEL, SumLevels, Transfer};
pub(crate) use groups::{Groups, PANEL};
pub(crate) use packed::Packed;
pub(crate) use projection::{Projection, Sketched};
pub(crate) use reference::{nearest_row, sq_dist};
pub(crate) use rows::Rows;
pub(crate) use screen::{Candidacy, Known, NearPair, Sketches};
pub(crate) use seeding::{MAX_TARGETS, PotentialTerms};
pub(crate) use tables::{supported_f32, supported_f64};

use crate::float::Float;
use crate::float::private::Sealed;

/// What [`Kernels::nearest`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Points whose label is another than before.
    pub(crate) reassigned: usize,
    /// Points that distances had to decide on, or, where bounds are held, the distances themselves.
    pub(crate) exact_checks: usize,
    /// Distances or scores of points and centroids that were computed.
    pub(crate) distances: usize,
    /// Scores of sketches.
    pub(crate) sketched: usize,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.reassigned += other.reassigned;
        self.exact_checks += other.exact_checks;
        self.distances += other.distances;
        self.sketched += other.sketched;
    }
}

/// The kernels for one instruction set and element type.
pub(crate) struct Kernels<F> {
    /// The name of the instruction set: `avx512`, `avx2` or `portable`.
    pub(crate) name: &'static str,
    /// Points that [`nearest`](Self::nearest) takes together.
    panel: usize,
    nearest: NearestFn<F>,
    /// Points that [`sq_dists`](Self::sq_dists) takes together.
    lanes: usize,
    sq_dists: SqDistsFn<F>,
    sq_dists_to_own: SqDistsToOwnFn<F>,
    sum_dists: SumDistsFn<F>,
    accumulate: AccumulateFn<F>,
    transfer: TransferFn<F>,
    potential_drops: PotentialDropsFn<F>,
    update_min: UpdateMinFn<F>,
    measured_pairs: MeasureNearerFn<F>,
    filter_candidates: FilterCandidatesFn,
    nearest_among: NearestAmongFn<F>,
    nearest_bounded: NearestBoundedFn<F>,
    find_nearer: FindNearerFn<F>,
    /// Points that [`project`](Self::project) takes together.
    rows: usize,
    project: ProjectFn<F>,
}

// The kernels as they stand in a table. The last argument of most of them is their workspace.
type NearestFn<F> = fn(&Rows<'_, F>, &Packed<F>, &mut [u32], &mut [F]) -> Work;
type SqDistsFn<F> = fn(&Rows<'_, F>, &Rows<'_, F>, &mut [f64], &mut [f64]);
type SqDistsToOwnFn<F> = fn(&Rows<'_, F>, &Rows<'_, F>, &[u32], &mut [f64]);
type SumDistsFn<F> = fn(Grouped<'_, F>, &Rows<'_, F>, &mut [f64], &mut [f64], &mut [F]);
type AccumulateFn<F> = fn(Labelled<'_, F>, &[f64], &mut [f64], &mut [f64]);
type TransferFn<F> = fn(Transfer<'_, F>, Range<usize>, &SumLevels, &mut [f64]) -> bool;
type PotentialDropsFn<F> =
    fn(&Rows<'_, F>, &Rows<'_, F>, PotentialTerms<'_, F>, &[f64], &mut [f64], &mut [f64]);
type MeasureNearerFn<F> = fn(&Rows<'_, F>, &Rows<'_, F>, &[f64], &mut Vec<NearPair>, &mut [f64]);
type UpdateMinFn<F> = fn(&Rows<'_, F>, &[F], PotentialTerms<'_, F>, &mut [f64]) -> f64;
type FilterCandidatesFn = fn(&[f64], &Candidates, &mut Candidates, &mut Vec<f64>);
type NearestAmongFn<F> = fn(&Rows<'_, F>, &Rows<'_, F>, &[u32], &mut [u32], &mut [f64]) -> Work;
type NearestBoundedFn<F> =
    fn(&Rows<'_, F>, &Packed<F>, &Groups<F>, Bounds<'_, F>, &mut [F]) -> Work;
type FindNearerFn<F> = fn(&Candidacy<'_, F>, &mut Vec<NearPair>, &mut [F]);
type ProjectFn<F> = fn(&Rows<'_, F>, &Projection<F>, &mut [F], &mut [F], &mut [F]);

impl<F> fmt::Debug for Kernels<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernels({})", self.name)
    }
}

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
    /// The label of the nearest centroid for each point: the smallest [`sq_dist`], the lowest
    /// index among equals.
    ///
    /// IN: `points`, `centroids` of as many features. IN, OUT: `labels`, one for each point; what
    /// they were before only decides what counts as reassigned.
    pub(crate) fn nearest(
        &self,
        points: &Rows<'_, F>,
        centroids: &Packed<F>,
        labels: &mut [u32],
    ) -> Work {
        assert_eq!(points.len(), labels.len(), "one label for each point");
        assert_eq!(
            points.n_features(),
            centroids.centre().len(),
            "as many features"
        );
        F::with_scratch(self.panel * points.n_features(), |panel| {
            (self.nearest)(points, centroids, labels, panel)
        })
    }

    /// All [`sq_dist`] of points and targets.
    ///
    /// IN: `points`, `targets` of as many features. OUT: `out[t * points.len() + i]`, the squared
    /// distance of point `i` and target `t`.
    pub(crate) fn sq_dists(&self, points: &Rows<'_, F>, targets: &Rows<'_, F>, out: &mut [f64]) {
        assert_eq!(
            points.n_features(),
            targets.n_features(),
            "as many features"
        );
        assert_eq!(
            points.len() * targets.len(),
            out.len(),
            "one place for each pair"
        );
        let len = columns::panel_len(points.n_features(), self.lanes);
        f64::with_scratch(len, |panel| {
            (self.sq_dists)(points, targets, out, panel);
        });
    }

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
        assert_eq!(
            points.n_features(),
            centroids.n_features(),
            "as many features"
        );
        assert_eq!(
            (points.len(), out.len()),
            (labels.len(), labels.len()),
            "one for each point"
        );
        (self.sq_dists_to_own)(points, centroids, labels, out);
    }

    /// Adds up distances.
    ///
    /// IN: `points`, `others` of as many features, and so small that squares of their distances do not
    /// overflow. IN, OUT: `sums`, to each of which are added the Euclidean distances of its point to all
    /// of the others; `sums_of_others`, for each group one for each of the others, to which its
    /// distances to all points of the group are added.
    ///
    /// The distances are rounded to the element type, some hundred at a time are added up in it, in an order
    /// that depends on the instruction set.
    pub(crate) fn sum_dists(
        &self,
        points: Grouped<'_, F>,
        others: &Rows<'_, F>,
        sums: &mut [f64],
        sums_of_others: &mut [f64],
    ) {
        let (n, d) = (points.points.len(), points.points.n_features());
        assert_eq!(d, others.n_features(), "as many features");
        assert_eq!(
            (points.ends.last(), sums.len()),
            (Some(&n), n),
            "the last group ends with the points"
        );
        assert_eq!(
            sums_of_others.len(),
            points.ends.len() * others.len(),
            "sums for each group"
        );
        F::with_scratch(distances::scratch_len(n, d), |scratch| {
            (self.sum_dists)(points, others, sums, sums_of_others, scratch);
        });
    }

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
        // The copies must fit the nearest cache, and be few beside the points.
        let room = generic::COPIES * sums.len();
        let room = if room <= 4096 && room <= 2 * n {
            room
        } else {
            0
        };
        f64::with_scratch(room, |copies| (self.accumulate)(data, centre, sums, copies));
    }

    /// Moves points from cluster to cluster, without rounding.
    ///
    /// IN: `data`; `clusters`, those whose sums are given: others are passed over. IN, OUT: `sums`,
    /// [`SumLevels::width`] values for each of these clusters. Returns whether all additions were exact.
    pub(crate) fn transfer(
        &self,
        data: Transfer<'_, F>,
        clusters: Range<usize>,
        sum_levels: &SumLevels,
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
        let width = sum_levels.width(data.points.n_features());
        assert_eq!(
            sums.len(),
            clusters.len() * width,
            "the sums of each cluster"
        );
        (self.transfer)(data, clusters, sum_levels, sums)
    }

    /// By how much a sum of terms falls with each of some targets as a centroid.
    ///
    /// IN: `points` of at most [`FEW_FEATURES`] features, `targets` of as many, no more of them than
    /// [`MAX_TARGETS`], `terms`, `closest`, the squared distance known of each point. IN, OUT: `falls`, one for each target, to which it
    /// is added.
    pub(crate) fn potential_drops(
        &self,
        points: &Rows<'_, F>,
        targets: &Rows<'_, F>,
        terms: PotentialTerms<'_, F>,
        closest: &[f64],
        falls: &mut [f64],
    ) {
        assert_eq!(
            (closest.len(), falls.len()),
            (points.len(), targets.len()),
            "one for each"
        );
        assert!(targets.len() <= MAX_TARGETS, "not too many targets");
        assert!(targets.n_features() <= FEW_FEATURES, "few features");
        f64::with_scratch(targets.data().len(), |scratch| {
            (self.potential_drops)(points, targets, terms, closest, falls, scratch);
        });
    }

    /// Takes in one target as a centroid, and returns by how much the sum of terms falls.
    ///
    /// IN: `points`, `target`, of as many features, at most [`FEW_FEATURES`], `terms`. IN, OUT: `closest`, the squared distance
    /// of each point to its nearest centroid.
    pub(crate) fn update_min(
        &self,
        points: &Rows<'_, F>,
        target: &[F],
        terms: PotentialTerms<'_, F>,
        closest: &mut [f64],
    ) -> f64 {
        assert_eq!(closest.len(), points.len(), "one for each point");
        assert!(target.len() <= FEW_FEATURES, "few features");
        (self.update_min)(points, target, terms, closest)
    }

    /// The points that are nearer to a target than they were to anything.
    ///
    /// IN: `points`, `targets` of as many features, at most [`FEW_FEATURES`], `closest`, the squared
    /// distance known of each point. OUT: `nearer`, to which all pairs of smaller [`sq_dist`] are added.
    pub(crate) fn measured_pairs(
        &self,
        points: &Rows<'_, F>,
        targets: &Rows<'_, F>,
        closest: &[f64],
        nearer: &mut Vec<NearPair>,
    ) {
        assert_eq!(closest.len(), points.len(), "one for each point");
        assert!(targets.n_features() <= FEW_FEATURES, "few features");
        f64::with_scratch(targets.data().len(), |scratch| {
            (self.measured_pairs)(points, targets, closest, nearer, scratch);
        });
    }

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
        let len = columns::panel_len(points.n_features(), self.lanes);
        f64::with_scratch(len, |panel| {
            (self.nearest_among)(points, centroids, candidates, labels, panel)
        })
    }

    /// [`nearest`](Self::nearest) with bounds from the last time.
    ///
    /// IN: `points`, `centroids` of as many features, the same centroids in `groups`. IN, OUT:
    /// `bounds` on the distances of the points.
    pub(crate) fn nearest_bounded(
        &self,
        points: &Rows<'_, F>,
        centroids: &Packed<F>,
        groups: &Groups<F>,
        bounds: Bounds<'_, F>,
    ) -> Work {
        let n = points.len();
        assert_eq!(
            (bounds.labels.len(), bounds.upper.len(), bounds.lower.len()),
            (n, n, n * groups.len()),
            "bounds for each point"
        );
        F::with_scratch(groups::scratch_len(n, points.n_features()), |scratch| {
            (self.nearest_bounded)(points, centroids, groups, bounds, scratch)
        })
    }

    /// The points that are nearer to a candidate than they were to anything.
    ///
    /// IN: `candidacy`, points and at least one candidate of as many features, and what is known of the
    /// points. OUT: `nearer`, to which all pairs of smaller [`sq_dist`] are added.
    pub(crate) fn find_nearer(&self, candidacy: &Candidacy<'_, F>, nearer: &mut Vec<NearPair>) {
        let (points, known) = (&candidacy.points, candidacy.known);
        assert_eq!(
            (known.closest.len(), known.owners.len()),
            (points.len(), points.len()),
            "one for each point"
        );
        F::with_scratch(screen::scratch_len(candidacy), |scratch| {
            (self.find_nearer)(candidacy, nearer, scratch);
        });
    }

    /// Sketches of points.
    ///
    /// IN: `points`, of as many features as the `projection`. OUT: `rows`, [`Projection::width`]
    /// values for each point; `errors`, one for each.
    pub(crate) fn project(
        &self,
        points: &Rows<'_, F>,
        projection: &Projection<F>,
        rows: &mut [F],
        errors: &mut [F],
    ) {
        let n = points.len();
        assert_eq!(
            (rows.len(), errors.len()),
            (n * projection.width(), n),
            "a sketch for each point"
        );
        F::with_scratch(self.rows * points.n_features(), |scratch| {
            (self.project)(points, projection, rows, errors, scratch);
        });
    }
}

/// The kernels to use: the fastest that this processor can run. The environment variable
/// `CENTROID_KERNELS`, read once, may name a slower table, for measuring and testing.
pub(crate) fn detect<F: Float>() -> &'static Kernels<F> {
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("CENTROID_KERNELS").ok());
    let tables = F::tables();
    let named = tables
        .iter()
        .find(|table| Some(table.name) == wanted.as_deref());
    named.unwrap_or(&tables[0])
}
