//! Runs the example `larger_than_memory` as a program.

#[path = "../../tests/programs/common.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use centroid::KMeansModel;
use centroid::datasets::make_blobs;
use common::{BUILT, files, one_line, printed, program, value_of};
use ndarray::{Array, Array1, Array2, Dimension, array};
use ndarray_npy::{WritableElement, WriteNpyExt, read_npy, write_npy, write_zeroed_npy};

fn run(out: &Path, arguments: &[&str]) -> Output {
    let mut program = program("larger_than_memory");
    let program = program.arg("--out").arg(out).args(arguments);
    program.output().expect(BUILT)
}

/// Checks that rows, labels, centroids and the printed inertia agree.
fn check(x: &Array2<f32>, labels: &Path, centroids: &Path, printed: &str) {
    let labels: Array1<u32> = read_npy(labels).unwrap();
    let centroids: Array2<f32> = read_npy(centroids).unwrap();
    let model = KMeansModel::from_centroids(&centroids).unwrap();
    let expected = model.predict(x).unwrap();
    assert_eq!(labels.mapv(|label| label as usize), expected);
    let inertia: f64 = value_of(printed, "\ninertia ").parse().unwrap();
    let expected = -model.score(x).unwrap();
    assert!((inertia - expected).abs() <= 1e-6 * expected, "{printed}");
}

#[test]
fn clusters_of_the_generated_file_are_found_and_labelled() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out/deeper");
    let arguments = ["--size", "1", "--batch", "1000"];
    let output = printed(&run(&out, &arguments));
    let names = ["-centroids", "-labels", ""].map(|part| format!("blobs-1mb{part}.npy"));
    assert_eq!(files(&out), names);
    let [centroids, labels, data] = names.map(|name| out.join(name));
    let x: Array2<f32> = read_npy(&data).unwrap();
    assert_eq!(x.dim(), (15_625, 16));
    assert!(
        output.contains("15625 rows of 16 values, 1.0 MB"),
        "{output}"
    );
    assert!(output.contains("found 64 centroids"), "{output}");
    check(&x, &labels, &centroids, &output);
    // Sixty-four normal clusters of variance 1, far apart.
    let per_value: f64 = value_of(&output, "\ninertia ").parse::<f64>().unwrap() / x.len() as f64;
    assert!((per_value - 1.0).abs() < 0.02, "{output}");
    assert!(output.contains("clusters of 244 to 245 rows"), "{output}");
    assert!(output.contains("peak resident memory "), "{output}");

    let read = |path: &PathBuf| std::fs::read(path).unwrap();
    let before = [&data, &centroids, &labels].map(read);
    printed(&run(&out, &arguments));
    assert_eq!([&data, &centroids, &labels].map(read), before);
}

#[test]
fn exact_iterations_continue_from_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("rows.npy"), folder.path().join("out"));
    // One cluster for two centroids, so that the batches leave room for improvement.
    let (x, _) = make_blobs(3_000, &array![[0.0_f32, 0.0]], &[1.0], 1).unwrap();
    write_npy(&input, &x).unwrap();
    let arguments = ["--input", input.to_str().unwrap(), "--clusters", "2"];
    let batches = printed(&run(&out, &arguments));
    let (labels, centroids) = (out.join("rows-labels.npy"), out.join("rows-centroids.npy"));
    check(&x, &labels, &centroids, &batches);
    let exact = printed(&run(&out, &[&arguments[..], &["--exact"]].concat()));
    check(&x, &labels, &centroids, &exact);
    assert_eq!(files(&out), ["rows-centroids.npy", "rows-labels.npy"]);
    let inertia = |text| value_of(text, "\ninertia ").parse::<f64>().unwrap();
    assert!(inertia(&exact) < inertia(&batches), "{batches}{exact}");
    let first = format!("inertia {} to", value_of(&batches, "\ninertia "));
    assert!(exact.contains(&first), "{batches}{exact}");
}

#[test]
fn matrices_in_column_order_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("rows.npy"), folder.path().join("out"));
    let (x, _) = make_blobs(500, &array![[0.0_f32, 0.0], [9.0, 9.0]], &[1.0], 1).unwrap();
    x.t()
        .as_standard_layout()
        .t()
        .write_npy(std::fs::File::create(&input).unwrap())
        .unwrap();
    let arguments = [
        "--input",
        input.to_str().unwrap(),
        "--clusters",
        "2",
        "--exact",
    ];
    let output = printed(&run(&out, &arguments));
    let (labels, centroids) = (out.join("rows-labels.npy"), out.join("rows-centroids.npy"));
    check(&x, &labels, &centroids, &output);
}

