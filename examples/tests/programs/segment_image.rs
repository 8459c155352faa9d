//! Runs the example `segment_image` as a program.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use image::{Rgb, RgbImage, Rgba, RgbaImage};

use crate::common::{files, of};

fn run(arguments: &[&str]) -> Output {
    of("segment_image", arguments)
}

/// A photograph of 24 x 10 pixels, with four colours and some noise.
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

#[test]
fn pictures_are_written_and_colours_printed() {
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
    let drawn = [
        "photo-segmented.png",
        "photo-segments.png",
        "photo-silhouettes.svg",
    ];
    let drawn = if cfg!(feature = "plot") {
        &drawn[..]
    } else {
        &[]
    };
    let names = files(&out);
    let segments = |name: &String| name.starts_with("photo-segment-");
    let n_segments = names.iter().filter(|name| segments(name)).count();
    assert_eq!(n_segments > 1, cfg!(feature = "plot"), "{names:?}");
    let mut others = names;
    others.retain(|name| !segments(name));
    assert_eq!(others, [&expected, drawn].concat());
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
fn transparent_pixels_stay_unchanged_and_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("photo.png"), folder.path().join("out"));
    let picture = RgbaImage::from_fn(8, 8, |x, y| match (x < 4, y < 4) {
        (true, _) => Rgba([0, 255, 0, 0]),
        (false, true) => Rgba([255, 0, 0, 255]),
        (false, false) => Rgba([0, 0, 255, 255]),
    });
    picture.save(&input).unwrap();
    let (input, folder) = (input.to_str().unwrap(), out.to_str().unwrap());
    let output = run(&["--input", input, "--clusters", "2", "--out", folder]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let segmented = image::open(out.join("photo-k2.png")).unwrap().into_rgba8();
    assert_eq!(segmented, picture);
    assert!(text.contains("#ff0000  50.0%"), "{text}");
    assert!(text.contains("#0000ff  50.0%"), "{text}");
}

#[test]
fn unreadable_numbers_are_usage_errors() {
    let output = run(&["--clusters", "4,x"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("'x'") && error.contains("--clusters"),
        "{error}"
    );
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
    std::fs::write(at("moving.gif"), b"GIF89a\x01\x00\x01\x00\x00\x00\x00;").unwrap();
    image::open(&input).unwrap().save(at("whole.jpg")).unwrap();
    let bytes = std::fs::read(at("whole.jpg")).unwrap();
    std::fs::write(at("half.jpg"), &bytes[..bytes.len() - 20]).unwrap();
    RgbaImage::new(4, 4).save(at("clear.png")).unwrap();
    std::fs::create_dir_all(at("taken/photo-k2.png")).unwrap();
    let (missing, empty) = (at("missing.png"), at("empty.png"));
    let (text, half, file) = (at("text.png"), at("half.png"), at("a-file"));
    let (gif, jpeg, clear, taken) = (
        at("moving.gif"),
        at("half.jpg"),
        at("clear.png"),
        at("taken"),
    );
    let cases: [(&[&str], &str); 14] = [
        (&["--input", &missing], "missing.png: "),
        (&["--input", &empty], "empty.png: the file is empty"),
        (&["--input", &text], "text.png: "),
        (&["--input", &half], "half.png: "),
        (&["--input", &gif], "moving.gif: "),
        (&["--input", &jpeg], "half.jpg: the file ends too early"),
        (&["--input", &clear], "the picture is fully transparent"),
        (
            &["--input", folder.path().to_str().unwrap()],
            "cannot read ",
        ),
        (
            &["--input", &input, "--clusters", "2,241"],
            "241 clusters are more than the 240 visible pixels",
        ),
        (
            &["--input", &input, "--clusters", "3,0"],
            "must be at least 1",
        ),
        (
            &["--input", &input, "--clusters", "2,3,2"],
            "2 clusters are requested twice",
        ),
        (
            &["--input", &input, "--n-init", "0"],
            "n_init must be at least 1",
        ),
        (&["--input", &input, "--out", &file], "cannot write to "),
        (
            &["--input", &input, "--clusters", "3,2", "--out", &taken],
            "photo-k2.png: it is a folder",
        ),
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
    assert_eq!(files(Path::new(&taken)), ["photo-k2.png"]);
}
