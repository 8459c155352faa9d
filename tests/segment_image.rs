//! The example `segment_image`, run as a person would.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{Rgb, RgbImage};

/// The example beside this test: cargo builds both for `cargo test`.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples");
    folder.join(format!("segment_image{}", std::env::consts::EXE_SUFFIX))
}

fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

/// 24 x 10 pixels of four colours with some noise.
fn photo(folder: &Path) -> PathBuf {
    let path = folder.join("photo.png");
    let picture = RgbImage::from_fn(24, 10, |x, y| {
        let noise = ((x * 7 + y * 3) % 5) as u8;
        match x / 6 {
            0 => Rgb([200 + noise, 10, 10]),
            1 => Rgb([10, 200 + noise, 10]),
            2 => Rgb([10, 10, 200 + noise]),
            _ => Rgb([240, 240, 240 + noise]),
        }
    });
    picture.save(&path).unwrap();
    path
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn it_writes_the_pictures_and_prints_the_colours() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (photo(folder.path()), folder.path().join("out/deeper"));
    let arguments = [
        "--input",
        input.to_str().unwrap(),
        "--clusters",
        "4,2",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = run(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = ["photo-contact-sheet.png", "photo-k2.png", "photo-k4.png"];
    assert_eq!(files(&out), expected);
    for n_clusters in [2, 4] {
        let picture = image::open(out.join(format!("photo-k{n_clusters}.png"))).unwrap();
        assert_eq!((picture.width(), picture.height()), (24, 10));
        let colours: HashSet<_> = picture.to_rgb8().pixels().copied().collect();
        assert_eq!(colours.len(), n_clusters);
        for colour in colours {
            let [r, g, b] = colour.0;
            assert!(
                text.contains(&format!("#{r:02x}{g:02x}{b:02x}")),
                "{colour:?} in {text}"
            );
        }
        assert!(
            text.contains(&format!("{n_clusters} clusters: inertia ")),
            "{text}"
        );
    }
    assert!(text.contains(" 25.0%"), "{text}");
    let sheet = image::open(out.join("photo-contact-sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (3 * 32 + 8, 18 + 8));
    assert_eq!(run(&arguments).stdout.len(), text.len());
}

#[test]
fn bad_input_gets_one_line_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (input, out) = (photo(folder.path()).to_str().unwrap().to_owned(), at("out"));
    let bytes = std::fs::read(&input).unwrap();
    std::fs::write(at("empty.png"), []).unwrap();
    std::fs::write(at("text.png"), "this is not a picture").unwrap();
    std::fs::write(at("half.png"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(at("a-file"), "no folder").unwrap();
    let (missing, empty) = (at("missing.png"), at("empty.png"));
    let (text, half, file) = (at("text.png"), at("half.png"), at("a-file"));
    let cases: [(&[&str], &str); 9] = [
        (&["--input", &missing], "missing.png: "),
        (&["--input", &empty], "empty.png: the file is empty"),
        (&["--input", &text], "text.png: "),
        (&["--input", &half], "half.png: "),
        (
            &["--input", folder.path().to_str().unwrap()],
            "cannot read ",
        ),
        (
            &["--input", &input, "--clusters", "2,241"],
            "241 clusters are more than the 240 pixels",
        ),
        (
            &["--input", &input, "--clusters", "3,0"],
            "must be at least 1",
        ),
        (
            &["--input", &input, "--n-init", "0"],
            "n_init must be at least 1",
        ),
        (&["--input", &input, "--out", &file], "cannot write to "),
    ];
    for (arguments, expected) in cases {
        let mut arguments = arguments.to_vec();
        if !arguments.contains(&"--out") {
            arguments.extend(["--out", &out]);
        }
        let output = run(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(expected),
            "{arguments:?}: {error}"
        );
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        assert!(files(Path::new(&out)).is_empty(), "{arguments:?}");
    }
}
