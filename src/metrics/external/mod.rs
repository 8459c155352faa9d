//! Scores of labels compared with known labels.

mod contingency;
mod entropy;
mod information;
mod pair_counts;

pub use contingency::contingency_matrix;
pub use information::{
    adjusted_mutual_info_score, completeness_score, homogeneity_score, mutual_info_score,
    normalized_mutual_info_score, v_measure_score,
};
pub use pair_counts::{adjusted_rand_score, fowlkes_mallows_score, rand_score};
