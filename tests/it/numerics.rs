//! Fits of data that is difficult in floating point, compared with exact arithmetic on the same values.
//!
//! The results must be those in the column of centroid in docs/numerics.md.
//! `CENTROID_UPDATE_NUMERICS=1 cargo test numerics` writes this column. The other columns are written by
//! benches/peers/numerics.py, which has the same data and the same reference.

use std::path::{Path, PathBuf};

use centroid::{Algorithm, FitOptions, Float, KMeans, KMeansModel};
use ndarray::{Array2, Axis, s};
use num::bigint::BigInt;
use num::{Float as _, Signed, ToPrimitive, Zero};

const POINTS: usize = 2000;
const N_CLUSTERS: usize = 8;
const ITERATIONS: usize = 10;
/// About the standard deviation of the features of the lattice.
const DEVIATION: i128 = 64;

/// How the lattice is transformed.
#[derive(Clone, Copy)]
enum Case {
    /// Moved by 10 to this power of standard deviations.
    Moved(u32),
    /// Multiplied by 2 to the first power, which is about 10 to the second.
    Scaled(i32, i32),
    /// Two features, with point `i` repeated `5 i + 2` or `5 i + 3` times. This makes 10,000,000 rows.
    Repeated,
}

const CASES: [Case; 12] = [
    Case::Moved(2),
    Case::Moved(3),
    Case::Moved(4),
    Case::Moved(5),
    Case::Moved(6),
    Case::Moved(7),
    Case::Moved(8),
    Case::Scaled(-66, -20),
    Case::Scaled(-33, -10),
    Case::Scaled(33, 10),
    Case::Scaled(66, 20),
    Case::Repeated,
];

impl Case {
    fn name(self) -> String {
        match self {
            Self::Moved(exponent) => format!("moved by 1e{exponent} deviations"),
            Self::Scaled(power, decade) => format!("times 2^{power}, about 1e{decade}"),
            Self::Repeated => "10,000,000 rows".to_owned(),
        }
    }

    fn offset(self) -> i128 {
        match self {
            Self::Moved(exponent) => 10_i128.pow(exponent) * DEVIATION,
            _ => 0,
        }
    }

    fn scale(self) -> f64 {
        match self {
            Self::Scaled(power, _) => 2_f64.powi(power),
            _ => 1.0,
        }
    }

    fn times(self, point: usize) -> usize {
        match self {
            Self::Repeated => 5 * point + 2 + point % 2,
            _ => 1,
        }
    }

    /// The distinct points.
    fn points<F: Float>(self) -> Array2<F> {
        let (offset, scale) = (self.offset() as f64, self.scale());
        let width = if matches!(self, Self::Repeated) { 2 } else { 4 };
        let lattice = lattice();
        lattice
            .slice(s![.., ..width])
            .mapv(|x| F::from_f64((x as f64 + offset) * scale))
    }
}

/// Eight overlapping clusters of integers.
fn lattice() -> Array2<i64> {
    let mut state = 1_u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % bound) as i64
    };
    let centers = Array2::from_shape_simple_fn((N_CLUSTERS, 4), || below(256));
    Array2::from_shape_fn((POINTS, 4), |(i, j)| {
        let noise: i64 = (0..4).map(|_| below(32)).sum();
        centers[[i % N_CLUSTERS, j]] + noise - 62
    })
}

/// Labels of Lloyd's iterations from the first points, with centroids kept as fractions.
fn exact_labels<F: Float>(case: Case, points: &Array2<F>) -> Vec<usize> {
    // The values after rounding to the type, in units of the lattice.
    let lattice = points.mapv(|x| (x.to_f64() / case.scale()) as i128 - case.offset());
    let mut sums = lattice.slice(s![..N_CLUSTERS, ..]).to_owned();
    let mut counts = [1_i128; N_CLUSTERS];
    let mut labels = vec![0; POINTS];
    for iteration in 0..=ITERATIONS {
        for (label, point) in labels.iter_mut().zip(lattice.outer_iter()) {
            let sq_dist = |c: usize| -> i128 {
                let terms = point.iter().zip(sums.row(c));
                terms.map(|(x, sum)| (x * counts[c] - sum).pow(2)).sum()
            };
            // Compares squared distances, which are sq_dist / counts^2.
            let nearer = |best: (usize, i128), c: usize| {
                let found = sq_dist(c);
                if found * counts[best.0].pow(2) < best.1 * counts[c].pow(2) {
                    (c, found)
                } else {
                    best
                }
            };
            *label = (1..N_CLUSTERS).fold((0, sq_dist(0)), nearer).0;
        }
        if iteration == ITERATIONS {
            break;
        }
        for (c, count) in counts.iter_mut().enumerate() {
            let rows: Vec<usize> = (0..POINTS).filter(|&row| labels[row] == c).collect();
            if rows.is_empty() {
                continue;
            }
            *count = rows.iter().map(|&row| case.times(row) as i128).sum();
            for (j, sum) in sums.row_mut(c).iter_mut().enumerate() {
                let terms = rows
                    .iter()
                    .map(|&row| lattice[[row, j]] * case.times(row) as i128);
                *sum = terms.sum();
            }
        }
    }
    labels
}

