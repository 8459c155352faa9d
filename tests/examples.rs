//! The examples `larger_than_memory`, `stream_stdin`, `anomalies` and those on digits, run as a person
//! would.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use centroid::KMeansModel;
use centroid::datasets::make_blobs;
use ndarray::{Array, Array1, Array2, Dimension, array};
use ndarray_npy::{WritableElement, WriteNpyExt, read_npy, write_npy, write_zeroed_npy};

/// An example beside this test. A plain `cargo test` builds both; before
/// `cargo test --test examples`, `cargo build --examples` does.
fn program(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Command::new(folder.join("examples").join(name))
}

const BUILT: &str = "the examples are built: cargo build --examples";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a run printed that went well.
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The one line of a run that did not.
fn one_line(output: &Output) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error.strip_prefix("error: ").unwrap().trim_end().to_owned()
}

/// The word behind `name` in what was printed.
fn value_of<'a>(text: &'a str, name: &str) -> &'a str {
    let behind = text.rsplit(name).next().unwrap();
    behind.split_whitespace().next().unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

mod larger_than_memory {
    use super::*;

    fn run(out: &Path, arguments: &[&str]) -> Output {
        let mut program = program("larger_than_memory");
        let program = program.arg("--out").arg(out).args(arguments);
        program.output().expect(BUILT)
    }

    /// The three files belong together, and to the inertia that was printed.
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
    fn it_finds_and_labels_the_clusters_of_the_file_that_it_writes() {
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
        // Sixty-four normal clusters of variance 1, far from one another.
        let per_value: f64 =
            value_of(&output, "\ninertia ").parse::<f64>().unwrap() / x.len() as f64;
        assert!((per_value - 1.0).abs() < 0.02, "{output}");
        assert!(output.contains("clusters of 244 to 245 rows"), "{output}");
        assert!(output.contains("peak resident memory "), "{output}");

        let read = |path: &PathBuf| std::fs::read(path).unwrap();
        let before = [&data, &centroids, &labels].map(read);
        printed(&run(&out, &arguments));
        assert_eq!([&data, &centroids, &labels].map(read), before);
    }

    #[test]
    fn exact_iterations_go_on_from_the_batches() {
        let folder = tempfile::tempdir().unwrap();
        let (input, out) = (folder.path().join("rows.npy"), folder.path().join("out"));
        // One cluster for two centroids, so that batches leave something to do.
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
    fn columns_may_lie_one_behind_another() {
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

    /// Most of the file is a hole, which the system fills with zeros where it is looked at.
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
                "it is no .npy file",
            ),
            (put("start.npy", &bytes[..20]), "ends within its header"),
            (
                put("cut.npy", &bytes[..bytes.len() - 10]),
                "cut.npy: the file is cut off, 10 bytes are missing",
            ),
            (
                put("long.npy", &[&bytes[..], b"xyz"].concat()),
                "3 bytes behind its data",
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
                "1 distinct rows so far cannot form 4 clusters",
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
}

mod stream_stdin {
    use super::*;

    fn start(arguments: &[&str]) -> std::process::Child {
        let mut program = program("stream_stdin");
        program
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program.spawn().expect(BUILT)
    }

    fn run(arguments: &[&str], input: &str) -> Output {
        let mut child = start(arguments);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // A run that ends early does not read all.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }

    /// The blocks that were printed: the line with the number of rows, and for each centroid its label,
    /// the rows that moved it, and its coordinates.
    fn blocks(text: &str) -> Vec<(String, Vec<Vec<f64>>)> {
        let mut blocks: Vec<(String, Vec<Vec<f64>>)> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(title) => blocks.push((title.to_owned(), Vec::new())),
                None => {
                    let values = line.split(',').map(|value| value.trim().parse().unwrap());
                    blocks.last_mut().unwrap().1.push(values.collect());
                }
            }
        }
        blocks
    }

    #[test]
    fn it_finds_the_blobs_and_prints_them_now_and_then() {
        let centers = array![[0.0, 0.0], [50.0, 0.0], [0.0, -50.0]];
        let (x, _) = make_blobs(2_500, &centers, &[1.0], 3).unwrap();
        let lines = x
            .rows()
            .into_iter()
            .map(|row| format!("{},{}\n", row[0], row[1]));
        let input: String = lines.collect();
        let output = run(&["--clusters", "3", "--every", "1000"], &input);
        let blocks = blocks(&printed(&output));
        let titles = blocks.iter().map(|block| block.0.as_str());
        let expected = [1000, 2000, 2500].map(|rows| format!("{rows} rows, 0 skipped"));
        assert_eq!(titles.collect::<Vec<_>>(), expected);
        for ((_, centroids), n_rows) in blocks.iter().zip([1000.0, 2000.0, 2500.0]) {
            assert_eq!(centroids.len(), 3);
            assert_eq!(centroids.iter().map(|line| line[1]).sum::<f64>(), n_rows);
            for center in centers.rows() {
                let is_near = |line: &Vec<f64>| {
                    (line[2] - center[0]).abs() < 0.2 && (line[3] - center[1]).abs() < 0.2
                };
                assert_eq!(
                    centroids.iter().filter(|line| is_near(line)).count(),
                    1,
                    "{centroids:?}"
                );
            }
        }
        assert_eq!(
            run(&["--clusters", "3", "--every", "1000"], &input).stdout,
            output.stdout
        );
        // Where the last row was printed there is no more to say.
        let output = run(&["--clusters", "3", "--every", "2500"], &input);
        assert_eq!(text(&output.stdout).matches('#').count(), 1);
    }

    #[test]
    fn it_prints_while_the_stream_is_open() {
        let mut child = start(&["--clusters", "2", "--every", "3", "--batch", "1000"]);
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        };
        stdin.write_all(b"1\n1\n1\n").unwrap();
        let expected = "# 3 rows, 0 skipped: 1 distinct rows so far cannot form 2 clusters";
        assert!(line().starts_with(expected));
        stdin.write_all(b"1\n5\n5\n").unwrap();
        assert_eq!(line(), "# 6 rows, 0 skipped\n");
        let mut centroids = [line(), line()].map(|line| line[4..].replace(' ', ""));
        centroids.sort();
        assert_eq!(centroids, ["2,5\n", "4,1\n"]);
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert_eq!(line(), "");
    }

