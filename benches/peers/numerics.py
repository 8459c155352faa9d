"""Compares scikit-learn, oneDAL and FAISS with exact arithmetic, on data that is difficult in floating point.

    python numerics.py [--write]    prints the table of docs/numerics.md with the columns of the peers;
                                    --write writes them to the file

The data, the exact reference and the three numbers in a cell are those of tests/it/numerics.rs, which
writes the column of centroid. "-" means that a peer does not support the type, and "aborts" that it ended
the process. The column of a peer that is not installed stays unchanged.
"""
import argparse
import importlib.util
import itertools
import math
import multiprocessing
import os
import warnings
from fractions import Fraction

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "numerics.md")
POINTS, N_CLUSTERS, ITERATIONS, DEVIATION = 2000, 8, 10, 64


def lattice():
    """Eight overlapping clusters of integers."""
    state = 1

    def below(bound):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (state >> 33) % bound
    centers = [[below(256) for _ in range(4)] for _ in range(N_CLUSTERS)]
    return np.array([[centers[i % N_CLUSTERS][j] + sum(below(32) for _ in range(4)) - 62
                      for j in range(4)] for i in range(POINTS)])


class Case:
    def __init__(self, name, offset=0, power=0, repeated=False):
        self.name, self.offset, self.power = name, offset, power
        self.times = np.array([5 * i + 2 + i % 2 if repeated else 1 for i in range(POINTS)])
        self.width = 2 if repeated else 4

    def points(self, dtype):
        numbers = lattice()[:, :self.width].astype(np.float64)
        return ((numbers + self.offset) * 2.0 ** self.power).astype(dtype)


CASES = [Case(f"moved by 1e{e} deviations", offset=10 ** e * DEVIATION) for e in range(2, 9)]
CASES += [Case(f"times 2^{p}, about 1e{e}", power=p) for p, e in [(-66, -20), (-33, -10), (33, 10), (66, 20)]]
CASES += [Case("10,000,000 rows", repeated=True)]


def exact_labels(case, points):
    """Labels of Lloyd's iterations from the first points, with centroids kept as fractions."""
    scaled = np.ldexp(points.astype(np.float64), -case.power)
    numbers = np.array([[int(x) - case.offset for x in row] for row in scaled], dtype=object)
    sums, counts = numbers[:N_CLUSTERS].copy(), [1] * N_CLUSTERS
    for iteration in itertools.count():
        # A squared distance is an integer divided by the square of the count.
        sq_dists = [((numbers * n - s) ** 2).sum(axis=1) for s, n in zip(sums, counts)]
        labels = np.zeros(POINTS, dtype=int)
        least, over = sq_dists[0], np.full(POINTS, counts[0] ** 2, dtype=object)
        for c in range(1, N_CLUSTERS):
            nearer = np.array(sq_dists[c] * over < least * counts[c] ** 2, dtype=bool)
            labels[nearer] = c
            least = np.where(nearer, sq_dists[c], least)
            over[nearer] = counts[c] ** 2
        if iteration == ITERATIONS:
            return labels
        for c in range(N_CLUSTERS):
            rows = labels == c
            if rows.any():
                counts[c] = int(case.times[rows].sum())
                sums[c] = (numbers[rows] * case.times[rows, None].astype(object)).sum(axis=0)


def cell(case, points, labels, centroids, inertia):
    """The number of labels that differ from the exact ones, the number of rows with a returned centroid
    nearer than that of their label, and the relative error of the returned inertia."""
    exact = np.repeat(exact_labels(case, points), case.times)
    changed = int((labels != exact).sum())
    if not (np.isfinite(centroids).all() and math.isfinite(inertia)):
        return f"{changed} / - / not finite"
    fractions = np.vectorize(lambda x: Fraction(float(x)), otypes=[object])
    points, centroids = fractions(points), fractions(centroids)
    sq_dists = np.stack([((points - c) ** 2).sum(axis=1) for c in centroids], axis=1)
    least = sq_dists.min(axis=1)
    # NOTE: equal rows may have different labels.
    rows = np.repeat(np.arange(POINTS), case.times)
    pairs, number = np.unique(rows * N_CLUSTERS + labels, return_counts=True)
    contradicting, total = 0, Fraction(0)
    for pair, times in zip(pairs.tolist(), number.tolist()):
        point, label = divmod(pair, N_CLUSTERS)
        contradicting += times * (sq_dists[point, label] != least[point])
        total += times * sq_dists[point, label]
    error = abs(Fraction(float(inertia)) / total - 1) if total else Fraction(0)
    return f"{changed} / {contradicting} / {round_up(error)}"


