//! Scores of labels beside labels that are known.

mod entropy;
mod information;
mod pairs;

pub use information::{
    adjusted_mutual_info_score, completeness_score, homogeneity_score, mutual_info_score,
    normalized_mutual_info_score, v_measure_score,
};
pub use pairs::{adjusted_rand_score, fowlkes_mallows_score, rand_score};
