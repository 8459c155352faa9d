//! Random numbers: streams, and what is drawn from them.

mod stream;

pub(crate) use stream::Stream;
