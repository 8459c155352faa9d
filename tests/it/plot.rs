//! Pictures: their coordinates, their colours, and the errors of bad input.
use std::collections::HashSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use centroid::plot::plotters::backend::{BitMapBackend, SVGBackend};
use centroid::plot::plotters::drawing::IntoDrawingArea;
use centroid::plot::{
    self, ClustersOptions, ConvergenceOptions, Curve, CurveOptions, Error, History, Image,
    ImageGridOptions, InterclusterOptions, Palette, SilhouetteOptions, VoronoiOptions,
};
use centroid::selection::{Silhouettes, SweepOptions, sweep};
use centroid::{FitOptions, Init, KMeans};
use ndarray::{Array1, Array2, array};

/// Silhouettes of three clusters of 4, 3 and 5 rows. Label 2 does not occur.
fn three_clusters() -> (Array1<f64>, Array1<usize>) {
    let samples = array![
        0.5, -0.25, 1.0, 0.75, 0.1, 0.2, 0.3, 0.9, 0.8, 0.7, 0.6, 0.5
    ];
    (samples, array![0, 0, 0, 0, 1, 1, 1, 3, 3, 3, 3, 3])
}

/// The corners of each polygon of an SVG.
fn polygons(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let corner = |corner: &str| {
        let (x, y) = corner.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    let polygon = |line: &str| {
        let corners = line.split("points=\"").nth(1).unwrap();
        let corners = corners.split('"').next().unwrap();
        corners.split_whitespace().map(corner).collect()
    };
    let lines = svg.lines().filter(|line| line.starts_with("<polygon"));
    lines.map(polygon).collect()
}

/// The value of an attribute in a line of an SVG.
fn attribute(line: &str, name: &str) -> f64 {
    let value = line.split(&format!(" {name}=\"")).nth(1).unwrap();
    value.split('"').next().unwrap().parse().unwrap()
}

/// The width and height of a picture with 8-bit colours, and its pixels.
fn pixels_of(path: &Path) -> ((u32, u32), Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(File::open(path).unwrap())
        .read_info()
        .unwrap();
    let mut bytes = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::Rgb, png::BitDepth::Eight)
    );
    let (pixels, _) = bytes[..info.buffer_size()].as_chunks::<3>();
    ((info.width, info.height), pixels.to_vec())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Draws an SVG into a string, on a drawing area of the test.
fn svg_of(size: (u32, u32), draw: impl FnOnce(Area<'_, '_>) -> plot::Result<()>) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&area).unwrap();
        area.present().unwrap();
    }
    svg
}

type Area<'a, 'b> =
    &'a plot::plotters::drawing::DrawingArea<SVGBackend<'b>, plot::plotters::coord::Shift>;

