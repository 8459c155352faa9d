//! Arithmetic that more than one room needs.

mod double_double;
mod few_features;
mod percentile;
mod power_of_two;

pub(crate) use double_double::{DoubleDouble, pairwise_sum};
pub(crate) use few_features::few_features;
pub(crate) use percentile::{percentile, value_at};
pub(crate) use power_of_two::{exponent_above, power_of_two, power_of_two_below, splitter};
