"""Compares centroid with scikit-learn, oneDAL, FAISS and superkmeans: same data, same starting rows, same
number of iterations, alternating runs. See README.md in this folder.

    python compare.py lloyd [--only NAME ...] [--rounds 7]    iterations from given rows, tol = 0
    python compare.py fit   [--only NAME ...] [--rounds 3]    whole fits with default settings
    python compare.py noise  [--rounds 7]                     Auto against Lloyd
    python compare.py growth [--rounds 3]                     time by n, k and d
    python compare.py silhouette [--rounds 7]                 silhouette_score of clusters
    python compare.py batches [--rounds 7]                    MiniBatchKMeans: two passes in batches
    python compare.py quality                                 MiniBatchKMeans: inertias over 20 seeds
"""
import argparse
import importlib.metadata
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_digits, load_sample_image, make_blobs
from sklearn.metrics import silhouette_score

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
# Seconds to wait, because the threads of the previous peer may still be spinning.
PAUSE = 0.3
SHORT = 0.05


def blobs(n, d, centers, dtype):
    return make_blobs(n_samples=n, n_features=d, centers=centers, random_state=0)[0].astype(dtype)


def photograph():
    pixels = load_sample_image("china.jpg").reshape(-1, 3)
    return pixels.astype(np.float32) / np.float32(255)


def mixture(n, d):
    """300 normal clusters, rotated, whose standard deviation falls as (1 + j) ** -0.5 with coordinate j. The
    spectrum is roughly that of learned embeddings."""
    rs = np.random.RandomState(0)
    centers = rs.standard_normal((300, d))
    x = centers[rs.randint(300, size=n)] + rs.standard_normal((n, d))
    x *= (1.0 + np.arange(d)) ** -0.5
    rotation, _ = np.linalg.qr(rs.standard_normal((d, d)))
    return (x @ rotation).astype(np.float32)


def from_file(name):
    def read():
        path = os.path.join(ARGS.data or "", name + ".npy")
        return np.load(path).astype(np.float32) if ARGS.data and os.path.exists(path) else None
    return read


# name: (data, {k: iterations in `lloyd`}, [(k, n_init) in `fit`])
SETS = {
    "blobs_500x2_f64": (lambda: blobs(500, 2, 5, np.float64), {5: 10}, [(5, 10)]),
    "digits": (lambda: load_digits().data.astype(np.float64), {50: 20, 181: 14}, [(50, 10)]),
    "photograph": (photograph, {8: 20, 64: 20, 256: 20}, [(8, 10), (64, 1)]),
    "blobs_1Mx2_f64": (lambda: blobs(1_000_000, 2, 50, np.float64), {50: 20}, [(50, 1)]),
    "blobs_200kx16_f32": (lambda: blobs(200_000, 16, 100, np.float32), {100: 20}, [(100, 1)]),
    "blobs_200kx16_f64": (lambda: blobs(200_000, 16, 100, np.float64), {100: 20}, []),
    "blobs_100kx64_f32": (lambda: blobs(100_000, 64, 256, np.float32), {256: 20}, [(256, 1)]),
    "mixture_50kx384": (lambda: mixture(50_000, 384), {256: 10}, [(256, 1)]),
    "mixture_50kx768": (lambda: mixture(50_000, 768), {1000: 10}, []),
    "mnist_10k": (from_file("mnist_10k"), {100: 20}, []),
    "glove50_10k": (from_file("glove50_10k"), {100: 20, 256: 20}, []),
}


class Centroid:
    """The program of this package. It is kept running, so that its start is not timed."""

    def __init__(self, kernels=None):
        env = dict(os.environ)
        if kernels:
            env["CENTROID_KERNELS"] = kernels
        program = os.path.join(HERE, "target", "release", "centroid-peers")
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def run(self, data, k, algorithm="auto", n_init=10, max_iter=300, tol=1e-4, start="-",
            result="-", init="plusplus"):
        words = [algorithm, init, k, n_init, max_iter, tol, data, start, result]
        return self.ask(*words)[0]

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("centroid ended")
        return [float(word) for word in answer.split()]


def timed(f):
    begin = time.perf_counter()
    result = f()
    return time.perf_counter() - begin, result


def onedal():
    if importlib.util.find_spec("sklearnex") is None:
        return None
    from sklearnex.cluster import KMeans as OneDal
    return OneDal


