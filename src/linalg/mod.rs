//! Linear algebra on small dense matrices of f64, row-major, and on vectors.
//!
//! All sums are added up in one fixed order, so results are the same bits on every processor.

// Only pictures ask for eigenvectors so far.
#[cfg(any(feature = "plot", test))]
mod eigen;
mod orthonormal;
#[cfg(any(feature = "plot", test))]
mod principal;
mod vectors;

#[cfg(any(feature = "plot", test))]
pub(crate) use eigen::symmetric_eigen;
pub(crate) use orthonormal::{fill_orthonormal, orthonormalize};
#[cfg(feature = "plot")]
pub(crate) use principal::principal_directions;
pub(crate) use vectors::{add_scaled, dot};
