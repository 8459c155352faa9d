//! The list of kernels, and what is made of it: the [`Kernels`] table of each instruction set.
//!
//! A kernel is written once over [`Simd`], and compiled here for every instruction set and both
//! element types. So crates that use this one never compile kernels themselves.

use std::fmt;
use std::ops::Range;

use super::portable::Portable;
use super::simd::{Isa, Simd};
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};
use crate::float::private::Sealed;
use crate::kernels::matrix::{self, PANEL, Panels};
use crate::kernels::nearest::{Bounds, Candidates, Groups, Packed, Work, bounded, boxes, plain};
use crate::kernels::pairs::{FilterInput, NearPair, measured, screened};
use crate::kernels::sketches::{self, Projection};
use crate::kernels::sums::{
    Grouped, Labelled, PotentialTerms, SumLevels, Transfer, distances, exact, potential, rounded,
};
use crate::kernels::{Rows, columns, decision};

/// The list of kernels: for each its name, its arguments without the instruction set, which comes
/// first, and the generic function. The last argument of most of them is their workspace.
///
/// `$make!` is called with `$arguments` and the list. What it expands to has these in scope: `F`, the
/// element type, and the constants that [`concrete`] defines.
macro_rules! kernels {
    ($make:ident! $arguments:tt) => {
        $make! { $arguments
            nearest(points: &Rows<'_, F>, centroids: &Packed<F>, labels: &mut [u32], panel: &mut [F]) -> Work
                = plain::nearest::<F, _, VECTORS>;
            nearest_among(points: &Rows<'_, F>, centroids: &Rows<'_, F>, candidates: &[u32], labels: &mut [u32], panel: &mut [f64]) -> Work
                = boxes::nearest_among;
            filter_candidates(corners: &[f64], from: &Candidates, to: &mut Candidates, far: &mut Vec<f64>) -> ()
                = boxes::filter_candidates;
            nearest_bounded(points: &Rows<'_, F>, centroids: &Packed<F>, groups: &Groups<F>, bounds: Bounds<'_, F>, scratch: &mut [F]) -> Work
                = bounded::nearest_bounded::<F, _, ROWS, PANEL_VECTORS>;
            sq_dists(points: &Rows<'_, F>, targets: &Rows<'_, F>, out: &mut [f64], panel: &mut [f64]) -> ()
                = columns::sq_dists;
            sq_dists_to_own(points: &Rows<'_, F>, centroids: &Rows<'_, F>, labels: &[u32], out: &mut [f64]) -> ()
                = decision::sq_dists_to_own;
            measured_pairs(points: &Rows<'_, F>, targets: &Rows<'_, F>, limits: &[f64], found: &mut Vec<NearPair>, wide: &mut [f64]) -> ()
                = measured::measured_pairs;
            screened_pairs(input: &FilterInput<'_, F>, found: &mut Vec<NearPair>, scratch: &mut [F]) -> ()
                = screened::screened_pairs;
            accumulate(data: Labelled<'_, F>, centre: &[f64], sums: &mut [f64], copies: &mut [f64]) -> ()
                = rounded::accumulate;
            transfer(data: Transfer<'_, F>, clusters: Range<usize>, levels: &SumLevels, sums: &mut [f64]) -> bool
                = exact::transfer::<F, _, LEVELS, { LEVELS + 1 }, { 2 * LEVELS + 1 }, { 3 * LEVELS + 1 }, { 4 * LEVELS + 1 }>;
            sum_dists(points: Grouped<'_, F>, others: &Rows<'_, F>, sums: &mut [f64], sums_of_others: &mut [f64], scratch: &mut [F]) -> ()
                = distances::sum_dists::<F, _, VECTORS, DISTANCE_VECTORS>;
            potential_drops(points: &Rows<'_, F>, targets: &Rows<'_, F>, terms: PotentialTerms<'_, F>, closest: &[f64], drops: &mut [f64], wide: &mut [f64]) -> ()
                = potential::potential_drops;
            update_min(points: &Rows<'_, F>, target: &[F], terms: PotentialTerms<'_, F>, closest: &mut [f64]) -> f64
                = potential::update_min;
            products(rows: &Rows<'_, F>, columns: &Panels<F>, out: &mut [F]) -> ()
                = matrix::products::<F, _, ROWS, PANEL_VECTORS>;
            sketch(points: &Rows<'_, F>, projection: &Projection<F>, sketches: &mut [F], errors: &mut [F], scratch: &mut [F]) -> ()
                = sketches::sketch::<F, _, ROWS, PANEL_VECTORS>;
        }
    };
}

macro_rules! define_table {
    ([] $($kernel:ident($($argument:ident: $type:ty),*) -> $result:ty = $function:expr;)*) => {
        /// The kernels for one instruction set and element type.
        pub(crate) struct Kernels<F> {
            /// The name of the instruction set: `avx512`, `avx2` or `portable`.
            pub(crate) name: &'static str,
            /// Values per vector of f64.
            pub(in crate::kernels) lanes: usize,
            /// Points per panel of [`nearest`](Self::nearest).
            pub(in crate::kernels) panel: usize,
            /// See [`Simd::ROWS`].
            pub(in crate::kernels) rows: usize,
            $(pub(in crate::kernels) $kernel: fn($($type),*) -> $result,)*
        }
    };
}
kernels!(define_table![]);

impl<F> fmt::Debug for Kernels<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernels({})", self.name)
    }
}

/// The names that functions in the list refer to, for one instruction set and element type.
macro_rules! concrete {
    ($token:ty, $float:ty) => {
        type F = $float;
        const LANES: usize = <$token as Simd<F>>::LANES;
        const ROWS: usize = <$token as Simd<F>>::ROWS;
        const PANEL_VECTORS: usize = PANEL / LANES;
        const VECTORS: usize = <$token as Isa>::VECTORS;
        const DISTANCE_VECTORS: usize = <$token as Isa>::DISTANCE_VECTORS;
        const LEVELS: usize = <F as Sealed>::LEVELS;
    };
}

/// The table of one x86-64 instruction set and element type: thin functions compiled with its
/// features around the generic kernels.
#[cfg(target_arch = "x86_64")]
macro_rules! x86_table {
    (
        [$constructor:ident, $token:ident, $features:literal, $float:ty]
        $($kernel:ident($($argument:ident: $type:ty),*) -> $result:ty = $function:expr;)*
    ) => {
        /// The token is the proof that the processor has the features.
        fn $constructor(_proof: $token) -> &'static Kernels<$float> {
            concrete!($token, $float);
            $(
                #[target_feature(enable = $features)]
                fn $kernel($($argument: $type),*) -> $result {
                    $function($token::here(), $($argument),*)
                }
            )*
            const {
                &Kernels {
                    name: $token::NAME,
                    lanes: <$token as Simd<f64>>::LANES,
                    panel: VECTORS * LANES,
                    rows: ROWS,
                    // SAFETY: the table is reached only through this constructor, whose caller
                    // showed that the processor has the features of these functions.
                    $($kernel: |$($argument),*| unsafe { $kernel($($argument),*) },)*
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
kernels!(x86_table![
    avx512_f32,
    Avx512,
    "avx512f,avx512vl,avx512dq,avx512bw",
    f32
]);
#[cfg(target_arch = "x86_64")]
kernels!(x86_table![
    avx512_f64,
    Avx512,
    "avx512f,avx512vl,avx512dq,avx512bw",
    f64
]);
#[cfg(target_arch = "x86_64")]
kernels!(x86_table![avx2_f32, Avx2, "avx2,fma", f32]);
#[cfg(target_arch = "x86_64")]
kernels!(x86_table![avx2_f64, Avx2, "avx2,fma", f64]);

/// The table that every processor can run, for one element type.
macro_rules! portable_table {
    (
        [$constructor:ident, $float:ty]
        $($kernel:ident($($argument:ident: $type:ty),*) -> $result:ty = $function:expr;)*
    ) => {
        fn $constructor() -> &'static Kernels<$float> {
            concrete!(Portable, $float);
            const {
                &Kernels {
                    name: Portable::NAME,
                    lanes: <Portable as Simd<f64>>::LANES,
                    panel: VECTORS * LANES,
                    rows: ROWS,
                    $($kernel: |$($argument),*| $function(Portable, $($argument),*),)*
                }
            }
        }
    };
}
kernels!(portable_table![portable_f32, f32]);
kernels!(portable_table![portable_f64, f64]);

/// Defines the list of tables for an element type.
macro_rules! supported {
    ($supported:ident, $float:ty, $avx512:ident, $avx2:ident, $portable:ident) => {
        /// Every table that this processor can run, the fastest first.
        pub(crate) fn $supported() -> Vec<&'static Kernels<$float>> {
            let mut tables = Vec::new();
            #[cfg(target_arch = "x86_64")]
            {
                tables.extend(Avx512::detect().map($avx512));
                tables.extend(Avx2::detect().map($avx2));
            }
            tables.push($portable());
            tables
        }
    };
}
supported!(supported_f32, f32, avx512_f32, avx2_f32, portable_f32);
supported!(supported_f64, f64, avx512_f64, avx2_f64, portable_f64);