#[test]
fn bars_have_the_length_of_silhouettes_and_clusters_the_height_of_sizes() {
    let (samples, labels) = three_clusters();
    let draw = |area: Area<'_, '_>| {
        plot::silhouette_diagram(area, &samples, &labels, SilhouetteOptions::new())
    };
    let svg = svg_of((700, 500), draw);
    let polygons = polygons(&svg);
    assert_eq!(polygons.len(), 3);
    let zero = polygons[0][0].0;
    let furthest = polygons[0]
        .iter()
        .map(|corner| corner.0)
        .fold(0.0, f64::max);
    let unit = furthest - zero;
    assert!(unit > 300.0, "{unit}");
    let (mut heights, mut bottoms) = (Vec::new(), Vec::new());
    for (label, polygon) in [0, 1, 3].into_iter().zip(&polygons) {
        let of_label = samples.iter().zip(&labels).filter(|(_, l)| **l == label);
        let mut expected: Vec<f64> = of_label.map(|(sample, _)| *sample).collect();
        expected.sort_by(f64::total_cmp);
        // The first and the last corner are on the axis. In between, each bar has two corners, from the bottom.
        let bars: Vec<_> = polygon[1..polygon.len() - 1].chunks(2).collect();
        assert_eq!(bars.len(), expected.len());
        for (bar, sample) in bars.iter().zip(&expected) {
            assert_eq!(bar[0].0, bar[1].0);
            assert!(
                (bar[0].0 - zero - sample * unit).abs() <= 1.0,
                "{bar:?} {sample}"
            );
        }
        let (bottom, top) = (polygon[0].1, polygon[polygon.len() - 1].1);
        heights.push((bottom - top) / expected.len() as f64);
        bottoms.push((bottom, top));
    }
    assert!(
        heights
            .iter()
            .all(|height| (height - heights[0]).abs() < 1.0),
        "{heights:?}"
    );
    // Cluster 0 is at the bottom, and there are gaps between the clusters.
    assert!(
        bottoms.windows(2).all(|pair| pair[1].0 < pair[0].1),
        "{bottoms:?}"
    );

    // The dashed line is at the mean, and is red.
    let dashes: Vec<_> = svg
        .lines()
        .filter(|line| line.contains("#C01C28"))
        .collect();
    assert!(dashes.len() > 10);
    let mean = samples.mean().unwrap();
    assert!(svg.contains(&format!("k = 3, mean {mean:.3} (dashed)")));
    for dash in dashes {
        let points = dash.split("points=\"").nth(1).unwrap();
        let x: f64 = points.split(',').next().unwrap().parse().unwrap();
        assert!((x - zero - mean * unit).abs() <= 1.0, "{dash}");
    }
}

#[test]
fn diagrams_of_several_clusterings_share_an_axis() {
    let (samples, labels) = three_clusters();
    let lower = &samples - 0.5;
    let diagrams = [
        (samples.view(), labels.view()),
        (lower.view(), labels.view()),
    ];
    let svg = svg_of((900, 400), |area| {
        plot::silhouette_diagrams(area, &diagrams, SilhouetteOptions::new().columns(Some(2)))
    });
    let polygons = polygons(&svg);
    assert_eq!(polygons.len(), 6);
    let length = |polygon: &[(f64, f64)], bar: usize| polygon[2 * bar + 1].0 - polygon[0].0;
    // The longest bar of cluster 0 is 1.0 in the left diagram and 0.5 in the right one.
    let (left, right) = (length(&polygons[0], 3), length(&polygons[3], 3));
    assert!((left - 2.0 * right).abs() <= 2.0, "{left} {right}");
}

/// Compares with the stored picture, which `CENTROID_UPDATE_PICTURES=1 cargo test` rewrites.
fn compare_with_stored(name: &str, svg: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    if std::env::var_os("CENTROID_UPDATE_PICTURES").is_some() {
        std::fs::write(&path, svg).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    for (number, (found, expected)) in svg.lines().zip(stored.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of {name}", number + 1);
    }
    assert_eq!(svg.lines().count(), stored.lines().count());
}

#[test]
fn small_pictures_equal_the_stored_ones() {
    let x = array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [8.0, 8.0], [9.0, 8.0]];
    let (labels, centroids) = (
        array![0, 0, 0, 1, 1],
        array![[1.0 / 3.0, 1.0 / 3.0], [8.5, 8.0]],
    );
    let (samples, of_samples) = three_clusters();
    let folder = folder();
    let path = folder.path().join("page.svg");
    plot::save(&path, (800, 600), |page| {
        let parts = page.split_evenly((2, 2));
        let options = ClustersOptions::new().title("Two clusters");
        plot::clusters(&parts[0], &x, &labels, Some(&centroids), options)?;
        plot::silhouette_diagram(&parts[1], &samples, &of_samples, SilhouetteOptions::new())?;
        let curve = Curve::new([(1.0, 9.0), (2.0, 3.0), (3.0, 2.5)]).marked(2.0, "elbow at k = 2");
        plot::scores(&parts[2], &curve, CurveOptions::new())?;
        plot::intercluster(
            &parts[3],
            &centroids,
            &array![3, 2],
            InterclusterOptions::new(),
        )
    })
    .unwrap();
    compare_with_stored("pictures.svg", &std::fs::read_to_string(path).unwrap());
    assert_eq!(files(folder.path()), ["page.svg"]);
}

