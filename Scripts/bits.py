#!/usr/bin/env python3
"""Prints a table of what `lstm train` ends with, and checks that it is the same on all processors, threads and ranks.

    Scripts/bits.py [--lstm .build/release/lstm] [--short] [--mpi]

Every network learns from the sample once for each kernel, and again for each number of threads and, of a build with
MPI, of ranks. A cell is the beginning of the SHA-256 of all weights and of the history.
Fails where threads, ranks, or kernels that fuse multiply-adds differ. Standard library only.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ["--data", ROOT / "Data/sample.npz", "--vocabulary-size", "450", "--max-length", "80", "--epochs", "1"]
SAMPLE += ["--batch-size", "200", "--learning-rate", "0.005", "--quiet"]
NETWORKS = {
    "one direction": "--embedding-size 24 --hidden-size 20",
    "one-hot, two directions, max, masked, dropout": "--embedding-size 0 --hidden-size 20 --bidirectional --pooling max "
    "--mask-padding --dropout-words 0.2 --dropout-recurrent 0.1 --dropout-output 0.5",
    "two layers, mean, dropout": "--embedding-size 16 --hidden-size 24 --layers 2 --pooling mean --dropout-layers 0.2 "
    "--dropout-embedding 0.1",
    "hidden dense layer, clipping, weight decay": "--embedding-size 16 --hidden-size 33 --dense-layers 12 "
    "--clip-norm 1 --weight-decay 0.01",
    "batches of 7": "--embedding-size 16 --hidden-size 16 --batch-size 7 --limit 300",
}
KERNELS = ["x86-64-v4", "x86-64-v3", "baseline", "arm64"]


def digest(folder):
    result = hashlib.sha256()
    for name in ("model.safetensors", "history.csv"):
        result.update((folder / name).read_bytes())
    return result.hexdigest()[:12]


def train(lstm, folder, options, kernel, threads, ranks=None):
    """What a training ends with; None where this processor or this build can't do it."""
    command = [lstm, "train", *SAMPLE, *options.split(), "--threads", str(threads), "--output", folder, "--overwrite"]
    if ranks:
        settings = ROOT / "Scripts/mpi-settings.sh"
        command = ["bash", "-c", '. "$0"; exec mpirun "$@"', settings, "-n", str(ranks), *command]
    environment = {**os.environ, "LSTM_PROCESSOR": kernel}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    run = subprocess.run(command, env=environment, check=False, **pipes)
    if run.returncode == 0:
        return digest(folder)
    if "LSTM_PROCESSOR" in run.stdout:
        return None
    sys.exit(f"{' '.join(map(str, command))}\nended with {run.returncode}:\n{run.stdout}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lstm", type=Path, default=ROOT / ".build/release/lstm")
    parser.add_argument("--short", action="store_true", help="fewer numbers of threads and ranks")
    parser.add_argument("--mpi", action="store_true", help="over ranks, too: the build has MPI")
    options = parser.parse_args()
    threads = [1, 3] if options.short else [1, 2, 3, 5, 8, 13]
    ranks = ([2] if options.short else [1, 2, 3]) if options.mpi else []

    failures = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        kernels = [k for k in KERNELS if train(options.lstm, folder, NETWORKS["batches of 7"], k, 1)]
        print("| network | " + " | ".join(kernels) + " |\n|" + "---|" * (len(kernels) + 1))
        for name, network in NETWORKS.items():
            cells = []
            for kernel in kernels:
                expected = train(options.lstm, folder, network, kernel, threads[0])
                runs = [(count, None) for count in threads[1:]] + [(1, count) for count in ranks]
                for count, rank_count in runs:
                    if train(options.lstm, folder, network, kernel, count, rank_count) != expected:
                        failures.append(f"{name}, {kernel}: {count} threads, {rank_count or 'no'} ranks")
                cells.append(expected)
            fused = {cell for kernel, cell in zip(kernels, cells) if kernel != "baseline"}
            if len(fused) > 1:
                failures.append(f"{name}: {fused}")
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print(
        f"\nEach on {', '.join(map(str, threads))} threads"
        + (f" and {', '.join(map(str, ranks))} ranks" if ranks else "")
    )
    if failures:
        sys.exit("Not the same: " + "; ".join(failures))


main()
