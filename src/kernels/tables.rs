//! The tables: which function of which instruction set is behind each kernel.

use std::ops::Range;

use super::simd::Simd;
#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{
    Bounds, Candidacy, Candidates, Grouped, Groups, Kernels, Labelled, NearPair, PANEL, Packed,
    PotentialTerms, Projection, Rows, SumLevels, Transfer, Work, bounds, boxes, columns, distances,
    exact, generic, projection, screen, seeding,
};
use crate::float::Float;

/// Makes the table of one x86-64 instruction set and element type: thin functions compiled with
/// its features around the generic kernels.
#[cfg(target_arch = "x86_64")]
macro_rules! table {
    ($constructor:ident: $token:ident, $name:literal, $features:literal, $float:ty, $vectors:literal, $rows:literal) => {
        /// The token is the proof that the processor has the features.
        fn $constructor(_proof: x86::$token) -> &'static Kernels<$float> {
            #[target_feature(enable = $features)]
            fn nearest(
                points: &Rows<'_, $float>,
                centroids: &Packed<$float>,
                labels: &mut [u32],
                panel: &mut [$float],
            ) -> Work {
                let simd = x86::$token::here();
                generic::nearest::<_, _, $vectors>(simd, points, centroids, labels, panel)
            }
            #[target_feature(enable = $features)]
            fn sq_dists(
                points: &Rows<'_, $float>,
                targets: &Rows<'_, $float>,
                out: &mut [f64],
                panel: &mut [f64],
            ) {
                columns::sq_dists(x86::$token::here(), points, targets, out, panel);
            }
            #[target_feature(enable = $features)]
            fn sq_dists_to_own(
                points: &Rows<'_, $float>,
                centroids: &Rows<'_, $float>,
                labels: &[u32],
                out: &mut [f64],
            ) {
                generic::sq_dists_to_own(points, centroids, labels, out);
            }
            #[target_feature(enable = $features)]
            fn sum_dists(
                points: Grouped<'_, $float>,
                others: &Rows<'_, $float>,
                sums: &mut [f64],
                sums_of_others: &mut [f64],
                scratch: &mut [$float],
            ) {
                distances::sum_dists::<_, _, { $vectors }, { distances::MAX_VECTORS }>(
                    x86::$token::here(),
                    points,
                    others,
                    sums,
                    sums_of_others,
                    scratch,
                );
            }
            #[target_feature(enable = $features)]
            fn accumulate(
                data: Labelled<'_, $float>,
                centre: &[f64],
                sums: &mut [f64],
                copies: &mut [f64],
            ) {
                generic::accumulate(x86::$token::here(), data, centre, sums, copies);
            }
            #[target_feature(enable = $features)]
            fn transfer(
                data: Transfer<'_, $float>,
                clusters: Range<usize>,
                sum_levels: &SumLevels,
                sums: &mut [f64],
            ) -> bool {
                exact::transfer(x86::$token::here(), data, clusters, sum_levels, sums)
            }
            #[target_feature(enable = $features)]
            fn potential_drops(
                points: &Rows<'_, $float>,
                targets: &Rows<'_, $float>,
                terms: PotentialTerms<'_, $float>,
                closest: &[f64],
                falls: &mut [f64],
                panel: &mut [f64],
            ) {
                let simd = x86::$token::here();
                seeding::potential_drops(simd, points, targets, terms, closest, falls, panel);
            }
            #[target_feature(enable = $features)]
            fn update_min(
                points: &Rows<'_, $float>,
                target: &[$float],
                terms: PotentialTerms<'_, $float>,
                closest: &mut [f64],
            ) -> f64 {
                seeding::update_min(x86::$token::here(), points, target, terms, closest)
            }
            #[target_feature(enable = $features)]
            fn measured_pairs(
                points: &Rows<'_, $float>,
                targets: &Rows<'_, $float>,
                closest: &[f64],
                nearer: &mut Vec<NearPair>,
                scratch: &mut [f64],
            ) {
                let simd = x86::$token::here();
                seeding::measured_pairs(simd, points, targets, closest, nearer, scratch);
            }
            #[target_feature(enable = $features)]
            fn filter_candidates(
                corners: &[f64],
                from: &Candidates,
                to: &mut Candidates,
                far: &mut Vec<f64>,
            ) {
                boxes::filter_candidates(x86::$token::here(), corners, from, to, far);
            }
            #[target_feature(enable = $features)]
            fn nearest_among(
                points: &Rows<'_, $float>,
                centroids: &Rows<'_, $float>,
                candidates: &[u32],
                labels: &mut [u32],
                panel: &mut [f64],
            ) -> Work {
                let simd = x86::$token::here();
                boxes::nearest_among(simd, points, centroids, candidates, labels, panel)
            }
            #[target_feature(enable = $features)]
            fn nearest_bounded(
                points: &Rows<'_, $float>,
                centroids: &Packed<$float>,
                groups: &Groups<$float>,
                bounds: Bounds<'_, $float>,
                scratch: &mut [$float],
            ) -> Work {
                let simd = x86::$token::here();
                bounds::nearest_bounded::<_, _, $rows, { PANEL / LANES }>(
                    simd, points, centroids, groups, bounds, scratch,
                )
            }
            #[target_feature(enable = $features)]
            fn find_nearer(
                candidacy: &Candidacy<'_, $float>,
                nearer: &mut Vec<NearPair>,
                scratch: &mut [$float],
            ) {
                let simd = x86::$token::here();
                screen::find_nearer(simd, candidacy, nearer, scratch);
            }
            #[target_feature(enable = $features)]
            fn project(
                points: &Rows<'_, $float>,
                projection: &Projection<$float>,
                rows: &mut [$float],
                errors: &mut [$float],
                scratch: &mut [$float],
            ) {
                projection::project::<_, _, $rows, { PANEL / LANES }>(
                    x86::$token::here(),
                    points,
                    projection,
                    rows,
                    errors,
                    scratch,
                );
            }
            const LANES: usize = <x86::$token as Simd<$float>>::LANES;
            &Kernels {
                name: $name,
                panel: $vectors * LANES,
                lanes: <x86::$token as Simd<f64>>::LANES,
                // SAFETY: the table is reached only through this constructor, whose caller
                // showed that the processor has the features of these functions.
                nearest: |points, centroids, labels, panel| unsafe {
                    nearest(points, centroids, labels, panel)
                },
                // SAFETY: as above.
                sq_dists: |points, targets, out, panel| unsafe {
                    sq_dists(points, targets, out, panel)
                },
                // SAFETY: as above.
                sq_dists_to_own: |points, centroids, labels, out| unsafe {
                    sq_dists_to_own(points, centroids, labels, out)
                },
                // SAFETY: as above.
                sum_dists: |points, others, sums, sums_of_others, scratch| unsafe {
                    sum_dists(points, others, sums, sums_of_others, scratch);
                },
                // SAFETY: as above.
                accumulate: |data, centre, sums, copies| unsafe {
                    accumulate(data, centre, sums, copies)
                },
                // SAFETY: as above.
                transfer: |data, clusters, sum_levels, sums| unsafe {
                    transfer(data, clusters, sum_levels, sums)
                },
                // SAFETY: as above.
                potential_drops: |points, targets, terms, closest, falls_of, panel| unsafe {
                    potential_drops(points, targets, terms, closest, falls_of, panel);
                },
                // SAFETY: as above.
                update_min: |points, target, terms, closest| unsafe {
                    update_min(points, target, terms, closest)
                },
                // SAFETY: as above.
                measured_pairs: |points, targets, closest, nearer, scratch| unsafe {
                    measured_pairs(points, targets, closest, nearer, scratch);
                },
                // SAFETY: as above.
                filter_candidates: |corners, from, to, far| unsafe {
                    filter_candidates(corners, from, to, far)
                },
                // SAFETY: as above.
                nearest_among: |points, centroids, candidates, labels, panel| unsafe {
                    nearest_among(points, centroids, candidates, labels, panel)
                },
                // SAFETY: as above.
                nearest_bounded: |points, centroids, groups, bounds, scratch| unsafe {
                    nearest_bounded(points, centroids, groups, bounds, scratch)
                },
                // SAFETY: as above.
                find_nearer: |candidacy, nearer, scratch| unsafe {
                    find_nearer(candidacy, nearer, scratch);
                },
                rows: $rows,
                // SAFETY: as above.
                project: |points, projection, rows, errors, scratch| unsafe {
                    project(points, projection, rows, errors, scratch);
                },
            }
        }
    };
}

