//! Exact k-means clustering at the speed of the machine, on [`ndarray`] views of `f32` or `f64`.
//!
//! ```
//! use centroid::KMeans;
//! use ndarray::array;
//!
//! let x = array![[1.0, 2.0], [1.2, 1.8], [8.0, 8.0], [8.2, 7.8]];
//! let model = KMeans::new(2).seed(42).fit(&x)?;
//! assert_eq!(model.cluster_sizes(), array![2, 2]);
//! assert_eq!(model.predict(&array![[7.0, 9.0]])?[0], model.labels()[2]);
//! # Ok::<(), centroid::Error>(())
//! ```
//!
//! # Contents
//!
//! - [`KMeans`] finds centroids; [`FitOptions`] adds weights, initial centroids and an observer.
//! - [`MiniBatchKMeans`]: by batches, for large data; [`OnlineKMeans`]: for a stream.
//! - [`KMeans::fit_blocks`] and [`RowBlocks`]: data that does not fit in memory; [`ClusterSums`]: the
//!   statistics of one pass, for rows that lie in several places.
//! - [`KMeansModel`], the result: labels, sizes, inertia; [`predict`](KMeansModel::predict),
//!   [`transform`](KMeansModel::transform), [`affinities`](KMeansModel::affinities) and
//!   [`score`](KMeansModel::score) of other rows.
//! - [`Init`], [`init::kmeans_plusplus`]: where the centroids start.
//! - [`Algorithm`]: how the nearest centroids are found. All choices give the same result.
//! - [`Iteration`], [`Stop`]: progress, and how a fit ended. The crate itself prints nothing.
//! - [`metrics`]: silhouettes and other scores of a clustering, with and without known labels.
//! - [`selection`]: how many clusters: a [`sweep`](selection::sweep) over their number, elbow,
//!   silhouette, gap statistic; [`grid_search`](selection::grid_search), by cross-validation.
//! - [`semi_supervised`]: few labels made into many: which rows to label, and
//!   [`propagate`](semi_supervised::propagate), with confidences.
//! - [`anomalies`]: rows far from their centroids, by
//!   [`outlier_scores`](KMeansModel::outlier_scores).
//! - [`plot`](https://docs.rs/centroid/latest/centroid/plot/index.html), a feature: pictures of all these.
//! - [`datasets`]: blobs, moons and circles, to try things out.
//! - [`Error`]: what was wrong, and where. [`Float`]: `f32` and `f64`.
//!
//! Data is passed as `&ArrayRef2<F>`: references to owned arrays, views, slices and transposes all
//! coerce to it. Any memory order will do; what is not row-major is copied once. [`ndarray`] is
//! the only foreign crate in the interface, and is exported again.
//!
//! # Which algorithm, which parameters
//!
//! | the data | take |
//! |---|---|
//! | fits in memory | [`KMeans`]; if that takes too long, [`MiniBatchKMeans`], which ends a few percent above it |
//! | is large, and has many features | [`MiniBatchKMeans::growing`], which ends as well as a full fit |
//! | is a file, or lies in several places | [`KMeans::fit_blocks`], [`ClusterSums`] |
//! | comes row by row, without end | [`OnlineKMeans`], by [`MiniBatchKMeans::online`] |
//! | has known centroids | [`KMeansModel::from_centroids`] |
//!
//! - `n_clusters` is the one parameter without a default: see [`selection`].
//! - `n_init` decides how good the result is: 10 by default, more where clusters are many and close, 1 where
//!   time matters more. Restarts differ by their seed alone.
//! - `init`: k-means++ by default; [`Init::Parallel`] for data that is slow to pass over.
//! - `tol` and `max_iter` end a fit that creeps. `tol(0.0)` goes on to the fixed point.
//! - [`Algorithm`] changes the time, never the result. [`Algorithm::Auto`] measures what pays.
//! - Features are compared as they are: bring them to one scale first, if they have no common unit.
//! - `f32` takes half the memory of `f64` and less time. Distances that decide are computed in `f64` for both.
//!
//! # Exactness
//!
//! A label is that of the smallest squared distance, computed from differences in f64 in one fixed
//! order, the lowest index among equals. Faster, rounded scores are only used to rule out
//! centroids that cannot be the nearest, with a bound on their rounding; what they leave in doubt
//! is decided by those distances. So the result does not depend on the instruction set, `f32` data
//! far from the origin is clustered as well as data around it, and the returned
//! labels, sizes, inertia and centroids belong together. The inertia is right to its last digits: it is
//! added up in halves within blocks of rows, and blocks in twice the digits of `f64`. See
//! [how this compares to exact arithmetic](#against-exact-arithmetic), at the end.
//!
//! # Determinism
//!
//! The same data, parameters and seed give the same bits, at any number of threads and with any
//! instruction set (but for the last digits of silhouettes, see [`metrics`]): sums are added up in an
//! order that depends on the shape of the data alone, random numbers come from xoshiro256++ streams
//! seeded by (seed, restart), and conversions of random bits are part of this crate. Between platforms a weighted random start, a start of
//! [`KMeans::fit_blocks`] and the places that mini-batches give to idle centroids may differ in rare
//! cases, as logarithms come from the platform's own library.
//!
//! # Threads
//!
//! Large passes run on the current rayon pool, so a fit inside `ThreadPool::install` stays in that
//! pool. Small data is clustered on the calling thread, and never touches a pool; only
//! [`KMeans::fit_blocks`], which does not know how much is to come, always uses it.
//!
//! # Instruction sets
//!
//! AVX-512, AVX2 with FMA, and a portable form for all other processors, chosen when the program
//! runs. The environment variable `CENTROID_KERNELS` may name a slower one (`avx2`, `portable`),
//! for measuring and testing.
//!
//! # When not to use it
//!
//! - For distances other than the Euclidean one: the mean minimises squared Euclidean distances
//!   and no others. Use k-medoids.
//! - For clusters that are long, nested, or of very different spread: k-means draws straight
//!   borders halfway between centroids. Use density-based clustering or mixtures.
//! - For features of different units, without scaling them first: the largest unit decides.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `npy`: [`NpyBlocks`](https://docs.rs/centroid/latest/centroid/struct.NpyBlocks.html), the rows of a
//!   `.npy` file as a source of blocks.
//! - `plot`: pictures of clusterings as SVG and PNG, on `plotters`, without libraries or fonts of the
//!   system.
//! - `serde`: estimators, models, streams, sweeps and statistics can be saved and sent. What is read is
//!   checked: a model that does not fit together, or is not finite, is refused.
//!
#![doc = include_str!("../docs/numerics.md")]
// What cannot fail says why, by `expect`.
#![cfg_attr(
    not(test),
    warn(
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod anomalies;
mod checks;
mod data;
pub mod datasets;
mod error;
mod float;
pub mod init;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod instances;
mod kernels;
mod kmeans;
pub mod metrics;
mod numeric;
mod parallel;
#[cfg(feature = "plot")]
pub mod plot;
mod prepared;
mod progress;
mod random;
pub mod selection;
pub mod semi_supervised;

#[cfg(feature = "npy")]
pub use data::NpyBlocks;
pub use data::{ArrayBlocks, IterBlocks, RowBlocks};
pub use error::{Error, Result};
pub use float::Float;
pub use init::Init;
#[doc(hidden)]
pub use kernels::benchmarking;
pub use kmeans::{
    Algorithm, BlocksError, ClusterSums, FitOptions, KMeans, KMeansModel, MiniBatchKMeans,
    OnlineKMeans,
};
pub use ndarray;
pub use progress::{Iteration, Stop};

/// The README's programs, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
