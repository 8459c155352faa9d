//! Linear algebra on small dense matrices of f64, row-major, and on vectors.
//!
//! All sums are added up in one fixed order, so results are the same bits on every processor.

mod eigen;
mod orthonormal;
mod principal;
mod vectors;

pub(crate) use eigen::symmetric_eigen;
pub(crate) use orthonormal::{fill_orthonormal, orthonormalize};
pub(crate) use principal::principal_directions;
pub(crate) use vectors::{add_scaled, dot};
