//! Every door for data of the caller.

mod blocks;
#[cfg(feature = "npy")]
mod npy;
mod points;

pub use blocks::{ArrayBlocks, IterBlocks, RowBlocks};
#[cfg(feature = "npy")]
pub use npy::NpyBlocks;
pub(crate) use points::{MOST_COPIES, Points};
