//! What the tests share: data, and the plain algorithm as a specification.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "not all of it is used with every feature"
)]

use std::collections::HashMap;
use std::path::Path;

use centroid::{Float, KMeansModel};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, Axis, s};

fn test_data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// The features of a data set, without the class in the last column.
pub fn features<F: Float>(name: &str) -> Array2<F> {
    let text = test_data(&format!("{name}.csv"));
    let rows: Vec<Vec<f64>> = lines(&text)
        .map(|line| {
            line.split(',')
                .map(|value| value.parse().unwrap())
                .collect()
        })
        .collect();
    let d = rows[0].len() - 1;
    Array2::from_shape_fn((rows.len(), d), |(i, j)| F::from_f64(rows[i][j]))
}

/// The `key value` lines of the expected results of a data set, in order.
pub fn entries(name: &str) -> Vec<(String, String)> {
    entries_of(&format!("{name}.expected.txt"))
}

fn entries_of(file: &str) -> Vec<(String, String)> {
    let text = test_data(file);
    lines(&text)
        .map(|line| line.split_once(' ').unwrap())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The expected results of a data set.
pub struct Expected(HashMap<String, String>);

impl Expected {
    pub fn of(name: &str) -> Self {
        Self(entries(name).into_iter().collect())
    }
    /// The expected scores of the labels of a data set.
    pub fn scores(name: &str) -> Self {
        Self(
            entries_of(&format!("{name}.scores.txt"))
                .into_iter()
                .collect(),
        )
    }
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let values = self.0[key].split(',');
        values.map(|value| value.parse().unwrap()).collect()
    }
    pub fn number(&self, key: &str) -> f64 {
        self.0[key].parse().unwrap()
    }
    pub fn count(&self, key: &str) -> usize {
        self.0[key].parse().unwrap()
    }
    pub fn counts(&self, key: &str) -> Vec<usize> {
        self.0[key]
            .split(',')
            .map(|value| value.parse().unwrap())
            .collect()
    }
}

/// A small random number generator for test data.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2.0_f64.powi(-53)
    }
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Integers in -8..=8, whose sums of squares are exact.
pub fn lattice<F: Float>(n: usize, d: usize, seed: u64) -> Array2<F> {
    let mut numbers = Numbers::new(seed);
    Array2::from_shape_simple_fn((n, d), || F::from_f64(numbers.below(17) as f64 - 8.0))
}

/// Normal clusters around `k` centres in a box of side 20.
pub fn blobs<F: Float>(n: usize, d: usize, k: usize, seed: u64) -> Array2<F> {
    let mut numbers = Numbers::new(seed);
    let centers = Array2::from_shape_simple_fn((k, d), || 20.0 * numbers.uniform() - 10.0);
    Array2::from_shape_fn((n, d), |(i, j)| {
        F::from_f64(centers[[i % k, j]] + numbers.normal())
    })
}

/// The first row, and every `n / k`-th row after it.
pub fn spread_rows<F: Float>(x: &ArrayRef2<F>, k: usize) -> Array2<F> {
    let rows: Vec<usize> = (0..k).map(|row| row * (x.nrows() / k)).collect();
    x.select(Axis(0), &rows)
}

/// The weights 0, 1, 2, 3, repeated.
pub fn small_weights<F: Float>(n: usize) -> Array1<F> {
    (0..n).map(|row| F::from_f64((row % 4) as f64)).collect()
}

/// Calls `f` with the same values in every layout: row-major, column-major, every second row and
/// column of a larger array, reversed, and columns of a wider array.
pub fn each_layout<F: Float>(x: &Array2<F>, mut f: impl FnMut(ArrayView2<'_, F>, &str)) {
    let (n, d) = x.dim();
    f(x.view(), "row-major");
    let columns = x.t().as_standard_layout().into_owned();
    f(columns.t(), "column-major");
    let mut sparse = Array2::from_elem((2 * n, 2 * d), F::from_f64(1e30));
    sparse.slice_mut(s![..;2, ..;2]).assign(x);
    f(sparse.slice(s![..;2, ..;2]), "every second");
    let mut reversed = x.clone();
    reversed.assign(&x.slice(s![..;-1, ..;-1]));
    f(reversed.slice(s![..;-1, ..;-1]), "reversed");
    let mut wide = Array2::from_elem((n, d + 3), F::from_f64(1e30));
    wide.slice_mut(s![.., 1..=d]).assign(x);
    f(wide.slice(s![.., 1..=d]), "columns of a wider array");
}

/// Calls `f` with the same values at several strides.
pub fn each_stride<F: Float>(x: &Array1<F>, mut f: impl FnMut(ArrayView1<'_, F>, &str)) {
    let mut sparse = Array1::from_elem(3 * x.len(), F::from_f64(1e30));
    sparse.slice_mut(s![1..;3]).assign(x);
    f(sparse.slice(s![1..;3]), "every third");
    let reversed = x.slice(s![..;-1]).to_owned();
    f(reversed.slice(s![..;-1]), "reversed");
}

pub fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2))
        .sum()
}

