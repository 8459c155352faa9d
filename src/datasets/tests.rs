use ndarray::array;

use super::*;
use crate::Error;

fn counts(labels: &Array1<usize>, n: usize) -> Vec<usize> {
    (0..n)
        .map(|label| labels.iter().filter(|&&other| other == label).count())
        .collect()
}

#[test]
fn blobs_lie_around_their_centres() {
    let centers = array![[0.0_f32, 10.0], [5.0, -3.0], [-20.0, 1.0]];
    let (x, y) = make_blobs(3001, &centers, &[0.5, 1.0, 2.0], 1).unwrap();
    assert_eq!(counts(&y, 3), [1001, 1000, 1000]);
    for (label, std) in [0.5, 1.0, 2.0].into_iter().enumerate() {
        let rows: Vec<usize> = (0..3001).filter(|&row| y[row] == label).collect();
        let cluster = x.select(Axis(0), &rows).mapv(f64::from);
        for j in 0..2 {
            let mean = cluster.column(j).mean().unwrap();
            assert!(
                (mean - f64::from(centers[[label, j]])).abs() < 0.15 * std,
                "{label} {mean}"
            );
            assert!(
                (cluster.column(j).std(1.0) / std - 1.0).abs() < 0.1,
                "{label}"
            );
        }
    }
}

#[test]
fn one_standard_deviation_serves_for_all() {
    let centers = array![[0.0, 10.0], [5.0, -3.0]];
    let (x, y) = make_blobs(50, &centers, &[0.0], 1).unwrap();
    assert!(
        x.rows()
            .into_iter()
            .zip(&y)
            .all(|(row, &label)| row == centers.row(label))
    );
    assert_eq!(
        make_blobs(50, &centers, &[2.0], 1),
        make_blobs(50, &centers, &[2.0, 2.0], 1)
    );
}

fn array<const N: usize>(rows: [[f64; 2]; N]) -> Array2<f64> {
    Array2::from(rows.to_vec())
}

#[test]
fn the_rows_are_shuffled() {
    let (_, y) = make_blobs(100, &array![[0.0], [1.0]], &[1.0], 0).unwrap();
    assert!(
        counts(&y.slice(ndarray::s![..50]).to_owned(), 2)
            .iter()
            .all(|&count| count > 10)
    );
}

#[test]
fn moons_lie_on_two_half_circles() {
    let (x, y) = make_moons::<f64>(101, 0.0, 3).unwrap();
    assert_eq!(counts(&y, 2), [50, 51]);
    for (row, &label) in x.rows().into_iter().zip(&y) {
        let (a, b) = (row[0] - label as f64, row[1] - 0.5 * label as f64);
        assert!((a.hypot(b) - 1.0).abs() < 1e-12);
        assert!(if label == 0 { b >= -1e-12 } else { b <= 1e-12 });
    }
}

#[test]
fn circles_have_their_radii() {
    let (x, y) = make_circles::<f32>(101, 0.0, 0.3, 3).unwrap();
    assert_eq!(counts(&y, 2), [50, 51]);
    for (row, &label) in x.rows().into_iter().zip(&y) {
        assert!((row[0].hypot(row[1]) - [1.0, 0.3][label]).abs() < 1e-6);
    }
}

#[test]
fn the_curves_are_evenly_spaced() {
    // The angles on curve `label` around (x, y), in order.
    let angles = |data: (Array2<f64>, Array1<usize>), label, x: f64, y: f64| {
        let rows = data.0.rows().into_iter().zip(&data.1);
        let mut angles: Vec<f64> = rows
            .filter(|&(_, &other)| other == label)
            .map(|(row, _)| (row[1] - y).atan2(row[0] - x))
            .collect();
        angles.sort_by(f64::total_cmp);
        angles
    };
    let check = |angles: Vec<f64>, len: usize, step: f64| {
        assert_eq!(angles.len(), len);
        for pair in angles.windows(2) {
            assert!((pair[1] - pair[0] - step).abs() < 1e-12, "{angles:?}");
        }
    };
    let moons = || make_moons(19, 0.0, 3).unwrap();
    check(angles(moons(), 0, 0.0, 0.0), 9, PI / 8.0);
    // Turned by half a turn, so that the ends are not on the cut of the angles.
    let lower = (moons().0.mapv(|v| -v), moons().1);
    check(angles(lower, 1, -1.0, -0.5), 10, PI / 9.0);
    let circles = || make_circles(15, 0.0, 0.5, 3).unwrap();
    check(angles(circles(), 0, 0.0, 0.0), 7, 2.0 * PI / 7.0);
    check(angles(circles(), 1, 0.0, 0.0), 8, 2.0 * PI / 8.0);
}

#[test]
fn noise_has_its_standard_deviation() {
    let (smooth, _) = make_circles::<f64>(4000, 0.0, 0.5, 9).unwrap();
    let (rough, _) = make_circles::<f64>(4000, 0.2, 0.5, 9).unwrap();
    assert!(((rough - smooth).std(1.0) / 0.2 - 1.0).abs() < 0.05);
}