/// Represents numbers as integer multiples of a power of 2.
struct Units(i16);

impl Units {
    fn of<F: Float>(arrays: &[&Array2<F>]) -> Self {
        let values = arrays.iter().flat_map(|array| array.iter());
        let exponents = values
            .map(|x| x.to_f64())
            .filter(|x| *x != 0.0)
            .map(|x| x.integer_decode().1);
        Self(exponents.min().unwrap())
    }

    fn count(&self, value: f64) -> BigInt {
        if value == 0.0 {
            return BigInt::zero();
        }
        let (digits, exponent, sign) = value.integer_decode();
        (BigInt::from(digits) * sign) << (exponent - self.0)
    }

    /// `|found / exact - 1|`, where `exact` is in squared units.
    fn relative_error(&self, found: f64, exact: &BigInt) -> f64 {
        let (digits, exponent, _) = found.integer_decode();
        let exponent = exponent - 2 * self.0;
        let left = usize::from(exponent.unsigned_abs());
        let (found, exact) = if exponent >= 0 {
            (BigInt::from(digits) << left, exact.clone())
        } else {
            (BigInt::from(digits), exact << left)
        };
        let off = (&found - &exact).abs();
        // With a hundred more binary digits than an integer ratio has.
        let ratio: BigInt = (off << 100) / exact;
        ratio.to_f64().unwrap() * 2_f64.powi(-100)
    }
}

/// The errors of a model compared with exact arithmetic.
#[derive(Debug)]
struct Found {
    /// The number of rows whose labels differ from those of exact iterations.
    changed: usize,
    /// The number of rows with a returned centroid nearer than that of their label.
    contradicting: usize,
    /// The relative error of the inertia, for the returned labels and centroids.
    inertia_error: f64,
}

impl Found {
    fn of<F: Float>(case: Case, points: &Array2<F>, model: &KMeansModel<F>) -> Self {
        let exact = exact_labels(case, points);
        let centroids = model.centroids().to_owned();
        let units = Units::of(&[points, &centroids]);
        let counts = |array: &Array2<F>| array.mapv(|x| units.count(x.to_f64()));
        let (points, centroids) = (counts(points), counts(&centroids));
        let mut found = Self {
            changed: 0,
            contradicting: 0,
            inertia_error: 0.0,
        };
        let mut inertia = BigInt::zero();
        let mut labels = model.labels().into_iter();
        for (i, point) in points.outer_iter().enumerate() {
            let sq_dists: Vec<BigInt> = centroids
                .outer_iter()
                .map(|centroid| {
                    let terms = point.iter().zip(centroid);
                    terms.map(|(x, c)| (x - c).pow(2)).sum()
                })
                .collect();
            let least = sq_dists.iter().min().unwrap();
            for &label in labels.by_ref().take(case.times(i)) {
                found.changed += usize::from(label != exact[i]);
                found.contradicting += usize::from(sq_dists[label] != *least);
                if case.times(i) == 1 {
                    inertia += &sq_dists[label];
                }
            }
            if case.times(i) > 1 {
                // Equal rows have equal labels if none of them is contradicted.
                inertia += least * case.times(i);
            }
        }
        assert!(labels.next().is_none());
        found.inertia_error = units.relative_error(model.inertia(), &inertia);
        found
    }

    fn cell(&self) -> String {
        let error = round_up(self.inertia_error);
        format!("{} / {} / {error}", self.changed, self.contradicting)
    }
}