/// Most of the file is a hole, which the system reads as zeros.
#[test]
fn memory_does_not_grow_with_the_file() {
    const ROWS: usize = 4_000_000;
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("rows.npy"), folder.path().join("out"));
    let file = std::fs::File::create(&input).unwrap();
    write_zeroed_npy::<f32, _>(&file, (ROWS, 16)).unwrap();
    f32::write_slice(&[1.0; 16 * ROWS / 2], &file).unwrap();
    let arguments = [
        "--input",
        input.to_str().unwrap(),
        "--clusters",
        "2",
        "--epochs",
        "1",
    ];
    let output = printed(&run(&out, &arguments));
    assert!(
        output.contains("4000000 rows of 16 values, 256.0 MB"),
        "{output}"
    );
    assert!(
        output.contains("clusters of 2000000 to 2000000 rows"),
        "{output}"
    );
    assert!(output.contains("\ninertia 0.000000e0\n"), "{output}");
    if cfg!(target_os = "linux") {
        let peak: f64 = value_of(&output, "peak resident memory ").parse().unwrap();
        assert!(peak < 100.0, "{output}");
    }
}

fn written<T: WritableElement, D: Dimension>(path: &Path, values: &Array<T, D>) -> String {
    write_npy(path, values).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn bad_input_gets_one_line_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(at(name), bytes).unwrap();
        at(name).to_str().unwrap().to_owned()
    };
    let rows = Array2::from_shape_fn((40, 3), |(i, j)| (7 * i + j) as f32);
    let good = written(&at("good.npy"), &rows);
    let bytes = std::fs::read(&good).unwrap();
    let mut spoilt = rows.clone();
    spoilt[[33, 1]] = f32::NAN;
    let cases = [
        (
            at("missing.npy").to_str().unwrap().to_owned(),
            "cannot read ",
        ),
        (folder.path().to_str().unwrap().to_owned(), "it is a folder"),
        (put("nothing.npy", b""), "ends within its header"),
        (
            put("text.npy", b"this is not a matrix"),
            "it is not a .npy file",
        ),
        (put("start.npy", &bytes[..20]), "ends within its header"),
        (
            put("cut.npy", &bytes[..bytes.len() - 10]),
            "cut.npy: the file is cut off, 10 bytes are missing",
        ),
        (
            put("long.npy", &[&bytes[..], b"xyz"].concat()),
            "3 bytes after its data",
        ),
        (written(&at("f64.npy"), &rows.mapv(f64::from)), "not f32"),
        (
            written(&at("flat.npy"), &rows.flatten().to_owned()),
            "it has 1 dimensions, not 2",
        ),
        (
            written(&at("no-rows.npy"), &Array2::<f32>::zeros((0, 3))),
            "is empty, 0 x 3",
        ),
        (
            written(&at("no-columns.npy"), &Array2::<f32>::zeros((9, 0))),
            "is empty, 9 x 0",
        ),
        (
            written(&at("few.npy"), &Array2::<f32>::zeros((3, 2))),
            "4 clusters are more than the 3 rows of ",
        ),
        (
            written(&at("same.npy"), &Array2::<f32>::zeros((9, 2))),
            "n_clusters is 4, but there were only 1 distinct rows so far",
        ),
        (
            written(&at("spoilt.npy"), &spoilt),
            "row 33, column 1 is NaN or infinite",
        ),
    ];
    let out = at("out");
    for (input, expected) in cases {
        for exact in [None, Some("--exact")] {
            let mut arguments = vec!["--input", &input, "--clusters", "4", "--batch", "16"];
            arguments.extend(exact);
            let error = one_line(&run(&out, &arguments));
            assert!(error.contains(expected), "{input}: {error}");
            assert!(files(&out).is_empty(), "{input}");
        }
    }
    let error = one_line(&run(&out, &["--size", "1", "--clusters", "15626"]));
    assert!(error.contains("more than the 15625 rows"), "{error}");
    assert!(files(&out).is_empty());

    let file = put("a-file", b"no folder");
    let error = one_line(&run(Path::new(&file), &["--size", "1"]));
    assert!(error.contains("cannot write to "), "{error}");
    for name in ["good-labels.npy", "good-centroids.npy"] {
        let taken = at("taken");
        std::fs::create_dir_all(taken.join(name)).unwrap();
        let arguments = ["--input", &good, "--clusters", "4"];
        let error = one_line(&run(&taken, &arguments));
        assert!(
            error.contains(name) && error.contains("it is a folder"),
            "{error}"
        );
        assert_eq!(files(&taken), [name]);
        std::fs::remove_dir_all(&taken).unwrap();
    }
}