fn row<F: Float>(x: &ArrayRef2<F>, index: usize) -> Vec<F> {
    x.row(index).to_vec()
}

/// The index of the nearest centroid of each row, the lowest one for ties.
pub fn naive_labels<F: Float>(x: &ArrayRef2<F>, centroids: &ArrayRef2<F>) -> Vec<usize> {
    let nearest = |i: usize| {
        let dist = |c: usize| sq_dist(&row(x, i), &row(centroids, c));
        (0..centroids.nrows()).fold(0, |best, c| if dist(c) < dist(best) { c } else { best })
    };
    (0..x.nrows()).map(nearest).collect()
}

pub fn naive_inertia<F: Float>(
    x: &ArrayRef2<F>,
    centroids: &ArrayRef2<F>,
    labels: &[usize],
    weights: Option<&Array1<F>>,
) -> f64 {
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i].to_f64());
    let one =
        |(i, &label): (usize, &usize)| weight(i) * sq_dist(&row(x, i), &row(centroids, label));
    labels.iter().enumerate().map(one).sum()
}

/// Lloyd's algorithm in plain loops, until the labels stop changing. Returns centroids, labels and iterations.
/// No cluster may become empty.
pub fn naive_lloyd<F: Float>(
    x: &ArrayRef2<F>,
    start: &Array2<F>,
    weights: Option<&Array1<F>>,
) -> (Array2<F>, Vec<usize>, usize) {
    let (mut centroids, mut labels) = (start.clone(), Vec::new());
    for iteration in 1.. {
        let next = naive_labels(x, &centroids);
        if next == labels {
            return (centroids, labels, iteration);
        }
        labels = next;
        for c in 0..start.nrows() {
            let own = || (0..x.nrows()).filter(|&i| labels[i] == c);
            let weight = |i: usize| weights.map_or(1.0, |weights| weights[i].to_f64());
            let total: f64 = own().map(weight).sum();
            assert!(total > 0.0, "cluster {c} is empty");
            for j in 0..x.ncols() {
                let sum: f64 = own().map(|i| weight(i) * x[[i, j]].to_f64()).sum();
                centroids[[c, j]] = F::from_f64(sum / total);
            }
        }
    }
    unreachable!()
}

/// Asserts that the labels, sizes, inertia and centroids of a model agree.
pub fn assert_coherent<F: Float>(
    model: &KMeansModel<F>,
    x: &ArrayRef2<F>,
    weights: Option<&Array1<F>>,
    story: &str,
) {
    let labels = model.labels().to_vec();
    assert_eq!(model.predict(x).unwrap().to_vec(), labels, "{story}");
    assert_eq!(naive_labels(x, &model.centroids()), labels, "{story}");
    let mut sizes = vec![0; model.n_clusters()];
    labels.iter().for_each(|&label| sizes[label] += 1);
    assert_eq!(model.cluster_sizes().to_vec(), sizes, "{story}");
    let inertia = naive_inertia(x, &model.centroids(), &labels, weights);
    let error = (model.inertia() - inertia).abs();
    assert!(
        error <= 1e-12 * inertia,
        "{story}: {} is not {inertia}",
        model.inertia()
    );
    if weights.is_none() {
        let score = model.score(x).unwrap();
        assert_eq!(score.to_bits(), (-model.inertia()).to_bits(), "{story}");
    }
}

/// Instantiates tests that are generic over the element type.
macro_rules! for_both_types {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        mod f32 { $($(#[$attribute])* #[test] fn $test() { super::$test::<f32>(); })* }
        mod f64 { $($(#[$attribute])* #[test] fn $test() { super::$test::<f64>(); })* }
    };
}
