//! Rows beside their nearest centroids.

/// Rows with their nearest centroids.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) labels: Vec<u32>,
    /// To the centroid of the label.
    pub(crate) sq_dists: Vec<f64>,
}

/// The rows of one cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClusterStats {
    pub(crate) size: usize,
    /// Of the squared distances to the centroid.
    pub(crate) sum: f64,
}

impl ClusterStats {
    /// The root of the mean squared distance. `None` without two rows, or where it is 0.
    fn spread(&self) -> Option<f64> {
        (self.size > 1 && self.sum > 0.0).then(|| (self.sum / self.size as f64).sqrt())
    }
}

impl Assignment {
    /// For each of `n_clusters` clusters its rows, in one pass.
    pub(crate) fn clusters(&self, n_clusters: usize) -> Vec<ClusterStats> {
        let mut clusters = vec![ClusterStats::default(); n_clusters];
        for (&label, sq_dist) in self.labels.iter().zip(&self.sq_dists) {
            let own = &mut clusters[label as usize];
            own.size += 1;
            own.sum += sq_dist;
        }
        clusters
    }

    /// The spread of each cluster. See
    /// [`KMeansModel::cluster_spreads`](crate::KMeansModel::cluster_spreads).
    pub(crate) fn spreads(&self, n_clusters: usize) -> Vec<f64> {
        let clusters = self.clusters(n_clusters);
        let all = ClusterStats {
            size: self.labels.len(),
            sum: clusters.iter().map(|own| own.sum).sum(),
        };
        let of_all = all.spread().unwrap_or(0.0);
        let spread = |own: &ClusterStats| own.spread().unwrap_or(of_all);
        clusters.iter().map(spread).collect()
    }
}
