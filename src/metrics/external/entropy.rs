//! Entropies, and the information that two labellings share.

use std::collections::BTreeMap;

use super::contingency::Contingency;

impl Contingency {
    /// The mutual information, in nats. Rounding never makes it larger than either entropy.
    pub(super) fn mutual_info(&self) -> f64 {
        let n = self.n as f64;
        let term = |&(class, cluster, count): &(usize, usize, u64)| {
            let (a, b) = (self.classes[class] as f64, self.clusters[cluster] as f64);
            let count = count as f64;
            count / n * (count / a * (n / b)).ln()
        };
        let sum: f64 = self.pairs.iter().map(term).sum();
        let (of_classes, of_clusters) = self.entropies();
        sum.min(of_classes).min(of_clusters).max(0.0)
    }

    /// The entropies of the classes and of the clusters, in nats.
    fn entropies(&self) -> (f64, f64) {
        (
            entropy(&self.classes, self.n),
            entropy(&self.clusters, self.n),
        )
    }

    pub(super) fn mean_entropy(&self) -> f64 {
        let (of_classes, of_clusters) = self.entropies();
        (of_classes + of_clusters) / 2.0
    }

    /// Each cluster holds rows of one class.
    pub(super) fn is_homogeneous(&self) -> bool {
        self.pairs.len() == self.clusters.len()
    }

    /// Each class has rows in one cluster.
    pub(super) fn is_complete(&self) -> bool {
        self.pairs.len() == self.classes.len()
    }

    /// The share of the entropy of the classes that the clusters explain.
    pub(super) fn homogeneity(&self) -> f64 {
        if self.is_homogeneous() {
            return 1.0;
        }
        self.mutual_info() / entropy(&self.classes, self.n)
    }

    /// The share of the entropy of the clusters that the classes explain.
    pub(super) fn completeness(&self) -> f64 {
        if self.is_complete() {
            return 1.0;
        }
        self.mutual_info() / entropy(&self.clusters, self.n)
    }

    /// The mutual information of random labellings of the same sizes, on average.
    ///
    /// The number of rows that a class of `a` and a cluster of `b` rows share is hypergeometric. Its
    /// probabilities are computed outwards from the most likely number, by ratios of neighbours, and
    /// divided by their sum. This needs no factorials, so nothing cancels however large `n` is.
    pub(super) fn expected_mutual_info(&self) -> f64 {
        let n = self.n as f64;
        let mut expected = 0.0;
        for (&a, &classes) in &by_size(&self.classes) {
            for (&b, &clusters) in &by_size(&self.clusters) {
                let (a, b) = (a as f64, b as f64);
                let term = |count: f64| count / n * (count / a * (n / b)).ln();
                let times = classes as f64 * clusters as f64;
                expected += times * hypergeometric_mean(n, a, b, term);
            }
        }
        expected
    }
}

/// How many labels there are of each size.
fn by_size(sizes: &[u64]) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for &size in sizes {
        *counts.entry(size).or_insert(0) += 1;
    }
    counts
}

/// The mean of `f`, 0 at 0, of the number of rows shared by random sets of `a` and `b` rows of `n`.
fn hypergeometric_mean(n: f64, a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    /// Relative to the most likely number, smaller terms add nothing.
    const NEGLIGIBLE: f64 = 1e-20;
    let (least, most) = ((a + b - n).max(0.0), a.min(b));
    let likely = ((a + 1.0) * (b + 1.0) / (n + 2.0))
        .floor()
        .clamp(least, most);
    let value = |count: f64| if count > 0.0 { f(count) } else { 0.0 };
    let (mut total, mut sum) = (1.0, value(likely));
    let (mut weight, mut count) = (1.0, likely);
    while count < most && weight > NEGLIGIBLE {
        weight *= (a - count) * (b - count) / ((count + 1.0) * (n - a - b + count + 1.0));
        count += 1.0;
        total += weight;
        sum += weight * value(count);
    }
    (weight, count) = (1.0, likely);
    while count > least && weight > NEGLIGIBLE {
        weight *= count * (n - a - b + count) / ((a - count + 1.0) * (b - count + 1.0));
        count -= 1.0;
        total += weight;
        sum += weight * value(count);
    }
    sum / total
}

/// The entropy of labels of these sizes, in nats.
fn entropy(sizes: &[u64], n: u64) -> f64 {
    let term = |&size: &u64| {
        let share = size as f64 / n as f64;
        -share * share.ln()
    };
    sizes.iter().map(term).sum::<f64>().max(0.0)
}