def peers_of_lloyd(x, k, iterations, start):
    """A dict from names to functions that return seconds and centroids."""
    def of(estimator):
        def run():
            model = estimator(n_clusters=k, init=start, n_init=1, max_iter=iterations, tol=0.0,
                              algorithm="lloyd")
            seconds, _ = timed(lambda: model.fit(x))
            return seconds, model.cluster_centers_
        return run
    peers = {"scikit-learn": of(KMeans)}
    if onedal():
        peers["oneDAL"] = of(onedal())
    if x.dtype == np.float32 and importlib.util.find_spec("faiss"):
        import faiss

        def run_faiss():
            # Without these limits, FAISS trains on a sample.
            model = faiss.Kmeans(x.shape[1], k, niter=iterations, verbose=False,
                                 max_points_per_centroid=len(x), min_points_per_centroid=1)
            seconds, _ = timed(lambda: model.train(x, init_centroids=start))
            return seconds, model.centroids
        peers["FAISS"] = run_faiss
    # superkmeans is made for many features, and chooses its own starting rows.
    if x.dtype == np.float32 and x.shape[1] >= 64 and importlib.util.find_spec("superkmeans"):
        from superkmeans import SuperKMeans

        def run_super():
            model = SuperKMeans(k, x.shape[1], iters=iterations, hierarchical=False,
                                sampling_fraction=1.0, max_points_per_cluster=len(x),
                                early_termination=False, tol=0.0)
            seconds, centroids = timed(lambda: model.train(x))
            return seconds, np.asarray(centroids)
        peers["superkmeans"] = run_super
    return peers


def inertia(x, centroids):
    """The inertia from direct differences in f64."""
    centroids = np.asarray(centroids, dtype=np.float64)
    norms = (centroids ** 2).sum(axis=1)
    total = 0.0
    for begin in range(0, len(x), 4096):
        rows = x[begin:begin + 4096].astype(np.float64)
        labels = (norms - 2.0 * rows @ centroids.T).argmin(axis=1)
        total += ((rows - centroids[labels]) ** 2).sum()
    return total


def in_turns(runs, rounds, short=SHORT):
    """The median time of each run in seconds, without the first round, and the last results."""
    seconds = {name: [] for name in runs}
    results = {}
    for number in range(rounds + 1):
        for name, run in runs.items():
            time.sleep(PAUSE)
            taken, results[name] = run()
            if number > 0:
                # Directly after the pause, a short run would mostly measure how long threads take to wake up.
                again = [run()[0] for _ in range(5)] if taken < short else [taken]
                seconds[name].append(statistics.median(again))
    return {name: statistics.median(all) for name, all in seconds.items()}, results


def show(seconds):
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def print_row(name, medians, notes=""):
    ours = medians.pop("centroid")
    cells = [f"{peer} {show(s)} ({s / ours:.1f}x)" for peer, s in medians.items()]
    print(f"{name:32} centroid {show(ours):>9} | " + " | ".join(cells) + notes, flush=True)


def lloyd(tmp):
    ours = Centroid(ARGS.kernels)
    for name, (make, ks, _) in SETS.items():
        if ARGS.only and name not in ARGS.only:
            continue
        x = make()
        if x is None:
            print(f"{name:32} not measured: its file is missing")
            continue
        data = os.path.join(tmp, name + ".npy")
        np.save(data, x)
        for k, iterations in ks.items():
            rows = np.random.RandomState(0).permutation(len(x))[:k]
            start = np.ascontiguousarray(x[rows])
            paths = [os.path.join(tmp, file) for file in ("start.npy", "result.npy")]
            np.save(paths[0], start)

            def run():
                seconds = ours.run(data, k, n_init=1, max_iter=iterations, tol=0.0,
                                   start=paths[0], result=paths[1])
                return seconds, np.load(paths[1])
            runs = {"centroid": run, **peers_of_lloyd(x, k, iterations, start)}
            if ARGS.peers:
                runs = {peer: run for peer, run in runs.items()
                        if peer == "centroid" or peer in ARGS.peers}
            medians, results = in_turns(runs, ARGS.rounds)
            own = inertia(x, results["centroid"])
            notes = "".join(
                f" | inertia of {peer} {inertia(x, centroids) / own - 1:+.1e}"
                for peer, centroids in results.items() if peer != "centroid")
            print_row(f"{name} k={k} x{iterations}", medians, notes)


