//! The tests of the public interface. They are one program, so that it is compiled and linked once and its tests
//! share the cores.

#[macro_use]
mod common;

mod api;
mod blocks;
mod determinism;
// Some starts take logarithms from the platform's own library. tests/platforms compares what must be the same
// everywhere.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod digests;
mod errors;
mod exact_variants;
mod golden;
mod interruptions;
mod invariants;
mod kernels;
mod layers;
mod metrics;
mod minibatch;
mod numerics;
mod passes;
#[cfg(feature = "plot")]
mod plot;
mod precision;
mod properties;
#[cfg(feature = "serde")]
mod saving;
mod selection;
