//! Random numbers: streams, and what is drawn from them.

mod alias;
mod shuffle;
mod stream;
mod weighted;

pub(crate) use alias::AliasTable;
pub(crate) use shuffle::{Shuffle, partial_shuffle, shuffle, without_replacement};
pub(crate) use stream::Stream;
pub(crate) use weighted::{Reservoir, weighted_without_replacement};
