//! How good a clustering is: by itself, and beside labels that are known.
//!
//! | of the data and its labels | best | cost |
//! |---|---|---|
//! | [`silhouette_score`], [`silhouette_samples`] | 1 | `n² d / 2` |
//! | [`silhouette_score_sampled`], of some rows among all | 1 | `m n d` |
//! | [`simplified_silhouette_score`], distances to the means | 1 | `n k d` |
//! | [`sq_euclidean_silhouette_score`], squared distances | 1 | `n k d` |
//! | [`calinski_harabasz_score`], variance between and within | large | `n d` |
//! | [`davies_bouldin_score`], width over separation | 0 | `n d` |
//!
//! [`silhouette_by_cluster`] tells which clusters are the bad ones.
//!
//! | of two labellings | best | by chance |
//! |---|---|---|
//! | [`rand_score`], pairs of rows | 1 | above 0 |
//! | [`fowlkes_mallows_score`], pairs that are together | 1, or 0 if there are none | above 0 |
//! | [`adjusted_rand_score`] | 1 | 0 |
//! | [`mutual_info_score`], in nats | the entropy | above 0 |
//! | [`normalized_mutual_info_score`], the same as [`v_measure_score`] | 1 | above 0 |
//! | [`adjusted_mutual_info_score`] | 1 | 0 |
//! | [`homogeneity_score`], [`completeness_score`] | 1 | above 0 |
//!
//! Labels are names: which numbers they are makes no difference, and there may be gaps. All
//! labellings of at least one row have an external score; the internal ones need 2 to `n - 1`
//! clusters.
//!
//! # Determinism
//! The same bits at any number of threads. Between instruction sets the last digits of silhouettes
//! may differ, since distances are added up in vectors of different lengths.

mod clusters;
mod contingency;
mod external;
mod internal;
mod means;
mod pairs;
mod silhouette;

pub use contingency::contingency_matrix;
pub use external::{
    adjusted_mutual_info_score, adjusted_rand_score, completeness_score, fowlkes_mallows_score,
    homogeneity_score, mutual_info_score, normalized_mutual_info_score, rand_score,
    v_measure_score,
};
pub use internal::{calinski_harabasz_score, davies_bouldin_score};
pub use silhouette::{
    ClusterSilhouette, SampledScore, silhouette_by_cluster, silhouette_samples, silhouette_score,
    silhouette_score_sampled, simplified_silhouette_samples, simplified_silhouette_score,
    sq_euclidean_silhouette_samples, sq_euclidean_silhouette_score,
};