#[test]
fn a_png_has_the_expected_size_and_colours() {
    let x = array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [8.0, 8.0], [9.0, 8.0]];
    let (labels, centroids) = (array![0, 0, 0, 1, 1], array![[0.0, 0.0], [9.0, 9.0]]);
    let folder = folder();
    let path = folder.path().join("Regions.PNG");
    let options = VoronoiOptions::new().size(320, 240).title("Regions");
    plot::voronoi(&path, &x, &labels, &centroids, options).unwrap();
    let (dimensions, pixels) = pixels_of(&path);
    assert_eq!(dimensions, (320, 240));
    let colours: HashSet<[u8; 3]> = pixels.iter().copied().collect();
    // The two clusters, their regions, the border, the white background and black lines.
    let expected = [
        [0x00, 0x72, 0xb2],
        [0xe6, 0x9f, 0x00],
        [0xb3, 0xd5, 0xe8],
        [0xf8, 0xe3, 0xb3],
        [110, 110, 110],
        [255; 3],
        [0; 3],
    ];
    for colour in expected {
        assert!(colours.contains(&colour), "{colour:?}");
    }
    let count = |colour| pixels.iter().filter(|&&pixel| pixel == colour).count();
    let (one, other) = (count([0xb3, 0xd5, 0xe8]), count([0xf8, 0xe3, 0xb3]));
    // The border runs across the middle.
    assert!(one.abs_diff(other) < (one + other) / 5, "{one} {other}");
    // Text is drawn even if the system has no fonts.
    let title = &pixels[..320 * 20];
    assert!(title.iter().filter(|pixel| pixel[0] < 100).count() > 40);
}

#[test]
fn many_points_become_an_image_in_a_small_file() {
    let x = Array2::from_shape_fn((200_000, 2), |(row, column)| {
        ((row * [7919, 104_729][column]) % 99_991) as f64
    });
    let labels = Array1::from_shape_fn(200_000, |row| row % 20);
    let folder = folder();
    let path = folder.path().join("many.svg");
    plot::clusters(&path, &x, &labels, None, ClustersOptions::new()).unwrap();
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(svg.len() < 2_000_000, "{}", svg.len());
    assert_eq!(svg.matches("href=\"data:image/png;base64,").count(), 1);
    assert_eq!(svg.matches("<circle").count(), 0);
    // A few points are drawn as circles.
    let (few, labels) = (
        x.slice(ndarray::s![..100, ..]),
        labels.slice(ndarray::s![..100]),
    );
    let draw =
        |area: Area<'_, '_>| plot::clusters(area, &few, &labels, None, ClustersOptions::new());
    let svg = svg_of((400, 300), draw);
    let is_disc = |line: &&str| line.starts_with("<circle") && line.contains("stroke=\"none\"");
    assert_eq!(svg.lines().filter(is_disc).count(), 100);
    // The bars of many silhouettes are quantiles.
    let labels = Array1::from_shape_fn(200_000, |row| usize::from(row >= 50_000));
    let samples = x.column(0).mapv(|value| value / 99_991.0);
    let options = SilhouetteOptions::new();
    let svg = svg_of((800, 600), |area| {
        plot::silhouette_diagram(area, &samples, &labels, options)
    });
    assert!(svg.len() < 2_000_000, "{}", svg.len());
    let polygons = polygons(&svg);
    let height = |polygon: &[(f64, f64)]| polygon[0].1 - polygon[polygon.len() - 1].1;
    let ratio = height(&polygons[1]) / height(&polygons[0]);
    assert!((ratio - 3.0).abs() < 0.1, "{ratio}");
}

