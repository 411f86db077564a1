"""What the scripts beside it share: `lstm`, real reviews, and comparisons that are printed."""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

failures = []

# Other networks than the tutorial's, small ones.
NETWORKS = {
    "both directions, the largest over time": ["--bidirectional", "--pooling", "max"],
    "2 layers, padding left out": ["--layers", "2", "--mask-padding"],
    "2 layers, both directions, the last states": ["--layers", "2", "--bidirectional"],
    "both directions, the mean of real positions": ["--bidirectional", "--pooling", "mean", "--mask-padding"],
    "no embedding, both directions, the largest of real positions":
        ["--embedding-size", "0", "--bidirectional", "--pooling", "max", "--mask-padding"],
    "both directions, two dense layers below the last": ["--bidirectional", "--dense-layers", "20,12"],
}  # fmt: skip
SMALL = ["--hidden-size", "24", "--max-length", "100"]
# The largest over time gathers the frameworks' roundings: of the first network ONNX Runtime is 2.7e-6 off the result in
# float64, ours 7e-7.
LIMIT = 1e-5


def arguments(description):
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--lstm", required=True, help="the executable, as .build/release/lstm")
    parser.add_argument("--data", required=True, type=Path, help="imdb.npz")
    return parser.parse_args()


def run(*command):
    """Runs a command, and ends where it fails."""
    result = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def refuses(what, problem, *command):
    """Checks that a command fails, and says why."""
    result = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    report(what, result.returncode != 0 and problem in result.stderr, result.stderr.strip().removeprefix("Error: "))


def trained(options, folder, *network):
    """The folder of a run of 25 steps, large enough for differing predictions; of the tutorial's network by default."""
    run(options.lstm, "train", "--data", options.data, "--limit", 2500, "--batch-size", 100, "--epochs", 1,
        "--learning-rate", 0.005, "--quiet", "--overwrite", "--output", folder / "run", *network)  # fmt: skip
    return folder / "run"


def probabilities(options, model, limit, length):
    """What `lstm` says of the first test reviews."""
    output = run(options.lstm, "probabilities", "--model", model, "--data", options.data, "--limit", limit,
                 "--max-length", length)  # fmt: skip
    return np.array([np.float32(line) for line in output.split()])


def reviews(path, part, limit, length, vocabulary=1000):
    """int64 [limit, length] and labels: what imdb.load_data and pad_sequences give."""
    with np.load(path, allow_pickle=True) as file:
        arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    generator = np.random.RandomState(113)
    for name in ("train", "test"):
        order = np.arange(len(arrays[f"x_{name}"]))
        generator.shuffle(order)
        if name == part:
            break
    order = order[:limit]
    tokens = np.zeros((len(order), length), np.int64)
    for row, index in zip(tokens, order):
        review = [1] + [rank + 3 for rank in arrays[f"x_{part}"][index]]
        review = [token if token < vocabulary else 2 for token in review][-length:]
        row[length - len(review) :] = review
    return tokens, arrays[f"y_{part}"][order]


def report(what, is_right, found=""):
    print(f"  {what}: {found or 'yes'}{'' if is_right else '  WRONG'}", flush=True)
    if not is_right:
        failures.append(what)


def close(what, ours, theirs, limit=1e-6):
    """Compares numbers, of which there have to be as many."""
    assert ours.shape == theirs.shape, f"{what}: {ours.shape}, {theirs.shape}"
    difference = float(np.abs(ours.astype(np.float64) - theirs).max())
    report(what, difference <= limit, f"{ours.size:,} numbers, largest difference {difference:.2g} (limit {limit:g})")


def close_probabilities(what, ours, theirs, limit=1e-6):
    """Compares probabilities, which would tell little if they were all alike."""
    low, high = theirs.min(), theirs.max()
    close(f"{what}, {low:.2f} to {high:.2f}", ours, theirs, limit)
    if len(theirs) >= 1000:
        report("they differ from review to review", high - low > 0.3)


def same(what, ours, theirs):
    """Compares bits."""
    is_same = ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()
    report(what, is_same, f"{ours.size:,} numbers, the same bits" if is_same else "other bits")


def end():
    if failures:
        sys.exit(f"{len(failures)} of the comparisons failed: {'; '.join(failures)}")