    #[test]
    fn bad_rows_are_told_by_their_line() {
        let input =
            "x,y\r\n1,2\r\n\r\n3,four\r\n5\r\n \n\n\"7\", 8\nNaN,1\n1,inf\n1e300,1\n\"9,1\n3,4";
        let told = [
            "line 4 is skipped: \"four\" is no number",
            "line 5 is skipped: the number of fields is 1, the first row has 2",
            "line 9 is skipped: \"NaN\" is not finite",
            "line 10 is skipped: \"inf\" is not finite",
            "line 11 is skipped: \"1e300\" is too large",
            "line 12 is skipped: \"\\\"9\" is no number",
        ];
        let output = run(&["--clusters", "3", "--header"], input);
        let blocks = blocks(&printed(&output));
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].0, "3 rows, 6 skipped");
        let mut rows: Vec<_> = blocks[0].1.iter().map(|line| line[2..].to_vec()).collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(rows, [[1.0, 2.0], [3.0, 4.0], [7.0, 8.0]]);
        assert_eq!(text(&output.stderr).lines().collect::<Vec<_>>(), told);

        let output = run(
            &["--clusters", "3", "--header", "--bad-rows", "fail"],
            input,
        );
        assert_eq!(one_line(&output), "line 4: \"four\" is no number");
        assert!(output.stdout.is_empty());
        let output = run(&["--clusters", "3", "--bad-rows", "fail"], input);
        assert_eq!(one_line(&output), "line 1: \"x\" is no number");
    }

    #[test]
    fn columns_and_delimiters_are_a_matter_of_choice() {
        let input = "a\t1\tb\t2\nc\t5\td\t6\n1\t2\n";
        let output = run(
            &["--clusters", "2", "--delimiter", "\\t", "--columns", "3,1"],
            input,
        );
        let blocks = blocks(&printed(&output));
        let mut rows: Vec<_> = blocks[0].1.iter().map(|line| line[2..].to_vec()).collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(rows, [[2.0, 1.0], [6.0, 5.0]]);
        assert_eq!(
            text(&output.stderr),
            "line 3 is skipped: there is no column 3\n"
        );
        let output = run(&["--delimiter", "ab"], input);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }

    #[test]
    fn too_few_rows_get_one_line() {
        let missing = "2 distinct rows so far cannot form 5 clusters: 3 more are needed";
        assert_eq!(one_line(&run(&[], "1,2\n3,4\n1,2\n")), missing);
        let output = run(&["--bad-rows", "skip"], "1,2\n3,4\nx,y\n");
        let error = text(&output.stderr);
        let lines: Vec<_> = error.lines().collect();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert_eq!(lines[1..], [format!("error: {missing} (bad rows: 1)")]);
        let nothing = "0 distinct rows so far cannot form 5 clusters: 5 more are needed";
        assert_eq!(one_line(&run(&[], "")), nothing);
    }

    #[test]
    fn a_closed_pipe_ends_it_quietly() {
        let mut child = start(&["--clusters", "2", "--every", "2"]);
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        // Until the other end is gone.
        while stdin.write_all(b"1,2\n3,4\n").is_ok() {}
        let output = child.wait_with_output().unwrap();
        assert_eq!((printed(&output), text(&output.stderr)), Default::default());
    }
}

