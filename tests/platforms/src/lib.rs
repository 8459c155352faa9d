//! Tests that fits have the same bits on every platform, compared with digests from x86-64.
//!
//! `cargo test` in this folder needs only the library and its dependencies, so it also runs on 32-bit targets,
//! on big-endian targets, and on targets without threads.

#![cfg(test)]

use centroid::metrics::{calinski_harabasz_score, silhouette_score};
use centroid::ndarray::{Array1, Array2, ArrayRef2};
use centroid::selection::{SweepOptions, sweep};
use centroid::{
    Algorithm, ArrayBlocks, FitOptions, Float, Init, KMeans, KMeansModel, MiniBatchKMeans,
};

/// Overlapping clusters of integers and quarters, which are the same in both types.
fn data<F: Float>(n: usize, d: usize) -> Array2<F> {
    let mut state = 1_u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % bound) as f64
    };
    let centers = Array2::from_shape_simple_fn((6, d), || below(64));
    let place = |(i, j)| F::from_f64(centers[[i % 6, j]] + (below(64) + below(64)) / 4.0);
    Array2::from_shape_fn((n, d), place)
}

/// The 64-bit hash of Fowler, Noll and Vo.
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(mut self, value: u64) -> Self {
        for byte in value.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }

    fn of<F: Float>(model: &KMeansModel<F>) -> u64 {
        let labels = model.labels().into_iter().map(|&label| label as u64);
        let sizes = model.cluster_sizes().into_iter().map(|&size| size as u64);
        let centroids = model.centroids();
        let centroids = centroids.iter().map(|x| x.to_f64().to_bits());
        let rest = [model.inertia().to_bits(), model.n_iter() as u64];
        let all = labels.chain(sizes).chain(centroids).chain(rest);
        all.fold(Self::new(), Self::add).0
    }
}

fn fits<F: Float>(x: &ArrayRef2<F>) -> [u64; 5] {
    let kmeans = KMeans::new(6).n_init(3).seed(7);
    let engines = [
        Algorithm::Auto,
        Algorithm::Lloyd,
        Algorithm::Filtering,
        Algorithm::Yinyang,
    ];
    let of_engine = |algorithm| Digest::of(&kmeans.clone().algorithm(algorithm).fit(x).unwrap());
    let plus_plus = of_engine(Algorithm::Auto);
    for algorithm in engines {
        assert_eq!(of_engine(algorithm), plus_plus, "{algorithm:?}");
    }
    let random = kmeans.clone().init(Init::Random).fit(x).unwrap();
    let weights: Array1<F> = (0..x.nrows())
        .map(|i| F::from_f64((i % 5) as f64))
        .collect();
    let start = x.slice(centroid::ndarray::s![..6, ..]);
    let options = FitOptions::new()
        .weights(&weights)
        .initial_centroids(&start);
    let weighted = kmeans.fit_with(x, options).unwrap();
    let options = FitOptions::new().initial_centroids(&start);
    let blocks = kmeans
        .fit_blocks_with(&mut ArrayBlocks::new(x, 100), options)
        .unwrap();
    let parallel = kmeans.clone().init(Init::Parallel);
    let of_blocks = parallel.fit_blocks(&mut ArrayBlocks::new(x, 100)).unwrap();
    let parallel = parallel.fit(x).unwrap();
    assert_eq!(of_blocks, parallel);
    [
        plus_plus,
        Digest::of(&random),
        Digest::of(&parallel),
        Digest::of(&weighted),
        Digest::of(&blocks),
    ]
}

#[test]
fn fits_have_the_same_bits() {
    let found = [
        fits(&data::<f32>(500, 2)),
        fits(&data::<f64>(500, 2)),
        fits(&data::<f32>(3000, 40)),
        fits(&data::<f64>(3000, 40)),
    ];
    let expected = [
        [
            0x0825_3e25_e9f6_b2cd,
            0x8293_f2bc_653f_0a94,
            0x1dd1_8c12_7102_0b75,
            0x21f4_b5b6_17ae_364b,
            0x31d7_0878_61d9_b357,
        ],
        [
            0xa33e_1ddd_f8c2_167c,
            0xc86b_6a2f_2796_361d,
            0x0216_a4a7_fe1e_df2a,
            0x111e_ba31_5c98_87b6,
            0x34cf_fdcc_8a70_e452,
        ],
        [
            0x879e_1ce9_b8c9_fcf2,
            0xa803_e2ed_eab2_34a2,
            0xb343_bfa2_abe3_af32,
            0xebe9_9b68_d99f_8f3b,
            0xa9a5_ac17_b134_4ca2,
        ],
        [
            0xa4e7_fa86_b2e7_99c9,
            0x48df_5be4_417f_8975,
            0xacf1_c73b_49ae_f0f5,
            0x8dd1_a016_5fe1_a45c,
            0x15a4_7580_5767_5d1d,
        ],
    ];
    assert_eq!(found, expected);
}

#[test]
fn batches_and_scores_work() {
    let x = data::<f32>(500, 2);
    let model = MiniBatchKMeans::new(6).seed(3).fit(&x).unwrap();
    assert_eq!(model.labels(), model.predict(&x).unwrap());
    assert_eq!(model.cluster_sizes().sum(), 500);
    let silhouette = silhouette_score(&x, &model.labels()).unwrap();
    assert!((silhouette - 0.3617).abs() < 1e-3, "{silhouette}");
    assert!(calinski_harabasz_score(&x, &model.labels()).unwrap() > 100.0);
    // A sweep measures times if there is a clock, and must also work without one.
    let sweep = sweep(&KMeans::new(1).n_init(2), &x, 2..=8, SweepOptions::new()).unwrap();
    assert_eq!(sweep.entries().len(), 7);
}