/// The value rounded up to one digit.
fn round_up(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // Enough digits to print the value exactly.
    let text = format!("{value:.60e}");
    let (digits, power) = text.split_once('e').unwrap();
    let (digit, rest) = digits.split_once('.').unwrap();
    let up = u32::from(rest.bytes().any(|digit| digit != b'0'));
    match digit.parse::<u32>().unwrap() + up {
        10 => format!("1e{}", power.parse::<i32>().unwrap() + 1),
        digit => format!("{digit}e{power}"),
    }
}

fn fit<F: Float>(case: Case) -> Found {
    let points = case.points::<F>();
    let rows: Vec<usize> = (0..POINTS)
        .flat_map(|i| std::iter::repeat_n(i, case.times(i)))
        .collect();
    let x = points.select(Axis(0), &rows);
    let start = points.slice(s![..N_CLUSTERS, ..]);
    let kmeans = KMeans::new(N_CLUSTERS)
        .n_init(1)
        .max_iter(ITERATIONS)
        .tol(0.0);
    let fit = |algorithm| {
        let options = FitOptions::new().initial_centroids(&start);
        kmeans
            .clone()
            .algorithm(algorithm)
            .fit_with(&x, options)
            .unwrap()
    };
    let model = fit(Algorithm::Auto);
    let others = match case {
        // The other engines would take long.
        Case::Repeated => &[][..],
        _ => &[Algorithm::Lloyd, Algorithm::Filtering, Algorithm::Yinyang],
    };
    for &algorithm in others {
        let same = fit(algorithm);
        assert_eq!(same.labels(), model.labels(), "{algorithm:?}");
        assert_eq!(same.centroids(), model.centroids(), "{algorithm:?}");
        assert_eq!(same.inertia(), model.inertia(), "{algorithm:?}");
    }
    Found::of(case, &points, &model)
}

/// The cells of a row of the table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/numerics.md")
}

/// The three numbers of a cell, or infinity for what aborted or is not finite.
fn numbers(cell: &str) -> [f64; 3] {
    let mut numbers = [f64::INFINITY; 3];
    for (number, text) in numbers.iter_mut().zip(cell.split('/')) {
        *number = text.trim().parse().unwrap_or(f64::INFINITY);
    }
    numbers
}

fn assert_none_is_better(words: &[String]) {
    let ours = numbers(&words[2]);
    for peer in &words[3..] {
        let theirs = numbers(peer);
        // The exception that docs/numerics.md explains: labels by centroids more precise than the returned ones.
        let explained = words[0] == "moved by 1e7 deviations" && theirs[1] > 0.0;
        let first = usize::from(explained);
        let pairs = ours.iter().zip(&theirs).skip(first);
        assert!(pairs.into_iter().all(|(a, b)| a <= b), "{words:?}");
    }
}

#[test]
fn the_table_in_the_docs_matches_the_results() {
    let mut column = Vec::new();
    // With 10,000,000 rows only if it is asked for: `scripts/deep-checks long`.
    let is_long = |case: &Case| matches!(case, Case::Repeated);
    let wants_long = std::env::var_os("CENTROID_LONG_TESTS").is_some();
    for case in CASES
        .into_iter()
        .filter(|case| wants_long || !is_long(case))
    {
        for (float, found) in [("f32", fit::<f32>(case)), ("f64", fit::<f64>(case))] {
            assert_eq!(found.contradicting, 0, "{}, {float}", case.name());
            assert!(
                found.inertia_error <= 4e-16,
                "{}, {float}: {found:?}",
                case.name()
            );
            column.push((case.name(), float, found.cell()));
        }
    }
    let text = std::fs::read_to_string(document()).unwrap();
    let mut column = column.into_iter();
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut words: Vec<String> = cells(line).into_iter().map(str::to_owned).collect();
            if words.len() < 3 || words[1] != "f32" && words[1] != "f64" {
                return line.to_owned();
            }
            if !wants_long && words[0] == Case::Repeated.name() {
                return line.to_owned();
            }
            let (name, float, cell) = column.next().expect("a row without a case");
            assert_eq!((&words[0], words[1].as_str()), (&name, float));
            words[2] = cell;
            assert_none_is_better(&words);
            format!("| {} |", words.join(" | "))
        })
        .collect();
    assert!(column.next().is_none(), "a case without a row");
    if std::env::var_os("CENTROID_UPDATE_NUMERICS").is_some() {
        std::fs::write(document(), lines.join("\n") + "\n").unwrap();
    } else {
        assert!(text.lines().eq(lines), "the table has other numbers");
    }
}
