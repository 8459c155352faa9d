//! The programs of this folder, run as a person would.

mod anomalies;
mod common;
mod segment_image;
mod stream_stdin;
