use ndarray::{Array1, Array2};

use super::*;
use crate::kernels::sq_dist;

/// Rows of small whole numbers, so that many are equal.
fn rows(n: usize, d: usize) -> Array2<f32> {
    Array2::from_shape_fn((n, d), |(i, j)| (i * (7 + 4 * j) % (11 + j)) as f32)
}

fn tree(points: &Points<'_, f32>, merge_equal: bool) -> KdTree<f32> {
    let options = KdTreeOptions {
        leaf_size: 16,
        merge_equal,
    };
    KdTree::new(points, options).unwrap()
}

#[test]
fn every_original_point_stands_in_the_tree_once() {
    for d in [1, 2, 3, 4, 6] {
        let x = rows(1000, d);
        let points = Points::check("x", &x).unwrap();
        for merge_equal in [false, true] {
            let tree = tree(&points, merge_equal);
            assert_eq!(tree.depth(), 5);
            let merged = tree.points.len();
            assert!(merged == 1000 || (merge_equal && merged < 800), "{merged}");
            let mut met = vec![0; 1000];
            for place in 0..tree.points.len() {
                let originals = tree.originals(place);
                assert_eq!(tree.points.weight(place), originals.len() as f64);
                for &row in originals {
                    met[row as usize] += 1;
                    let (a, b) = (points.rows(), tree.points.rows());
                    assert_eq!(a.row(row as usize), b.row(place));
                }
            }
            assert_eq!(met, [1; 1000]);
            let places: Vec<u32> = (0..tree.points.len() as u32).collect();
            for (row, place) in tree.to_originals(&places).into_iter().enumerate() {
                assert!(tree.originals(place as usize).contains(&(row as u32)));
            }
        }
    }
}

#[test]
fn weights_are_added_up_to_what_the_type_can_count() {
    let x = rows(600, 1);
    let weights = Array1::from_elem(600, 1e6_f32);
    let points = Points::check("x", &x)
        .unwrap()
        .with_weights(&weights)
        .unwrap();
    let tree = tree(&points, true);
    assert!(tree.points.len() < 100);
    for place in 0..tree.points.len() {
        assert_eq!(
            tree.points.weight(place),
            1e6 * tree.originals(place).len() as f64
        );
    }
    // Weights that are no whole numbers cannot be added without rounding.
    let weights = Array1::from_elem(600, 0.5_f32);
    let points = Points::check("x", &x)
        .unwrap()
        .with_weights(&weights)
        .unwrap();
    assert_eq!(tree_len(&points), 600);
}

fn tree_len(points: &Points<'_, f32>) -> usize {
    tree(points, true).points.len()
}

#[test]
fn boxes_hold_their_points_and_bound_distances() {
    let x = rows(1000, 3);
    let points = Points::check("x", &x).unwrap();
    let tree = tree(&points, false);
    let target = [4.5_f32, -2.0, 20.0];
    for level in 0..=tree.depth() {
        let first = 1 << level;
        let mut next = 0;
        for node in first..2 * first {
            let places = tree.rows(node, level);
            assert_eq!(places.start, next);
            next = places.end;
            let least = tree.least_sq_dist(node, &target);
            for row in tree.points.rows().slice(places).iter() {
                assert!(least <= sq_dist(row, &target));
                let (low, high) = tree.corners(node).split_at(3);
                let holds = |j: usize| (low[j]..=high[j]).contains(&row[j].into());
                assert!((0..3).all(holds));
            }
        }
        assert_eq!(next, 1000);
    }
}
