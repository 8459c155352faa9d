//! Scores of the data and its labels.

mod clusters;
mod distance_sums;
mod means;
mod separation;
mod silhouette;

pub use separation::{calinski_harabasz_score, davies_bouldin_score};
pub use silhouette::{
    ClusterSilhouette, SampledScore, silhouette_by_cluster, silhouette_samples, silhouette_score,
    silhouette_score_sampled, simplified_silhouette_samples, simplified_silhouette_score,
    sq_euclidean_silhouette_samples, sq_euclidean_silhouette_score,
};
