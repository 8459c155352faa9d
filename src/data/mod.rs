//! Every door for data of the caller.

mod blocks;
mod distinct;
mod labels;
mod moments;
#[cfg(feature = "npy")]
mod npy;
mod points;

pub use blocks::{ArrayBlocks, IterBlocks, RowBlocks};
pub(crate) use distinct::{DistinctRows, RowValues, count_distinct};
pub(crate) use labels::{DenseLabels, RowGroups};
pub(crate) use moments::Moments;
#[cfg(feature = "npy")]
pub use npy::NpyBlocks;
pub(crate) use points::{Copies, MOST_COPIES, Points};
