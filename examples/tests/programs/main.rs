//! Runs the examples of this folder as programs.

mod anomalies;
mod common;
mod segment_image;
mod stream_stdin;
