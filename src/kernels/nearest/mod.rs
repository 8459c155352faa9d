//! The nearest centroid of each point, found in different ways. All give the same labels: those of the
//! smallest [`sq_dist`](super::sq_dist), the lowest index among equals.

mod batch;
pub(in crate::kernels) mod bounded;
pub(in crate::kernels) mod boxes;
mod frame;
mod groups;
mod packed;
pub(in crate::kernels) mod plain;
mod slack;

pub(crate) use bounded::Bounds;
pub(crate) use boxes::Candidates;
pub(crate) use groups::Groups;
pub(crate) use packed::Packed;

/// What finding the nearest centroids took, and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Points whose label is another than before.
    pub(crate) reassigned: usize,
    /// Points that exact distances had to decide on, or, where bounds are held, these distances.
    pub(crate) exact_checks: usize,
    /// Distances or scores of points and centroids that were computed.
    pub(crate) distances: usize,
    /// Scores of sketches.
    pub(crate) sketched: usize,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.reassigned += other.reassigned;
        self.exact_checks += other.exact_checks;
        self.distances += other.distances;
        self.sketched += other.sketched;
    }
}