def fit(tmp):
    ours = Centroid(ARGS.kernels)
    ratios = {}
    for name, (make, _, fits) in SETS.items():
        if not fits or ARGS.only and name not in ARGS.only:
            continue
        x = make()
        data = os.path.join(tmp, name + ".npy")
        np.save(data, x)
        for k, n_init in fits:
            result = os.path.join(tmp, "result.npy")

            def run():
                seconds = ours.run(data, k, n_init=n_init, result=result)
                return seconds, np.load(result)

            def of(estimator):
                def run():
                    model = estimator(n_clusters=k, n_init=n_init, random_state=0)
                    seconds, _ = timed(lambda: model.fit(x))
                    return seconds, model.cluster_centers_
                return run
            runs = {"centroid": run, "scikit-learn": of(KMeans)}
            if onedal():
                runs["oneDAL"] = of(onedal())
            medians, results = in_turns(runs, ARGS.rounds)
            for peer, seconds in medians.items():
                ratios.setdefault(peer, []).append(seconds / medians["centroid"])
            own = inertia(x, results["centroid"])
            notes = "".join(
                f" | inertia of {peer} {inertia(x, centroids) / own - 1:+.1e}"
                for peer, centroids in results.items() if peer != "centroid")
            print_row(f"{name} k={k} n_init={n_init}", medians, notes)
    for peer, all in ratios.items():
        if peer != "centroid":
            print(f"geometric mean for {peer}: {np.exp(np.mean(np.log(all))):.1f}x")


def noise(tmp):
    """Data without structure that bounds could use."""
    ours = Centroid(ARGS.kernels)
    for n, d, k in [(100_000, 64, 256), (100_000, 16, 100), (100_000, 32, 128), (20_000, 300, 128)]:
        x = np.random.RandomState(0).standard_normal((n, d)).astype(np.float32)
        paths = [os.path.join(tmp, f"{file}{n}_{d}_{k}.npy") for file in ("x", "start")]
        np.save(paths[0], x)
        np.save(paths[1], x[:k])

        def of(algorithm):
            return lambda: (ours.run(paths[0], k, algorithm, n_init=1, max_iter=20, tol=0.0,
                                     start=paths[1]), None)
        medians, _ = in_turns({"centroid": of("auto"), "plain": of("lloyd")}, ARGS.rounds)
        print_row(f"noise {n}x{d} k={k} x20", medians)


def growth(tmp):
    """Growth of the time of 10 iterations from given rows."""
    ours = Centroid(ARGS.kernels)

    def measure(n, d, k):
        x = blobs(n, d, 64, np.float32)
        paths = [os.path.join(tmp, f"{file}{n}_{d}_{k}.npy") for file in ("x", "start")]
        np.save(paths[0], x)
        np.save(paths[1], x[:k])
        runs = {"centroid": lambda: (ours.run(paths[0], k, n_init=1, max_iter=10, tol=0.0,
                                              start=paths[1]), None)}
        seconds = in_turns(runs, ARGS.rounds)[0]["centroid"]
        for path in paths:
            os.remove(path)
        return seconds
    before = None
    for n in [100_000 * 2 ** i for i in range(8)] + [16_000_000]:
        seconds = measure(n, 3, 64)
        note = f"{seconds / before:.2f}x" if before else ""
        print(f"n = {n:>9}, d = 3, k = 64: {show(seconds):>8}, {seconds / n * 1e9:.0f} ns a row {note}",
              flush=True)
        before = seconds
    for k in [8, 16, 32, 64, 128, 256, 512]:
        print(f"n = 200000, d = 16, k = {k:>3}: {show(measure(200_000, 16, k)):>8}", flush=True)
    for d in [2, 4, 8, 16, 32, 64, 128, 256]:
        print(f"n = 100000, d = {d:>3}, k = 64: {show(measure(100_000, d, 64)):>8}", flush=True)


def silhouette(tmp):
    """Scores of all rows of blobs and digits, with the labels of a fit."""
    ours = Centroid(ARGS.kernels)
    sets = [(f"blobs {n} x {d} {np.dtype(dtype)}", blobs(n, d, 10, dtype))
            for n, d, dtype in [(20_000, 3, np.float32), (20_000, 16, np.float32),
                                (10_000, 16, np.float64)]]
    for name, x in sets + [("digits", load_digits().data.astype(np.float64))]:
        labels = KMeans(n_clusters=10, n_init=1, random_state=0).fit(x).labels_.astype(np.int64)
        paths = [os.path.join(tmp, file) for file in (f"{len(x)}.npy", f"labels{len(x)}.npy")]
        if os.path.exists(paths[0]):
            ours = Centroid(ARGS.kernels)
        np.save(paths[0], x)
        np.save(paths[1], labels)
        runs = {"centroid": lambda: ours.ask("silhouette", *paths),
                "scikit-learn": lambda: timed(lambda: silhouette_score(x, labels))}
        medians, scores = in_turns(runs, ARGS.rounds, short=0.2)
        off = scores["centroid"] / float(scores["scikit-learn"]) - 1
        print_row(f"silhouette {name}", medians, f" | scores differ by {off:+.1e}")


