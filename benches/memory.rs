//! The peak memory of whole fits without the data, as reported by the operating system, in bytes per row.
//!
//! `cargo bench --bench memory`. Linux only: elsewhere it prints that the peak is unknown.

#![allow(clippy::print_stdout, reason = "a program")]

use std::fs;

use centroid::{Algorithm, Init, KMeans};
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::Normal;

/// `(n, d, k)` of the fits.
const SHAPES: [(usize, usize, usize); 4] = [
    (10_000_000, 3, 8),
    (10_000_000, 3, 64),
    (200_000, 64, 256),
    (20_000, 384, 256),
];

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Auto,
    Algorithm::Lloyd,
    Algorithm::Filtering,
    Algorithm::Yinyang,
];

const STARTS: [Init; 3] = [Init::PlusPlus, Init::Parallel, Init::Random];

/// Measures one fit if there are three numbers as arguments. Otherwise starts a process for each fit, because
/// memory freed by an earlier fit may still be resident.
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let numbers: Vec<usize> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let share = if args.iter().any(|arg| arg == "--test") {
        100
    } else {
        1
    };
    if let [shape, algorithm, init] = numbers[..] {
        let (n, d, k) = SHAPES[shape];
        let n = (n / share).max(2 * k);
        return measure(&data(n, d), k, ALGORITHMS[algorithm], STARTS[init]);
    }
    println!("peak above the data, bytes per row");
    for shape in 0..SHAPES.len() {
        for algorithm in 0..ALGORITHMS.len() {
            for init in 0..STARTS.len() {
                let mut again = std::process::Command::new(&args[0]);
                let numbers = [shape, algorithm, init].map(|number| number.to_string());
                again.args(&args[1..]).args(numbers);
                assert!(again.status().is_ok_and(|status| status.success()));
            }
        }
    }
}

fn data(n: usize, d: usize) -> Array2<f32> {
    let normal = Normal::new(0.0, 1.0).expect("a deviation of 1");
    Array2::random((n, d), normal)
}

fn fit(x: &Array2<f32>, k: usize, algorithm: Algorithm, init: Init) -> f64 {
    let kmeans = KMeans::new(k).algorithm(algorithm).init(init);
    let model = kmeans.n_init(1).max_iter(20).fit(x);
    model.expect("the data is finite").inertia()
}

fn measure(x: &Array2<f32>, k: usize, algorithm: Algorithm, init: Init) {
    // Starts the threads and allocates their memory before anything is measured.
    fit(&data(2_000, 64), 256, Algorithm::Lloyd, Init::Random);
    let Some(before) = reset() else {
        return println!("the peak is unknown on this system");
    };
    fit(x, k, algorithm, init);
    let above = peak().saturating_sub(before);
    let per_row = above as f64 / x.nrows() as f64;
    let (n, d) = x.dim();
    println!("{n} x {d}, k = {k}, {algorithm:?}, {init:?}: {per_row:.1}");
}

/// Resets the peak to the current resident size, and returns it.
fn reset() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    field("VmRSS:")
}

/// The peak resident size since the last reset, in bytes.
fn peak() -> u64 {
    field("VmHWM:").unwrap_or(0)
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
