//! How good a clustering is: on its own, and compared with known labels.
//!
//! | score of the data and its labels | best | cost |
//! |---|---|---|
//! | [`silhouette_score`], [`silhouette_samples`] | 1 | `n² d / 2` |
//! | [`silhouette_score_sampled`], of some rows among all | 1 | `m n d` |
//! | [`simplified_silhouette_score`], distances to the means | 1 | `n k d` |
//! | [`sq_euclidean_silhouette_score`], squared distances | 1 | `n k d` |
//! | [`calinski_harabasz_score`], variance between and within | large | `n d` |
//! | [`davies_bouldin_score`], width over separation | 0 | `n d` |
//!
//! [`silhouette_by_cluster`] shows which clusters are bad.
//!
//! | score of two labellings | best | by chance |
//! |---|---|---|
//! | [`rand_score`], pairs of rows | 1 | above 0 |
//! | [`fowlkes_mallows_score`], pairs that are together | 1, or 0 if there are none | above 0 |
//! | [`adjusted_rand_score`] | 1 | 0 |
//! | [`mutual_info_score`], in nats | the entropy | above 0 |
//! | [`normalized_mutual_info_score`], the same as [`v_measure_score`] | 1 | above 0 |
//! | [`adjusted_mutual_info_score`] | 1 | 0 |
//! | [`homogeneity_score`], [`completeness_score`] | 1 | above 0 |
//!
//! Labels are only names: their values make no difference, and there may be gaps. External scores are
//! defined for all labellings of at least one row; internal scores need 2 to `n - 1` clusters.
//!
//! # Determinism
//! Scores have the same bits at any number of threads. Between instruction sets the last digits of
//! silhouettes may differ, because distances are added up in vectors of different lengths. Scores of
//! information take logarithms from the platform's library.

mod external;
mod internal;

pub use external::{
    adjusted_mutual_info_score, adjusted_rand_score, completeness_score, contingency_matrix,
    fowlkes_mallows_score, homogeneity_score, mutual_info_score, normalized_mutual_info_score,
    rand_score, v_measure_score,
};
pub use internal::{
    ClusterSilhouette, SampledScore, calinski_harabasz_score, davies_bouldin_score,
    silhouette_by_cluster, silhouette_samples, silhouette_score, silhouette_score_sampled,
    simplified_silhouette_samples, simplified_silhouette_score, sq_euclidean_silhouette_samples,
    sq_euclidean_silhouette_score,
};