def round_up(value):
    """The value rounded up to one digit."""
    if value == 0:
        return "0"
    power = math.floor(math.log10(value))
    digit = math.ceil(value / Fraction(10) ** power)
    return f"{digit}e{power}" if digit < 10 else f"1e{power + 1}"


def of_estimator(estimator):
    def fit(x, start):
        model = estimator(N_CLUSTERS, init=start, n_init=1, max_iter=ITERATIONS, tol=0.0,
                          algorithm="lloyd").fit(x)
        return model.labels_, model.cluster_centers_, model.inertia_
    return fit


def of_faiss(x, start):
    import faiss
    # Without these limits, FAISS trains on a sample.
    model = faiss.Kmeans(x.shape[1], N_CLUSTERS, niter=ITERATIONS, max_points_per_centroid=len(x),
                         min_points_per_centroid=1)
    model.train(x, init_centroids=start)
    sq_dists, labels = model.index.search(x, 1)
    return labels[:, 0], model.centroids, float(sq_dists.sum(dtype=np.float64))


def peers():
    """A dict from names to functions of data and start that return labels, centroids and inertia, or to None
    if a peer is not installed."""
    found = dict.fromkeys(["scikit-learn", "oneDAL", "FAISS"])
    if importlib.util.find_spec("sklearn"):
        from sklearn.cluster import KMeans
        found["scikit-learn"] = of_estimator(KMeans)
    if importlib.util.find_spec("sklearnex"):
        from sklearnex.cluster import KMeans
        found["oneDAL"] = of_estimator(KMeans)
    if importlib.util.find_spec("faiss"):
        found["FAISS"] = of_faiss
    return found


def run(case, dtype, peer, answers):
    warnings.filterwarnings("ignore")
    points = case.points(dtype)
    x = np.repeat(points, case.times, axis=0)
    try:
        result = peers()[peer](x, points[:N_CLUSTERS].copy())
    except (ValueError, RuntimeError) as error:
        answers.put(f"error: {type(error).__name__}")
        return
    answers.put(cell(case, points, *result))


def measure(case, dtype, peer):
    """Runs in a separate process, because a peer may end it."""
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=run, args=(case, dtype, peer, answers))
    process.start()
    process.join()
    return "aborts" if process.exitcode else answers.get()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the columns to docs/numerics.md")
    write = parser.parse_args().write
    with open(DOCUMENT) as file:
        lines = file.read().splitlines()
    cases = {case.name: case for case in CASES}
    installed = {name for name, peer in peers().items() if peer}
    for number, line in enumerate(lines):
        words = [word.strip() for word in line.strip("|").split("|")]
        if words[0] not in cases:
            continue
        dtype = {"f32": np.float32, "f64": np.float64}[words[1]]
        for column, peer in enumerate(peers(), start=3):
            if peer in installed and not (peer == "FAISS" and dtype == np.float64):
                words[column] = measure(cases[words[0]], dtype, peer)
        lines[number] = f"| {' | '.join(words)} |"
        print(lines[number], flush=True)
    if write:
        # The file is written completely or not at all.
        with open(DOCUMENT + ".new", "w") as file:
            file.write("\n".join(lines) + "\n")
        os.replace(DOCUMENT + ".new", DOCUMENT)


if __name__ == "__main__":
    main()
