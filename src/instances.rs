//! The generic code for both element types, compiled with this crate.
//!
//! Where little is optimised, a crate takes over the instances of generic functions that are found in
//! the crates it uses. Without these, each of them would compile the engines anew.
//!
//! PERF: with them, the crates of the tests and examples took 115 seconds to compile on two cores, one
//! after another, and 760 without (the dependencies aside).

use std::hint::black_box;
use std::ops::RangeInclusive;

use crate::init::kmeans_plusplus;
use crate::metrics::{
    calinski_harabasz_score, davies_bouldin_score, silhouette_by_cluster, silhouette_samples,
    silhouette_score, silhouette_score_sampled, simplified_silhouette_samples,
    simplified_silhouette_score, sq_euclidean_silhouette_samples, sq_euclidean_silhouette_score,
};
use crate::selection::{Sweep, gap_statistic, sweep};
use crate::semi_supervised::{confidences, label_requests};
use crate::{ClusterSums, KMeans, KMeansModel, MiniBatchKMeans, OnlineKMeans};

macro_rules! instances {
    ($name:ident, $float:ty) => {
        /// Does nothing.
        pub fn $name() {
            black_box((
                KMeans::fit::<$float> as fn(_, _) -> _,
                KMeans::fit_with::<$float> as fn(_, _, _) -> _,
                KMeans::fit_blocks::<$float> as fn(_, _) -> _,
                KMeans::fit_blocks_with::<$float> as fn(_, _, _) -> _,
                MiniBatchKMeans::fit::<$float> as fn(_, _) -> _,
                MiniBatchKMeans::fit_with::<$float> as fn(_, _, _) -> _,
            ));
            black_box((
                OnlineKMeans::<$float>::partial_fit as fn(_, _) -> _,
                OnlineKMeans::<$float>::partial_fit_weighted as fn(_, _, _) -> _,
                OnlineKMeans::<$float>::model as fn(_) -> _,
                ClusterSums::<$float>::add as fn(_, _, _) -> _,
                ClusterSums::<$float>::add_weighted as fn(_, _, _, _) -> _,
                ClusterSums::<$float>::merge as fn(_, _) -> _,
                ClusterSums::<$float>::centroids as fn(_, _) -> _,
            ));
            black_box((
                KMeansModel::<$float>::predict as fn(_, _) -> _,
                KMeansModel::<$float>::predict_into as fn(_, _, _) -> _,
                KMeansModel::<$float>::predict_one as fn(_, _) -> _,
                KMeansModel::<$float>::transform as fn(_, _) -> _,
                KMeansModel::<$float>::transform_into as fn(_, _, _) -> _,
                KMeansModel::<$float>::affinities as fn(_, _, _) -> _,
                KMeansModel::<$float>::score as fn(_, _) -> _,
                KMeansModel::<$float>::representatives as fn(_, _) -> _,
                KMeansModel::<$float>::outlier_scores as fn(_, _) -> _,
                KMeansModel::<$float>::outlier_scores_with as fn(_, _, _) -> _,
                KMeansModel::<$float>::cluster_spreads as fn(_, _) -> _,
            ));
            black_box((
                confidences::<$float> as fn(_, _, _) -> _,
                label_requests::<$float> as fn(_, _) -> _,
            ));
            black_box((
                silhouette_samples::<$float> as fn(_, _) -> _,
                silhouette_score::<$float> as fn(_, _) -> _,
                silhouette_score_sampled::<$float> as fn(_, _, _, _) -> _,
                silhouette_by_cluster::<$float> as fn(_, _) -> _,
                simplified_silhouette_samples::<$float> as fn(_, _) -> _,
                simplified_silhouette_score::<$float> as fn(_, _) -> _,
                sq_euclidean_silhouette_samples::<$float> as fn(_, _) -> _,
                sq_euclidean_silhouette_score::<$float> as fn(_, _) -> _,
                calinski_harabasz_score::<$float> as fn(_, _) -> _,
                davies_bouldin_score::<$float> as fn(_, _) -> _,
            ));
            black_box((
                kmeans_plusplus::<$float> as fn(_, _, _) -> _,
                gap_statistic::<$float> as fn(_, _, RangeInclusive<usize>, _, _) -> _,
                sweep::<$float> as fn(_, _, RangeInclusive<usize>, _) -> _,
                Sweep::<$float>::elbow as fn(_) -> _,
            ));
        }
    };
}

instances!(of_f32, f32);
instances!(of_f64, f64);
