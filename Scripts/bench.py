#!/usr/bin/env python3
"""Measures `lstm` and other frameworks on the same batches from the same weights, in turn, so that drift hits all.

    Scripts/bench.py --lstm .build/release/lstm --data Data/imdb.npz [--batches 5] [--threads 2]
        [--peer torch=.venv-torch/bin/python] [--peer keras=.venv-tf/bin/python] [--peer onnx=.venv-tf/bin/python]
        [--network "--bidirectional --pooling max"] [--json FILE]

Prints a Markdown table of medians and ranges, and checks that every framework gets the same losses. Standard library
only; the peers run in interpreters of their own (Scripts/peers).
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
# What a loss may differ by, relatively: float32 sums in another order. Keras on TensorFlow takes other steps, since it
# squares an embedding's gradient position by position (README), so only its first losses are the same.
TOLERANCE = {"torch": 2e-4, "keras": 2e-2, "onnx": 2e-4}


class Worker:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self.answer()
        self.times = {"train": [], "evaluate": []}

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} has ended; see its message above")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()


def cpu():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def spread(values, digits=3):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def load_seconds(peer, data):
    """What Keras takes to read, code and pad both parts; None where the file isn't named as Keras wants it."""
    if Path(data).name != "imdb.npz":
        return None
    python = peer.partition("=")[2]
    command = [python, str(PEERS / "load_data.py"), "--data", str(Path(data).parent), "--repeat", "3"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lstm", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--network", default="", metavar="OPTIONS", help="of lstm benchmark; of the peers only PyTorch")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        sizes = ["--threads", str(options.threads), "--batch-size", str(options.batch_size)]
        ours = Worker(
            "swift-lstm",
            [
                options.lstm,
                "benchmark",
                "--data",
                options.data,
                "--serve",
                "--export",
                folder,
                *sizes,
                *options.network.split(),
            ],
        )
        workers = [ours]
        for peer in options.peer:
            name, _, python = peer.partition("=")
            workers.append(Worker(name, [python, str(PEERS / f"{name}_worker.py"), folder, *sizes]))

        peaks, shares, worst = [], {"train": [], "evaluate": []}, {}
        # Batch 0 warms up and is not counted.
        for batch in range(options.batches + 1):
            for command in ("evaluate", "train"):
                # Some frameworks' threads go on spinning for a while after their last step.
                time.sleep(1)
                peak = ours.ask("peak")["gflops"]
                reference = None
                for worker in workers:
                    if command == "train" and worker.name == "onnx":
                        continue
                    if worker is not ours:
                        time.sleep(0.5)
                    answer = worker.ask(f"{command} {batch}")
                    # ONNX Runtime keeps the initial weights, so only the first evaluation can be compared.
                    if worker is ours:
                        reference = answer
                    elif worker.name != "onnx" or batch == 0:
                        error = abs(answer["loss"] - reference["loss"]) / reference["loss"]
                        worst[worker.name] = max(worst.get(worker.name, 0), error)
                        if error > TOLERANCE[worker.name]:
                            sys.exit(
                                f"{worker.name}: {command} {batch}: loss {answer['loss']}, ours {reference['loss']}"
                            )
                    if batch > 0:
                        worker.times[command].append(answer["seconds"])
                if batch > 0:
                    peaks.append(peak)
                    shares[command].append(reference["gflop"] / reference["seconds"])
        loads = [load_seconds(peer, options.data) for peer in options.peer if peer.startswith("keras=")]
        memory = {worker.name: worker.ask("memory") for worker in workers}
        for worker in workers:
            worker.process.stdin.close()
            worker.process.wait()

    peak = statistics.median(peaks)
    print(f"{cpu()}, {options.threads} threads, {platform.system()}, {time.strftime('%Y-%m-%d')}; "
          f"batches of {options.batch_size}, medians (and ranges) of {options.batches}")  # fmt: skip
    print("; ".join(f"{k} {v}" for worker in workers for k, v in worker.facts["versions"].items()))
    print(
        f"FMA peak {spread(peaks, 1)} GFLOP/s; largest differences of a loss: "
        + (", ".join(f"{name} {error:.1e}" for name, error in worst.items()) or "nothing to compare with")
        + "\n"
    )
    print("| | training batch, s | ours is faster by | evaluation, s | ours is faster by | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    result = {
        "cpu": cpu(),
        "date": time.strftime("%Y-%m-%d"),
        "peak": peak,
        "versions": [w.facts["versions"] for w in workers],
        "rows": {},
    }
    for worker in workers:
        cells = []
        for command in ("train", "evaluate"):
            times = worker.times[command]
            cells.append(spread(times) if times else "")
            ratios = [theirs / own for theirs, own in zip(times, ours.times[command])]
            cells.append(spread(ratios, 2) if times and worker is not ours else "")
        bytes_ = memory[worker.name].get("bytes") or memory[worker.name].get("peak_bytes")
        print(f"| {worker.name} | " + " | ".join(cells) + f" | {bytes_ / 1e6:.0f} |")
        result["rows"][worker.name] = {"times": worker.times, "bytes": bytes_}
    for seconds in filter(None, loads):
        own = ours.facts["load_seconds"]
        result["loadSeconds"] = {"swift-lstm": own, "keras": seconds}
        print(
            f"\nReading, coding and padding both parts: {own:.3f} s, Keras {seconds:.2f} s, {seconds / own:.1f} times"
        )
    for command, name in (("train", "training"), ("evaluate", "evaluation")):
        share = statistics.median(shares[command]) / peak
        result[f"{command}Share"] = share
        print(f"\nNecessary products of {name}: {100 * share:.1f} % of the peak", end="")
    print()
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1))


main()
