//! Near pairs: points and targets whose squared distance is smaller than the limit of the point.
//!
//! Whether it is, [`sq_dist`](super::sq_dist) decides.

pub(in crate::kernels) mod measured;
pub(in crate::kernels) mod screened;

pub(crate) use screened::{FilterInput, Sketches};

/// A point and a target that are near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NearPair {
    pub(crate) point: usize,
    pub(crate) target: u32,
    /// Their [`sq_dist`](super::sq_dist).
    pub(crate) sq_dist: f64,
}
