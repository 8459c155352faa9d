//! k-means clustering.
mod error;
mod float;
pub mod init;
mod kernels;
mod kmeans;
mod parallel;
mod points;
mod progress;
mod random;

pub use error::{Error, Result};
pub use float::Float;
pub use init::Init;
#[doc(hidden)]
pub use kernels::benchmarking;
pub use kmeans::{Algorithm, FitOptions, KMeans, KMeansModel};
pub use ndarray;
pub use progress::{Iteration, Stop};