// PERF: vectors of points per panel. Four fill the 32 registers of AVX-512 (with four centroids:
// 16 scores, four vectors of points, and the folding); with the 16 registers of AVX2 and SSE2 it
// is two (three spill, and halve the speed at d = 64). Then the points that are scored together
// against a panel of centroids, by the same count.
#[cfg(target_arch = "x86_64")]
table!(avx512_f32: Avx512, "avx512", "avx512f,avx512vl,avx512dq,avx512bw", f32, 4, 8);
#[cfg(target_arch = "x86_64")]
table!(avx512_f64: Avx512, "avx512", "avx512f,avx512vl,avx512dq,avx512bw", f64, 4, 8);
#[cfg(target_arch = "x86_64")]
table!(avx2_f32: Avx2, "avx2", "avx2,fma", f32, 2, 4);
#[cfg(target_arch = "x86_64")]
table!(avx2_f64: Avx2, "avx2", "avx2,fma", f64, 2, 2);

/// The table that every processor can run.
fn portable<F: Float>() -> &'static Kernels<F> {
    use super::portable::{LANES, Portable};
    const VECTORS: usize = 2;
    const ROWS: usize = 2;
    const {
        &Kernels {
            name: "portable",
            panel: VECTORS * LANES,
            lanes: LANES,
            nearest: |points, centroids, labels, panel| {
                generic::nearest::<_, _, VECTORS>(Portable, points, centroids, labels, panel)
            },
            sq_dists: |points, targets, out, panel| {
                columns::sq_dists(Portable, points, targets, out, panel);
            },
            sq_dists_to_own: |points, centroids, labels, out| {
                generic::sq_dists_to_own(points, centroids, labels, out);
            },
            sum_dists: |points, others, sums, sums_of_others, scratch| {
                distances::sum_dists::<_, _, VECTORS, VECTORS>(
                    Portable,
                    points,
                    others,
                    sums,
                    sums_of_others,
                    scratch,
                );
            },
            accumulate: |data, centre, sums, copies| {
                generic::accumulate(Portable, data, centre, sums, copies);
            },
            transfer: |data, clusters, sum_levels, sums| {
                exact::transfer(Portable, data, clusters, sum_levels, sums)
            },
            potential_drops: |points, targets, terms, closest, falls, panel| {
                seeding::potential_drops(Portable, points, targets, terms, closest, falls, panel);
            },
            update_min: |points, target, terms, closest| {
                seeding::update_min(Portable, points, target, terms, closest)
            },
            measured_pairs: |points, targets, closest, nearer, scratch| {
                seeding::measured_pairs(Portable, points, targets, closest, nearer, scratch);
            },
            filter_candidates: |corners, from, to, far| {
                boxes::filter_candidates(Portable, corners, from, to, far);
            },
            nearest_among: |points, centroids, candidates, labels, panel| {
                boxes::nearest_among(Portable, points, centroids, candidates, labels, panel)
            },
            nearest_bounded: |points, centroids, groups, bounds, scratch| {
                bounds::nearest_bounded::<_, _, ROWS, { PANEL / LANES }>(
                    Portable, points, centroids, groups, bounds, scratch,
                )
            },
            find_nearer: |candidacy, nearer, scratch| {
                screen::find_nearer(Portable, candidacy, nearer, scratch);
            },
            rows: ROWS,
            project: |points, projection, rows, errors, scratch| {
                projection::project::<_, _, ROWS, { PANEL / LANES }>(
                    Portable, points, projection, rows, errors, scratch,
                );
            },
        }
    }
}

/// Defines the list of tables for an element type.
macro_rules! supported {
    ($supported:ident, $float:ty, $avx512:ident, $avx2:ident) => {
        /// Every table that this processor can run, the fastest first.
        pub(crate) fn $supported() -> Vec<&'static Kernels<$float>> {
            let mut tables = Vec::new();
            #[cfg(target_arch = "x86_64")]
            {
                tables.extend(x86::Avx512::detect().map($avx512));
                tables.extend(x86::Avx2::detect().map($avx2));
            }
            tables.push(portable());
            tables
        }
    };
}

supported!(supported_f32, f32, avx512_f32, avx2_f32);
supported!(supported_f64, f64, avx512_f64, avx2_f64);
