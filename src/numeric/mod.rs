//! Arithmetic that more than one room needs.

mod few_features;
mod long_sums;
mod percentile;
mod power_of_two;
mod rounded_sums;

pub(crate) use few_features::few_features;
pub(crate) use long_sums::{Binary, LongSums, Places, Span};
pub(crate) use percentile::{percentile, value_at};
pub(crate) use power_of_two::{exponent_above, power_of_two, power_of_two_below, splitter};
pub(crate) use rounded_sums::{pairwise_sum, sum_of_three};
