//! The peak memory of whole fits, as the operating system tells it, in bytes per row above the data.
//!
//! `cargo bench --bench memory`. Linux only: elsewhere the peak is not known, and it says so.

#![allow(clippy::print_stdout, reason = "a program")]

use std::fs;

use centroid::{Algorithm, Init, KMeans};
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::Normal;

fn main() {
    let is_test = std::env::args().any(|arg| arg == "--test");
    let n = if is_test { 20_000 } else { 10_000_000 };
    // The threads, and what belongs to them, are there before anything is measured.
    fit(&data(20_000, 3), 8, Algorithm::Lloyd, Init::Random);
    println!("{n} x 3 f32, peak above the data, bytes per row");
    measure(&data(n, 3), &[8, 64]);
    let n = n / 50;
    println!("{n} x 64 f32");
    measure(&data(n, 64), &[256]);
}

fn data(n: usize, d: usize) -> Array2<f32> {
    let normal = Normal::new(0.0, 1.0).expect("a deviation of 1");
    Array2::random((n, d), normal)
}

fn fit(x: &Array2<f32>, k: usize, algorithm: Algorithm, init: Init) -> f64 {
    let kmeans = KMeans::new(k).algorithm(algorithm).init(init);
    let model = kmeans.n_init(1).max_iter(5).fit(x);
    model.expect("the data is finite").inertia()
}

fn measure(x: &Array2<f32>, ks: &[usize]) {
    for &k in ks {
        for algorithm in [
            Algorithm::Auto,
            Algorithm::Lloyd,
            Algorithm::Filtering,
            Algorithm::Yinyang,
        ] {
            for init in [Init::PlusPlus, Init::Parallel, Init::Random] {
                let Some(before) = reset() else {
                    println!("the peak is not known here");
                    return;
                };
                fit(x, k, algorithm, init);
                let above = peak().saturating_sub(before);
                let per_row = above as f64 / x.nrows() as f64;
                println!("k = {k:>3}, {algorithm:?}, {init:?}: {per_row:.1}");
            }
        }
    }
}

/// Makes the peak what is resident now, and returns it.
fn reset() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    field("VmRSS:")
}

/// The largest resident size since, in bytes.
fn peak() -> u64 {
    field("VmHWM:").unwrap_or(0)
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