#[test]
fn a_single_sample_is_no_error() {
    assert_eq!(make_moons::<f64>(1, 0.0, 0).unwrap().1, array![1]);
    assert_eq!(make_circles::<f64>(1, 0.0, 0.5, 0).unwrap().1, array![1]);
    assert_eq!(
        make_blobs(1, &array![[1.0], [2.0]], &[0.0], 0).unwrap().0,
        array![[1.0]]
    );
}

#[test]
fn with_fewer_rows_than_centres_the_last_get_none() {
    let (_, y) = make_blobs(2, &array![[1.0], [2.0], [3.0]], &[0.0], 0).unwrap();
    assert_eq!(counts(&y, 3), [1, 1, 0]);
}

#[test]
fn the_largest_values_stay_finite() {
    let largest = f32::MAX_MAGNITUDE;
    let centers = array![[largest], [-largest]];
    let (x, _) = make_blobs(1000, &centers, &[f64::from(largest)], 0).unwrap();
    assert!(x.iter().all(|v| v.is_finite()));
    let (x, _) = make_moons::<f32>(1000, f64::from(largest), 0).unwrap();
    assert!(x.iter().all(|v| v.is_finite()));
}

#[test]
fn values_are_stable() {
    let (x, y) = make_blobs(3, &array![[0.0, 0.0], [10.0, 10.0]], &[1.0], 42).unwrap();
    let (moons, _) = make_moons::<f64>(2, 0.1, 42).unwrap();
    let blobs = [
        [10.773959064819298, 10.249681048401298],
        [-0.9263482659719517, -0.8596276762287873],
        [1.2758318420385422, 0.4256336172407013],
    ];
    assert_eq!((x, y), (array(blobs), array![1, 0, 0]));
    let expected = [
        [0.7816425082312269, 0.07739590648192983],
        [0.024968104840129835, 0.4073651734028048],
    ];
    assert_eq!(moons, array(expected));
    let expected = [
        [-0.6808686848404566, -5.503675411697926],
        [-8.730493355350774, 6.538611220608463],
    ];
    assert_eq!(uniform_centers::<f64>(2, 2, 42).unwrap(), array(expected));
    let (circles, _) = make_circles::<f32>(2, 0.1, 0.5, 42).unwrap();
    let expected = array![[0.7816425_f32, 0.07739591], [0.5249681, -0.09263483]];
    assert_eq!(circles, expected);
    assert_eq!(
        make_circles::<f32>(9, 0.1, 0.5, 1),
        make_circles::<f32>(9, 0.1, 0.5, 1)
    );
    assert_ne!(
        make_circles::<f32>(9, 0.1, 0.5, 1),
        make_circles::<f32>(9, 0.1, 0.5, 2)
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let text = |error: Error| error.to_string();
    let centers = array![[0.0, 1.0], [2.0, 3.0]];
    let blobs = |n, std: &[f64]| text(make_blobs(n, &centers, std, 0).unwrap_err());
    assert_eq!(blobs(0, &[1.0]), "n_samples must be at least 1");
    assert_eq!(
        blobs(9, &[1.0, 1.0, 1.0]),
        "cluster_std: expected 2 entries, found 3"
    );
    assert_eq!(blobs(9, &[]), "cluster_std: expected 2 entries, found 0");
    for std in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            blobs(9, &[std]),
            "cluster_std must be finite and 0 or greater"
        );
        let moons = make_moons::<f64>(9, std, 0).unwrap_err();
        assert_eq!(text(moons), "noise must be finite and 0 or greater");
        let circles = make_circles::<f64>(9, 0.0, std, 0).unwrap_err();
        assert_eq!(text(circles), "factor must be 0 or greater and less than 1");
    }
    let nowhere = make_blobs(9, &array![[0.0, f64::NAN]], &[1.0], 0).unwrap_err();
    assert_eq!(
        nowhere,
        Error::NotFinite {
            argument: "centers",
            row: 0,
            column: 1
        }
    );
    // Infinite in f32, not in f64.
    let wide = make_moons::<f32>(9, 1e60, 0).unwrap_err();
    assert_eq!(text(wide), "noise must be at most Float::MAX_MAGNITUDE");
    assert!(make_moons::<f64>(9, 1e60, 0).is_ok());
    let wide = make_blobs(9, &array![[0.0_f32]], &[1e60], 0).unwrap_err();
    let expected = "cluster_std must be at most Float::MAX_MAGNITUDE";
    assert_eq!(text(wide), expected);
    let none = make_blobs(9, &Array2::<f64>::zeros((0, 2)), &[1.0], 0).unwrap_err();
    assert_eq!(
        none,
        Error::EmptyData {
            argument: "centers"
        }
    );
    assert_eq!(
        text(make_moons::<f32>(0, 0.0, 0).unwrap_err()),
        "n_samples must be at least 1"
    );
    let huge = make_moons::<f32>(usize::MAX, 0.0, 0).unwrap_err();
    assert_eq!(
        huge,
        Error::ResultTooLarge {
            rows: usize::MAX,
            columns: 2
        }
    );
    let centers = uniform_centers::<f64>(0, 2, 0).unwrap_err();
    assert_eq!(text(centers), "n_clusters must be at least 1");
    let centers = uniform_centers::<f64>(usize::MAX, 2, 0).unwrap_err();
    assert_eq!(
        centers,
        Error::ResultTooLarge {
            rows: usize::MAX,
            columns: 2
        }
    );
}