def batches(tmp):
    """Two passes in batches of 1024 rows from given rows, including the labels of all rows."""
    ours = Centroid(ARGS.kernels)
    for name, k in [("photograph", 8), ("photograph", 64), ("blobs_200kx16_f32", 100),
                    ("blobs_1Mx2_f64", 50)]:
        x = SETS[name][0]()
        paths = [os.path.join(tmp, file) for file in (name + ".npy", f"start{k}.npy")]
        start = np.ascontiguousarray(x[np.random.RandomState(0).permutation(len(x))[:k]])
        np.save(paths[0], x)
        np.save(paths[1], start)

        def of_sklearn():
            model = MiniBatchKMeans(n_clusters=k, init=start, n_init=1, max_iter=2, batch_size=1024,
                                    max_no_improvement=None, random_state=0)
            return timed(lambda: model.fit(x).inertia_)
        runs = {"centroid": lambda: ours.ask("batches", "endless", k, 1, 2, 0, *paths),
                "scikit-learn": of_sklearn}
        medians, inertias = in_turns(runs, ARGS.rounds)
        off = inertias["scikit-learn"] / inertias["centroid"] - 1
        print_row(f"batches {name} k={k} x2", medians, f" | inertia of scikit-learn {off:+.1e}")


def quality(tmp):
    """Mean inertias of whole fits over 20 seeds, relative to those of Lloyd's iterations."""
    ours = Centroid(ARGS.kernels)
    for name, k in [("digits", 10), ("photograph", 8), ("photograph", 64), ("blobs_200kx16_f32", 100)]:
        x = SETS[name][0]()
        data = os.path.join(tmp, name + ".npy")
        np.save(data, x)
        kinds = {}
        for kind in ["full", "growing", "batches"]:
            kinds[kind] = [ours.ask("batches", kind, k, 3, 100, seed, data, "-") for seed in range(20)]
        kinds["scikit-learn"] = [
            timed(lambda: MiniBatchKMeans(n_clusters=k, n_init=3, random_state=seed).fit(x).inertia_)
            for seed in range(20)]
        full = np.mean([inertia for _, inertia in kinds["full"]])
        cells = [f"{kind} {np.mean([i for _, i in all]) / full:.4f} "
                 f"(+-{np.std([i for _, i in all]) / full / 20 ** 0.5:.4f}, "
                 f"{show(statistics.median(s for s, _ in all))})" for kind, all in kinds.items()]
        print(f"{name} k={k}: " + " | ".join(cells), flush=True)


def main():
    modes = {"lloyd": lloyd, "fit": fit, "noise": noise, "growth": growth, "silhouette": silhouette,
             "batches": batches, "quality": quality}
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=modes)
    parser.add_argument("--only", nargs="*", help="names of data sets: " + ", ".join(SETS))
    parser.add_argument("--peers", nargs="*", help="names of peers (default: all that are installed)")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each for the median")
    parser.add_argument("--kernels", choices=["avx512", "avx2", "portable"], help="a slower table")
    parser.add_argument("--data", help="a folder with mnist_10k.npy and glove50_10k.npy")
    global ARGS
    ARGS = parser.parse_args()
    program = ["cargo", "build", "--release", "--quiet"]
    subprocess.run(program, cwd=HERE, check=True)
    versions = [f"{name} {importlib.metadata.version(name)}"
                for name in ["scikit-learn", "scikit-learn-intelex", "faiss-cpu", "superkmeans", "numpy"]
                if importlib.util.find_spec({"scikit-learn": "sklearn", "faiss-cpu": "faiss",
                                             "scikit-learn-intelex": "sklearnex"}.get(name, name))]
    print(", ".join(versions), f"; {os.cpu_count()} cores", file=sys.stderr)
    with tempfile.TemporaryDirectory() as tmp:
        modes[ARGS.mode](tmp)


if __name__ == "__main__":
    main()
