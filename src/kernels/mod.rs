//! The inner loops, and the choice of an instruction set for them.
//!
//! A [`Kernels`] table holds one function per kernel. [`detect`] lists the tables that this
//! processor can run; a fit takes the first and passes it down. All tables return the same labels and
//! the same distances, to the bit, those of [`sq_dist`].
//!
//! A kernel is a file: its checked method of [`Kernels`], which says what it computes, the same written
//! once over vectors of any instruction set, and its test against a plain loop. One line of the list in
//! `isa/tables.rs` puts it in every table.
//!
//! This is the only module with unsafe code: the vector intrinsics, and the calls of functions
//! compiled for instruction sets that were found at run time.
#![allow(
    unsafe_code,
    reason = "intrinsics and run-time dispatch; each use says why it is sound"
)]

pub mod benchmarking;
mod columns;
mod decision;
mod isa;
mod matrix;
mod nearest;
mod pairs;
mod rows;
mod sketches;
mod sums;
#[cfg(test)]
mod tests;
mod transpose;

use std::sync::OnceLock;

pub(crate) use columns::FEW_FEATURES;
pub(crate) use decision::{nearest_row, sq_dist};
pub(crate) use isa::{Kernels, supported_f32, supported_f64};
pub(crate) use matrix::{PANEL, Panels};
pub(crate) use nearest::{Bounds, Candidates, Groups, Packed, Work};
pub(crate) use pairs::{FilterInput, NearPair, Sketches};
pub(crate) use rows::Rows;
pub(crate) use sketches::{Projection, Sketched};
pub(crate) use sums::{Grouped, Labelled, MAX_TARGETS, PotentialTerms, SumLevels, Transfer};

use crate::float::Float;

/// The label of a point that belongs to no cluster yet.
pub(crate) const NO_LABEL: u32 = u32::MAX;

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
