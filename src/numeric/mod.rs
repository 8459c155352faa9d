//! Arithmetic that more than one room needs.

mod double_double;
mod percentile;

pub(crate) use double_double::{DoubleDouble, pairwise_sum};
pub(crate) use percentile::{percentile, value_at};