#[test]
fn text_of_any_length_is_cut_to_fit() {
    let x = array![[0.0, 10.0], [4.0, 30.0]];
    for title in [
        "i".repeat(3_000_000),
        " ".repeat(9_000),
        "\u{0}".repeat(9_000),
    ] {
        let svg = svg_of((600, 400), |area| {
            let options = ClustersOptions::new().title(&title);
            plot::clusters(area, &x, &array![0, 1], None, options)
        });
        assert!(
            svg.len() < 5_000 && svg.contains('\u{2026}'),
            "{}",
            svg.len()
        );
    }
}

#[test]
fn dots_are_at_the_positions_of_their_rows() {
    let x = array![[0.0, 10.0], [4.0, 30.0], [1.0, 20.0]];
    let svg = svg_of((600, 400), |area| {
        plot::clusters(area, &x, &array![0, 1, 1], None, ClustersOptions::new())
    });
    let circles = svg.lines().filter(|line| line.starts_with("<circle"));
    let places: Vec<_> = circles
        .map(|line| (attribute(line, "cx"), attribute(line, "cy")))
        .collect();
    assert_eq!(places.len(), 3);
    let part = |a: f64, b: f64, c: f64| (c - a) / (b - a);
    assert!(
        (part(places[0].0, places[1].0, places[2].0) - 0.25).abs() < 0.01,
        "{places:?}"
    );
    assert!(
        (part(places[0].1, places[1].1, places[2].1) - 0.5).abs() < 0.01,
        "{places:?}"
    );
    assert!(
        places[0].0 < places[1].0 && places[0].1 > places[1].1,
        "{places:?}"
    );
}

#[test]
fn circles_have_areas_by_size_and_keep_the_distances() {
    // A triangle with sides of 30, 40 and 50 in three dimensions.
    let centroids = array![[0.0, 0.0, 7.0], [30.0, 0.0, 7.0], [0.0, 40.0, 7.0]];
    let svg = svg_of((900, 700), |area| {
        plot::intercluster(
            area,
            &centroids,
            &array![400, 100, 25],
            InterclusterOptions::new(),
        )
    });
    let discs = svg
        .lines()
        .filter(|line| line.starts_with("<circle") && line.contains("opacity=\"0.5\""));
    let discs: Vec<_> = discs
        .map(|line| ["cx", "cy", "r"].map(|name| attribute(line, name)))
        .collect();
    // Circles are drawn in the order of their sizes, which is also the order of the labels here.
    let radii: Vec<_> = discs.iter().map(|disc| disc[2]).collect();
    assert!(
        (radii[0] - 2.0 * radii[1]).abs() <= 1.0 && (radii[0] - 4.0 * radii[2]).abs() <= 2.0,
        "{radii:?}"
    );
    let distance =
        |a: usize, b: usize| (discs[a][0] - discs[b][0]).hypot(discs[a][1] - discs[b][1]);
    let (short, long, longest) = (distance(0, 1), distance(0, 2), distance(1, 2));
    assert!((short / long - 0.75).abs() < 0.02 && (longest / long - 1.25).abs() < 0.02);
    assert!(svg.contains("principal direction 1 (") && svg.contains("at most 400"));
}