/// The lines of a table that begin with a name: the numbers in them.
fn numbers_of(text: &str, name: &str) -> Vec<f64> {
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("{name}: {text}"));
    let words = line[name.len()..].split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

fn of(name: &str, arguments: &[&str]) -> Output {
    program(name).args(arguments).output().expect(BUILT)
}

mod digits_semi_supervised {
    use super::*;

    #[test]
    fn each_step_gets_more_out_of_the_labels() {
        let arguments = ["--seeds", "2", "--n-init", "3"];
        let text = printed(&of("digits_semi_supervised", &arguments));
        assert!(
            text.starts_with("1797 images, 50 labels, 2 seeds\n"),
            "{text}"
        );
        let steps = [
            ("images at random", 82.9, 74.0),
            ("representative images", 91.6, 86.0),
            ("labels given to whole clusters", 93.1, 88.0),
            ("labels given to the closest", 93.8, 87.0),
        ];
        let mut here = Vec::new();
        for (name, of_text, at_least) in steps {
            let numbers = numbers_of(&text, name);
            assert_eq!((numbers.len(), numbers[0]), (4, of_text), "{text}");
            let (mean, least, largest) = (numbers[1], numbers[2], numbers[3]);
            assert!(
                at_least < mean && least <= mean && mean <= largest,
                "{text}"
            );
            here.push(mean);
        }
        assert!(here[0] < here[1] && here[0] < here[2], "{text}");
        let right = numbers_of(&text, "of the closest 20 %");
        assert!(
            right[0] > numbers_of(&text, "of whole clusters")[0],
            "{text}"
        );
        assert_eq!(printed(&of("digits_semi_supervised", &arguments)), text);
    }

    #[test]
    fn what_cannot_be_done_gets_one_line() {
        let error = |arguments: &[&str]| {
            let arguments = [&["--seeds", "1", "--n-init", "1"], arguments].concat();
            one_line(&of("digits_semi_supervised", &arguments))
        };
        assert_eq!(
            error(&["--percentile", "101"]),
            "a percentile must be in 0 to 100"
        );
        let too_few = "30 points cannot form 50 clusters";
        assert_eq!(error(&["--images", "40"]), too_few);
        let no_folds = "0 rows cannot be cut into 4 folds";
        assert!(error(&["--images", "0"]).starts_with(no_folds));
    }
}

mod digits_preprocessing {
    use super::*;

    #[test]
    fn a_search_finds_a_number_of_clusters() {
        let arguments = [
            "--images", "600", "--seeds", "1", "--coarse", "5,40", "--fine", "4",
        ];
        let text = printed(&of("digits_preprocessing", &arguments));
        assert_eq!(text.matches("\nbest: ").count(), 2, "{text}");
        assert!(text.contains("\nbest: 40\n"), "{text}");
        let found: usize = value_of(&text, "numbers of clusters found: ")
            .parse()
            .unwrap();
        assert!((32..=48).contains(&found), "{text}");
        assert_eq!(numbers_of(&text, "pixels")[0], 96.7);
        let soft = numbers_of(&text, "soft assignments to clusters");
        assert!(soft[0] == 99.1 && soft[1] > 90.0, "{text}");
        assert_eq!(
            numbers_of(&text, "distances to the same centroids").len(),
            3
        );
        assert_eq!(printed(&of("digits_preprocessing", &arguments)), text);
    }

    #[test]
    fn what_cannot_be_done_gets_one_line() {
        let error = |arguments: &[&str]| {
            let arguments = [&["--seeds", "1", "--images", "80"], arguments].concat();
            one_line(&of("digits_preprocessing", &arguments))
        };
        assert_eq!(
            error(&["--coarse", "41"]),
            "40 points cannot form 41 clusters"
        );
        let folds = error(&["--folds", "1", "--coarse", "2"]);
        assert!(
            folds.starts_with("60 rows cannot be cut into 1 folds"),
            "{folds}"
        );
        let gamma = error(&["--gamma", "nan", "--coarse", "2"]);
        assert_eq!(gamma, "gamma must be finite and 0 or greater");
    }
}

mod anomalies {
    use super::*;

    #[test]
    fn malignant_cases_are_unusual_and_benign_ones_are_not() {
        let text = printed(&of("anomalies", &[]));
        let learnt = numbers_of(&text, "benign, learnt from");
        let new = numbers_of(&text, "benign, new");
        let malignant = numbers_of(&text, "malignant");
        assert_eq!((learnt[0], new[0], malignant[0]), (179.0, 178.0, 212.0));
        assert_eq!(learnt[1], 5.0, "{text}");
        assert!(new[1] < 12.0 && malignant[1] > 75.0, "{text}");
    }

    #[test]
    fn a_share_is_one_of_all_rows() {
        let error = one_line(&of("anomalies", &["--share", "2"]));
        assert_eq!(error, "share must be in 0 to 1");
    }
}
