//! Sums over the points.

pub(in crate::kernels) mod distances;
pub(in crate::kernels) mod exact;
pub(in crate::kernels) mod potential;
pub(in crate::kernels) mod rounded;

pub(crate) use distances::Grouped;
pub(crate) use exact::{SumLevels, Transfer};
pub(crate) use potential::{MAX_TARGETS, PotentialTerms};
pub(crate) use rounded::Labelled;