#[test]
fn elbow_and_best_silhouette_are_marked() {
    let x = array![[0.0], [1.0], [20.0], [21.0], [40.0], [41.0], [60.0], [61.0]];
    let found = sweep(&KMeans::new(2), &x, 1..=7, SweepOptions::new()).unwrap();
    let (elbow, best) = (found.elbow().unwrap(), found.best_silhouette().unwrap());
    let draw = |area: Area<'_, '_>| plot::elbow(area, &found, CurveOptions::new());
    let svg = svg_of((700, 400), draw);
    assert!(svg.contains(&format!("elbow at k = {elbow}")) && svg.contains("time of the fit"));
    let circles = svg.lines().filter(|line| line.starts_with("<circle"));
    let places: Vec<_> = circles.map(|line| attribute(line, "cx")).collect();
    assert_eq!(places.len(), 7);
    // The dashed line is at the elbow.
    let dash = svg
        .lines()
        .find(|line| line.starts_with("<polyline") && line.contains("#C01C28"));
    let dash = dash.unwrap().split("points=\"").nth(1).unwrap();
    let at: f64 = dash.split(',').next().unwrap().parse().unwrap();
    assert!((at - places[elbow - 1]).abs() <= 1.0, "{at} {places:?}");
    let draw = |area: Area<'_, '_>| plot::elbow(area, &found, CurveOptions::new().fit_times(false));
    assert!(!svg_of((700, 400), draw).contains("time of the fit"));
    let draw = |area: Area<'_, '_>| plot::silhouette_scores(area, &found, CurveOptions::new());
    let svg = svg_of((700, 400), draw);
    assert!(svg.contains(&format!("best at k = {best}")) && svg.contains("mean silhouette"));
    // One cluster has no silhouette.
    assert_eq!(svg.matches("<circle").count(), 6);

    let options = SweepOptions::new().silhouettes(Silhouettes::Skipped);
    let skipped = sweep(&KMeans::new(2), &x, 1..=3, options).unwrap();
    let error = plot::silhouette_scores("a.svg", &skipped, CurveOptions::new()).unwrap_err();
    assert_eq!(error.to_string(), "there are no scores to draw");
}

#[test]
fn a_history_has_a_line_for_each_restart() {
    let x = array![[0.0], [1.0], [4.0], [9.0], [16.0], [17.0]];
    let mut history = History::new();
    let mut observer = |iteration: &_| history.record(iteration);
    let options = FitOptions::new().observer(&mut observer);
    let kmeans = KMeans::new(3).init(Init::Random).n_init(4);
    let model = kmeans.fit_with(&x, options).unwrap();
    assert_eq!(history.restarts().len(), 4);
    let lengths = history.restarts().iter().map(Vec::len);
    assert!(lengths.clone().any(|n| n == model.n_iter()) && lengths.min().unwrap() > 0);
    let svg = svg_of((700, 400), |area| {
        let groups = [("Random", history.restarts())];
        plot::convergence(area, &groups, ConvergenceOptions::new())
    });
    assert!(svg.contains("Random"));
    // Each line ends with a dot, and later iterations are further to the right.
    let ends = svg.lines().filter(|line| line.starts_with("<circle"));
    let ends: Vec<_> = ends
        .map(|line| (attribute(line, "cx"), attribute(line, "cy")))
        .collect();
    assert_eq!(ends.len(), 4);
    for (restart, end) in history.restarts().iter().zip(&ends) {
        for (other, other_end) in history.restarts().iter().zip(&ends) {
            assert_eq!(restart.len() < other.len(), end.0 < other_end.0);
            assert!(restart.last() >= other.last() || end.1 >= other_end.1);
        }
    }
}

#[test]
fn images_are_enlarged_and_reduced() {
    let small = Image::grey(&array![[0.0_f32, 16.0], [16.0, 8.0]], 16.0, 0.0).unwrap();
    let large = Image::rgb(400, 200, [[255, 0, 0], [0, 0, 255]].concat().repeat(40_000)).unwrap();
    let mut pixels = vec![0; 3 * 200 * 100];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (200, 100)).into_drawing_area();
        plot::image_grid(
            &area,
            &[small, large.caption("two")],
            ImageGridOptions::new(),
        )
        .unwrap();
        area.present().unwrap();
    }
    let count = |colour: [u8; 3]| pixels.chunks(3).filter(|pixel| *pixel == colour).count();
    // 100 - 12 - 24 pixels leave 32 for each image pixel. A value in the middle of the range is grey.
    assert_eq!(count([128; 3]), 32 * 32);
    // 88 x 44 pixels, each the mean of some red and some blue pixels.
    let purple = pixels
        .chunks(3)
        .filter(|pixel| pixel[1] == 0 && pixel[0] > 90 && pixel[2] > 90);
    assert_eq!(purple.count(), 88 * 44);
}

