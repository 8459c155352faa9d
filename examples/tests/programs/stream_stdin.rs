//! Runs the example `stream_stdin` as a program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};

use centroid::datasets::make_blobs;
use ndarray::array;

use crate::common::{BUILT, one_line, printed, program, text};

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
        // A run that ends early does not read all of its input.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The blocks of the output. Each has the line with the number of rows and, for each centroid, its label,
/// the number of rows that moved it, and its coordinates.
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
fn blobs_are_found_and_printed_at_intervals() {
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
    // Nothing is printed at the end if the centroids were just printed after the last row.
    let output = run(&["--clusters", "3", "--every", "2500"], &input);
    assert_eq!(text(&output.stdout).matches('#').count(), 1);
}

#[test]
fn centroids_are_printed_while_the_stream_is_open() {
    let mut child = start(&["--clusters", "2", "--every", "3", "--batch", "1000"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line
    };
    stdin.write_all(b"1\n1\n1\n").unwrap();
    let expected =
        "# 3 rows, 0 skipped: n_clusters is 2, but there were only 1 distinct rows so far";
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
fn bad_rows_are_reported_with_their_line_numbers() {
    let input = "x,y\r\n1,2\r\n\r\n3,four\r\n5\r\n \n\n\"7\", 8\nNaN,1\n1,inf\n1e300,1\n\"9,1\n3,4";
    let expected = [
        "line 4 is skipped: \"four\" is not a number",
        "line 5 is skipped: the number of fields is 1, the first row has 2",
        "line 9 is skipped: \"NaN\" is not finite",
        "line 10 is skipped: \"inf\" is not finite",
        "line 11 is skipped: \"1e300\" is too large",
        "line 12 is skipped: \"\\\"9\" is not a number",
    ];
    let output = run(&["--clusters", "3", "--header"], input);
    let blocks = blocks(&printed(&output));
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].0, "3 rows, 6 skipped");
    let mut rows: Vec<_> = blocks[0].1.iter().map(|line| line[2..].to_vec()).collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(rows, [[1.0, 2.0], [3.0, 4.0], [7.0, 8.0]]);
    assert_eq!(text(&output.stderr).lines().collect::<Vec<_>>(), expected);

    let output = run(
        &["--clusters", "3", "--header", "--bad-rows", "fail"],
        input,
    );
    assert_eq!(one_line(&output), "line 4: \"four\" is not a number");
    assert!(output.stdout.is_empty());
    let output = run(&["--clusters", "3", "--bad-rows", "fail"], input);
    assert_eq!(one_line(&output), "line 1: \"x\" is not a number");
}

#[test]
fn columns_and_delimiters_can_be_chosen() {
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
    let missing = "n_clusters is 5, but there were only 2 distinct rows so far";
    assert_eq!(one_line(&run(&[], "1,2\n3,4\n1,2\n")), missing);
    let output = run(&["--bad-rows", "skip"], "1,2\n3,4\nx,y\n");
    let error = text(&output.stderr);
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(lines[1..], [format!("error: {missing} (bad rows: 1)")]);
    let nothing = "n_clusters is 5, but there were only 0 distinct rows so far";
    assert_eq!(one_line(&run(&[], "")), nothing);
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let mut child = start(&["--clusters", "2", "--every", "2"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // Writes until the other end is closed.
    while stdin.write_all(b"1,2\n3,4\n").is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!((printed(&output), text(&output.stderr)), Default::default());
}
