//! Centroids in an order in which neighbours stand together.

use crate::float::Float;
use crate::kernels::{NO_LABEL, PANEL, Rows, sq_dist};

/// The centroids in panels of neighbours.
pub(super) fn neighbours<F: Float>(centroids: &Rows<'_, F>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..centroids.len() as u32).collect();
    halve_panels(centroids, &mut order);
    order.resize(order.len().next_multiple_of(PANEL), NO_LABEL);
    order
}

/// Sorts the centroids into halves of whole panels, and these again.
fn halve_panels<F: Float>(centroids: &Rows<'_, F>, order: &mut [u32]) {
    if order.len() <= PANEL {
        return;
    }
    let row = |c: u32| centroids.row(c as usize);
    let farthest = |from: u32, order: &[u32]| {
        order.iter().fold((from, 0.0), |best, &c| {
            let sq_dist = sq_dist(row(from), row(c));
            if sq_dist > best.1 { (c, sq_dist) } else { best }
        })
    };
    let (one, _) = farthest(order[0], order);
    let (other, _) = farthest(one, order);
    let side = |c: u32| sq_dist(row(c), row(one)) - sq_dist(row(c), row(other));
    order.sort_by_cached_key(|&c| (Ordered(side(c)), c));
    let middle = (order.len() / 2)
        .next_multiple_of(PANEL)
        .min(order.len() - 1);
    let (left, right) = order.split_at_mut(middle);
    halve_panels(centroids, left);
    halve_panels(centroids, right);
}

/// Numbers in their total order.
#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