#[test]
fn bad_input_gives_an_error_and_no_file() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("taken.svg")).unwrap();
    std::fs::write(at("old.svg"), "old").unwrap();
    let x = array![[0.0, 1.0], [2.0, 3.0]];
    let (labels, short) = (array![0, 1], array![0]);
    let draw = |path: PathBuf, x: &Array2<f64>, labels: &Array1<usize>| {
        plot::clusters(path, x, labels, None, ClustersOptions::new()).unwrap_err()
    };
    let good = || at("a.svg");
    let error = draw(at("a.jpg"), &x, &labels);
    assert_eq!(error, Error::UnknownEnding { path: at("a.jpg") });
    let expected = format!(
        "the ending of {} is neither .svg nor .png",
        at("a.jpg").display()
    );
    assert_eq!(error.to_string(), expected);
    let error = draw(at("none/a.svg"), &x, &labels);
    assert!(
        matches!(
            error,
            Error::NotWritten {
                kind: ErrorKind::NotFound,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    let error = draw(at("taken.svg"), &x, &labels);
    assert!(
        matches!(
            error,
            Error::NotWritten {
                kind: ErrorKind::IsADirectory,
                ..
            }
        ),
        "{error:?}"
    );
    let error = draw(at("old.svg"), &x, &short);
    assert_eq!(error.to_string(), "1 labels do not fit 2 points");
    let error = draw(good(), &array![[0.0, f64::NAN], [1.0, 1.0]], &labels);
    assert_eq!(
        error,
        Error::Data(centroid::Error::NotFinite {
            argument: "x",
            row: 0,
            column: 1
        })
    );
    let error = draw(good(), &array![[0.0, 0.0], [1e251, 1.0]], &labels);
    assert_eq!(
        error,
        Error::Data(centroid::Error::TooLarge {
            argument: "x",
            row: 1,
            column: 0
        })
    );
    let error = draw(good(), &Array2::zeros((0, 2)), &array![]);
    assert_eq!(error.to_string(), "there are no rows to draw");

    let centroids = array![[0.0, 1.0, 2.0]];
    let options = ClustersOptions::new();
    let error = plot::clusters(good(), &x, &labels, Some(&centroids), options).unwrap_err();
    let mismatch = centroid::Error::DimensionMismatch {
        argument: "centroids",
        expected: 2,
        found: 3,
    };
    assert_eq!(error, Error::Data(mismatch));
    let far = array![[0.0, 0.0], [0.0, -1e90]];
    let error = plot::voronoi(good(), &far, &labels, &x, VoronoiOptions::new()).unwrap_err();
    assert_eq!(
        error,
        Error::Data(centroid::Error::TooLarge {
            argument: "x",
            row: 1,
            column: 1
        })
    );
    let error = plot::voronoi(good(), &array![[1.0]], &short, &x, VoronoiOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "x: expected 2 columns, found 1"
    );
    for size in [(0, 0), (100, 600), (800, 20_000)] {
        let options = ClustersOptions::new().size(size.0, size.1);
        let error = plot::clusters(good(), &x, &labels, None, options).unwrap_err();
        assert!(matches!(error, Error::Size { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("at least 240 x 200 are needed, and at most 16384")
        );
    }
    let samples = array![0.5, 2.0];
    let error = plot::silhouette_diagram(good(), &samples, &labels, SilhouetteOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "silhouette 1 is not finite, or too large to be drawn"
    );
    let error = plot::silhouette_diagram(good(), &samples, &short, SilhouetteOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "1 labels do not fit 2 silhouettes"
    );
    let none: [(ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, usize>); 0] = [];
    let error = plot::silhouette_diagrams(good(), &none, SilhouetteOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "there are no silhouettes to draw"
    );
    let error = plot::intercluster(good(), &x, &short, InterclusterOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "1 sizes do not fit 2 centroids"
    );
    let curve = Curve::new([(1.0, 2.0), (2.0, f64::NAN)]);
    let error = plot::scores(good(), &curve, CurveOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "score 1 is not finite, or too large to be drawn"
    );
    let curve = Curve::new([(1.0, 2.0)]).errors([1.0, 2.0]);
    let error = plot::scores(good(), &curve, CurveOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "2 errors do not fit 1 scores"
    );
    let error = plot::convergence(good(), &[("none", &[])], ConvergenceOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "there are no inertias to draw"
    );
    let lines = [vec![1.0], vec![2.0, f64::INFINITY]];
    let error = plot::convergence(good(), &[("a", &lines)], ConvergenceOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "inertia 2 is not finite, or too large to be drawn"
    );
    let error = plot::image_grid(good(), &[], ImageGridOptions::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "there are no images to draw"
    );
    let error = Image::rgb(2, 2, vec![0; 11]).unwrap_err();
    assert_eq!(error.to_string(), "11 bytes do not fit 12 channels");
    assert!(Image::rgb(usize::MAX, 2, vec![]).is_err());
    assert!(Image::grey(&x, 1.0, 1.0).is_err());
    let failed = plot::save(at("half.svg"), (300, 200), |page| {
        plot::clusters(page, &x, &labels, None, ClustersOptions::new())?;
        plot::clusters(page, &x, &short, None, ClustersOptions::new())
    });
    assert!(matches!(failed, Err(Error::DoesNotFit { .. })));

    assert_eq!(files(folder.path()), ["old.svg", "taken.svg"]);
    assert_eq!(std::fs::read_to_string(at("old.svg")).unwrap(), "old");
}

#[test]
fn unusual_data_is_drawn_at_the_smallest_size() {
    let folder = folder();
    let rows = [
        array![[3.0, 4.0]],
        array![[1e16, 0.0], [1e16 + 2.0, 5e-324]],
        array![[1e250, -1e250], [-1e250, 1e250]],
        array![[1e-300, 2e-300], [3e-300, 1e-300]],
        Array2::zeros((3, 2)),
        Array2::from_shape_fn((7000, 2), |(row, column)| (row * (column + 1) % 83) as f64),
        array![[1.0], [2.0]],
        array![[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
    ];
    for (index, x) in rows.iter().enumerate() {
        let labels = Array1::from_shape_fn(x.nrows(), |row| row * (usize::MAX / 7000));
        let samples = Array1::from_elem(x.nrows(), -1.0_f32);
        let sizes = Array1::zeros(x.nrows());
        for ending in ["svg", "png"] {
            let path = |name| folder.path().join(format!("{name}{index}.{ending}"));
            let options = ClustersOptions::new()
                .size(240, 200)
                .title("a title that is longer than the picture is wide,\n\u{1}and odd");
            plot::clusters(path("clusters"), x, &labels, Some(x), options).unwrap();
            let options = InterclusterOptions::new()
                .size(320, 280)
                .palette(Palette::custom([[0; 3]]));
            plot::intercluster(path("map"), x, &sizes, options).unwrap();
            let options = SilhouetteOptions::new().size(240, 160);
            plot::silhouette_diagram(path("diagram"), &samples, &labels, options).unwrap();
            if x.ncols() == 2 && x.iter().all(|value| value.abs() < 1e89) {
                let options = VoronoiOptions::new().size(240, 200);
                plot::voronoi(path("regions"), x, &labels, x, options).unwrap();
            }
            let curve = Curve::new(x.rows().into_iter().map(|row| (row[0], row[x.ncols() - 1])));
            let curve = curve
                .marked(x[[0, 0]], "marked")
                .times(vec![Default::default(); x.nrows()]);
            plot::scores(path("scores"), &curve, CurveOptions::new().size(260, 180)).unwrap();
            let lines = [x.iter().copied().collect::<Vec<_>>()];
            let options = ConvergenceOptions::new().size(260, 180);
            plot::convergence(path("lines"), &[("", &lines)], options).unwrap();
        }
    }
}
