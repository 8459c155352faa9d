//! Fast, exact k-means clustering of [`ndarray`] arrays of `f32` or `f64`.
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
//! - [`KMeans`] finds centroids. [`FitOptions`] adds sample weights, initial centroids and an observer.
//! - [`MiniBatchKMeans`] works on batches, for large data; [`OnlineKMeans`] on streams.
//! - [`KMeans::fit_blocks`] and [`RowBlocks`]: data that does not fit in memory. [`passes`]: the same fit, for
//!   rows that are spread over several places. [`ClusterSums`]: the statistics of a single pass.
//! - [`KMeansModel`], the result: labels, cluster sizes and inertia, and
//!   [`predict`](KMeansModel::predict), [`assign`](KMeansModel::assign), [`transform`](KMeansModel::transform),
//!   [`affinities`](KMeansModel::affinities) and [`score`](KMeansModel::score) for other rows.
//! - [`Init`] and [`init::kmeans_plusplus`]: the first centroids.
//! - [`Algorithm`]: how the nearest centroids are found. Every choice gives the same result.
//! - [`Iteration`] and [`Stop`]: the progress of a fit, and why it ended. The crate itself prints nothing.
//! - [`metrics`]: silhouettes and other scores of a clustering, with and without known labels.
//! - [`selection`]: the number of clusters, by a [`sweep`](selection::sweep), the elbow, silhouettes or the
//!   gap statistic; and [`grid_search`](selection::grid_search) by cross-validation.
//! - [`semi_supervised`]: which rows to label by hand, and how to
//!   [`propagate`](semi_supervised::propagate) their labels, with confidences.
//! - [`anomalies`]: rows far from their centroids, found by
//!   [`outlier_scores`](KMeansModel::outlier_scores).
//! - [`plot`](https://docs.rs/centroid/latest/centroid/plot/index.html) (a feature): pictures of all of these.
//! - [`datasets`]: blobs, moons and circles, to try things out.
//! - [`Error`]: what was wrong with a request, and where. [`Float`]: `f32` and `f64`.
//!
//! Data is passed as `&ArrayRef2<F>`. References to owned arrays, views, slices and transposes all coerce to
//! it, in any memory order; data that is not row-major is copied once. [`ndarray`] is the only foreign crate
//! in the interface, and is re-exported.
//!
//! # Choosing an algorithm and its parameters
//!
//! | your data | use |
//! |---|---|
//! | fits in memory | [`KMeans`]; if that takes too long, [`MiniBatchKMeans`], whose inertia is a few percent higher |
//! | is large and has many features | [`MiniBatchKMeans::growing`], which reaches the quality of a full fit |
//! | is a file that does not fit in memory | [`KMeans::fit_blocks`] |
//! | is spread over several machines | [`passes`] |
//! | arrives row by row, without end | [`OnlineKMeans`], from [`MiniBatchKMeans::online`] |
//! | already has centroids | [`KMeansModel::from_centroids`] |
//!
//! - `n_clusters` is the only parameter without a default: see [`selection`].
//! - `n_init` controls the quality of the result. The default is 10. Use more if clusters are many and close
//!   together, and 1 if speed matters more. Restarts differ only in their random numbers.
//! - `init`: k-means++ by default. Use [`Init::Parallel`] if a pass over the data is slow.
//! - `tol` and `max_iter` stop fits that converge slowly. `tol(0.0)` continues to the fixed point.
//! - [`Algorithm`] changes the time, never the result. [`Algorithm::Auto`] chooses by the shape of the
//!   data.
//! - Features are compared as they are. If they have different units, scale them first.
//! - `f32` takes half the memory of `f64`, and less time. In both, the distances that decide are computed in
//!   `f64`.
//!
//! # Exactness
//!
//! Each row gets the label of the smallest squared distance, computed from differences in `f64` in one fixed
//! order; ties go to the lowest index. Faster, rounded scores are only used to rule out centroids that cannot
//! be the nearest, with a bound on their rounding error; the distance in `f64` decides among the rest. So the
//! result does not depend on the instruction set, `f32` data far from the origin is clustered as well as data
//! near it, and the labels, sizes, inertia and centroids that are returned agree with each other. The sums of
//! the clusters are exact and rounded once, whatever the number of rows, their range and their weights. The
//! inertia is summed pairwise within blocks of 256 rows and exactly across them; it is accurate to the last
//! digits. The end of this page [compares the results with exact arithmetic](#against-exact-arithmetic).
//!
//! # Determinism
//!
//! The same data, parameters and seed give the same bits, at any number of threads and with any instruction set
//! (except for the last digits of silhouettes, see [`metrics`]). Sums are exact, or taken in an order that
//! depends only on the shape of the data. Random numbers come from xoshiro256++ streams seeded by (seed,
//! restart), and this crate converts the random bits itself. Logarithms and exponentials come from the
//! platform's library, so two parts of a fit may differ between platforms in rare cases: random starts and
//! those by k-means||, and where mini-batches move idle centroids. So may the last digits of other functions
//! that use them, such as the gap statistic, scores of information, and [`datasets`].
//!
//! # Threads
//!
//! Large passes run on the current rayon pool, so a fit inside `ThreadPool::install` stays in that pool. Small
//! data is clustered on the calling thread without any pool. Only [`KMeans::fit_blocks`], which does not know
//! how much data will come, always uses the pool.
//!
//! # Instruction sets
//!
//! AVX-512, AVX2 with FMA, or a portable form for all other processors, selected at run time. The environment
//! variable `CENTROID_KERNELS` (`avx2` or `portable`) selects a slower one, for tests and measurements.
//!
//! # When not to use it
//!
//! - Your distance is not Euclidean. The mean only minimises squared Euclidean distances; use k-medoids.
//! - Your clusters are elongated, nested, or of very different sizes. k-means draws straight borders halfway
//!   between centroids; use density-based clustering or mixtures.
//! - Your features have different units and are not scaled. The largest unit dominates.
//!
//! # Features
//!
//! All are off by default.
//!
//! - `npy`: [`NpyBlocks`](https://docs.rs/centroid/latest/centroid/struct.NpyBlocks.html), the rows of a
//!   `.npy` file as a source of blocks.
//! - `plot`: pictures of clusterings as SVG and PNG, with `plotters`. Needs no system libraries or fonts.
//! - `serde`: save and load estimators, models, streams, sweeps and statistics, and send what [`passes`] need.
//!   Loading checks the data: a model that is inconsistent or not finite is refused.
//!
#![doc = include_str!("../docs/numerics.md")]
// Code that cannot fail says why with `expect`.
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
mod kernels;
mod kmeans;
mod linalg;
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
    Algorithm, Assignment, BlocksError, ClusterSums, FitOptions, Iteration, KMeans, KMeansModel,
    MiniBatchKMeans, OnlineKMeans, passes,
};
pub use ndarray;
pub use progress::Stop;

/// Compiles and runs the programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
