//! Work cut into fixed blocks, and results in block order. No other room knows of threads.
//!
//! Where a block begins depends on the size of the work alone, never on the number of threads,
//! so that sums over blocks, added in block order, have the same bits however many there are.

mod blocks;
mod pool;
mod reports;
mod tasks;

pub(crate) use blocks::{Blocks, PerItem};
pub(crate) use tasks::{Report, Tasks, both, for_each, for_each_pair, map, on_pool};

/// Below this many multiply-adds a pass over the data runs on the calling thread.
///
/// PERF: waking the pool takes 5 to 20 microseconds; this much work takes about 50 on one core.
const WORTH_SHARING: usize = 1_000_000;

/// Rows per block of the passes that label or measure rows.
pub(crate) const BLOCK: usize = 256;

/// The most parts that a pass with large results is cut into.
pub(crate) const PARTS: usize = 64;

/// The multiply-adds of a pass, without overflow: it only decides about sharing.
pub(crate) fn work(n_rows: usize, n_clusters: usize, n_features: usize) -> usize {
    n_rows.saturating_mul(n_clusters).saturating_mul(n_features)
}

/// Whether a pass of this many multiply-adds should be shared among threads.
fn worth_sharing(work: usize) -> bool {
    work >= WORTH_SHARING && rayon::current_num_threads() > 1
}

/// The most items that a thread takes at a time: small enough that a thread which is late or slow
/// leaves work to the others.
fn share(items: usize) -> usize {
    (items / (16 * rayon::current_num_threads())).max(1)
}
