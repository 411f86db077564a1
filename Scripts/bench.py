#!/usr/bin/env python3
"""Measures `lstm` and other frameworks on the same batches from the same weights, in turn, so that drift hits all.

    Scripts/bench.py --lstm .build/release/lstm --data Data/imdb.npz [--batches 5] [--threads 2]
        [--peer torch=.venv-torch/bin/python] [--peer keras=.venv-tf/bin/python] [--peer onnx=.venv-tf/bin/python]
        [--network "--bidirectional --pooling max"] [--size "32 × 20=32 --max-length 20"]… [--json FILE]

Prints a Markdown table of medians and ranges, with a row for each framework or for each size, and checks that every
framework gets the same losses. Standard library only; the peers run in interpreters of their own (Scripts/peers).
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


def ratios(theirs, own):
    return [a / b for a, b in zip(theirs, own)]


def load_seconds(peer, data):
    """What Keras takes to read, code and pad both parts; None where the file isn't named as Keras wants it."""
    if Path(data).name != "imdb.npz":
        return None
    python = peer.partition("=")[2]
    command = [python, str(PEERS / "load_data.py"), "--data", str(Path(data).parent), "--repeat", "3"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)["seconds"]


class Measurement:
    """All workers' times of the same batches, in turn."""

    def __init__(self, options, batch_size, network, is_loaded=False):
        # Whether our evaluations are those of a loaded model, with its weights prepared.
        self.is_loaded = is_loaded
        with tempfile.TemporaryDirectory() as folder:
            sizes = ["--threads", str(options.threads), "--batch-size", str(batch_size)]
            command = [options.lstm, "benchmark", "--data", options.data, "--serve", "--export", folder]
            self.ours = Worker("swift-lstm", command + sizes + network.split())
            self.workers = [self.ours]
            for peer in options.peer:
                name, _, python = peer.partition("=")
                self.workers.append(Worker(name, [python, str(PEERS / f"{name}_worker.py"), folder, *sizes]))
            texts = (Path(folder) / "labels.u8").stat().st_size
            positions = (Path(folder) / "tokens.i32").stat().st_size // 4 // texts * batch_size
            self.batch_count = -(-texts // batch_size)
            # A turn takes many small batches one after the other, as a training does.
            self.turn = max(1, min(30, 400_000 // positions))
            self.peaks, self.shares, self.worst = [], {"train": [], "evaluate": []}, {}
            # The first turn warms up and is not counted.
            for turn in range(options.batches + 1):
                for command in ("evaluate", "train"):
                    self.take(turn, command)
            self.memory = {}
            for worker in self.workers:
                answer = worker.ask("memory")
                self.memory[worker.name] = answer.get("bytes") or answer.get("peak_bytes")
            for worker in self.workers:
                worker.process.stdin.close()
                worker.process.wait()
        self.peak = statistics.median(self.peaks)

    def take(self, turn, command):
        """Every worker's turn."""
        # Some frameworks' threads go on spinning for a while after their last step.
        time.sleep(1)
        peak = self.ours.ask("peak")["gflops"]
        batches = [(turn * self.turn + i) % self.batch_count for i in range(self.turn)]
        own = None
        for worker in self.workers:
            if command == "train" and worker.name == "onnx":
                continue
            if worker is not self.ours:
                time.sleep(0.5)
            if worker is self.ours and command == "evaluate" and self.is_loaded:
                answers = [worker.ask(f"answer {batch}") for batch in batches]
            else:
                answers = [worker.ask(f"{command} {batch}") for batch in batches]
            if worker is self.ours:
                own = answers
            # ONNX Runtime keeps the initial weights, so only the first evaluation can be compared; and rounding drives
            # weights apart with every step.
            elif turn * self.turn < 6 and (worker.name != "onnx" or turn == 0):
                for batch, answer, ours in list(zip(batches, answers, own))[:6]:
                    self.compare(worker.name, f"{command} {batch}", answer["loss"], ours["loss"])
            if turn > 0:
                worker.times[command].append(statistics.mean(answer["seconds"] for answer in answers))
        if turn > 0:
            self.peaks.append(peak)
            gflop = sum(answer["gflop"] for answer in own)
            self.shares[command].append(gflop / sum(answer["seconds"] for answer in own))

    def compare(self, name, what, loss, ours):
        error = abs(loss - ours) / ours
        self.worst[name] = max(self.worst.get(name, 0), error)
        if error > TOLERANCE[name]:
            sys.exit(f"{name}: {what}: loss {loss}, ours {ours}")

    def share(self, command):
        """The share of the peak that the products get which can't be left out."""
        return statistics.median(self.shares[command]) / self.peak

    def json(self):
        return {
            "cpu": cpu(),
            "date": time.strftime("%Y-%m-%d"),
            "peak": self.peak,
            "versions": [worker.facts["versions"] for worker in self.workers],
            "rows": {
                worker.name: {"times": worker.times, "bytes": self.memory[worker.name]} for worker in self.workers
            },
            "trainShare": self.share("train"),
            "evaluateShare": self.share("evaluate"),
        }


def print_head(options, measurement, what):
    print(f"{cpu()}, {options.threads} threads, {platform.system()}, {time.strftime('%Y-%m-%d')}; {what}")
    print("; ".join(f"{k} {v}" for worker in measurement.workers for k, v in worker.facts["versions"].items()))


def print_one(options, measurement):
    """A row for each framework."""
    m = measurement
    print_head(options, m, f"batches of {options.batch_size}, medians (and ranges) of {options.batches}")
    print(
        f"FMA peak {spread(m.peaks, 1)} GFLOP/s; largest differences of a loss: "
        + (", ".join(f"{name} {error:.1e}" for name, error in m.worst.items()) or "nothing to compare with")
        + "\n"
    )
    print("| | training batch, s | ours is faster by | evaluation, s | ours is faster by | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for worker in m.workers:
        cells = []
        for command in ("train", "evaluate"):
            times = worker.times[command]
            cells.append(spread(times, 3 if m.turn == 1 else 4) if times else "")
            faster = ratios(times, m.ours.times[command])
            cells.append(spread(faster, 2) if times and worker is not m.ours else "")
        print(f"| {worker.name} | " + " | ".join(cells) + f" | {m.memory[worker.name] / 1e6:.0f} |")
    result = m.json()
    loads = [load_seconds(peer, options.data) for peer in options.peer if peer.startswith("keras=")]
    for seconds in filter(None, loads):
        own = m.ours.facts["load_seconds"]
        result["loadSeconds"] = {"swift-lstm": own, "keras": seconds}
        print(
            f"\nReading, coding and padding both parts: {own:.3f} s, Keras {seconds:.2f} s, {seconds / own:.1f} times"
        )
    for command, name in (("train", "training"), ("evaluate", "evaluation")):
        print(f"\nNecessary products of {name}: {100 * m.share(command):.1f} % of the peak", end="")
    print()
    return result


def print_sizes(options):
    """A row for each size of batch and network."""
    results = {}
    for size in options.size:
        name, _, rest = size.partition("=")
        batch_size, _, network = rest.partition(" ")
        m = Measurement(options, int(batch_size), network, is_loaded=True)
        peers = m.workers[1:]
        if not results:
            print_head(options, m, f"medians (and ranges) of {options.batches} turns")
            columns = ["", "training, ms", *(f"faster than {w.name} by" for w in peers if w.name != "onnx")]
            columns += ["answering, ms", *(f"faster than {w.name} by" for w in peers), "share of the peak", "MB"]
            print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
        cells = [name]
        for command in ("train", "evaluate"):
            own = m.ours.times[command]
            cells.append(spread([1000 * seconds for seconds in own], 1 if statistics.median(own) > 0.005 else 2))
            cells += [spread(ratios(w.times[command], own), 1) for w in peers if w.times[command]]
        cells.append(f"{100 * m.share('train'):.0f} %, {100 * m.share('evaluate'):.0f} %")
        cells.append(", ".join(f"{m.memory[worker.name] / 1e6:.0f}" for worker in m.workers))
        print("| " + " | ".join(cells) + " |", flush=True)
        results[name] = m.json()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lstm", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batches", type=int, default=5, help="turns that count")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--network", default="", metavar="OPTIONS", help="of lstm benchmark; of the peers only PyTorch")
    parser.add_argument(
        "--size", action="append", metavar="NAME=BATCH OPTIONS", help="a row of a table of sizes, instead"
    )
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if options.size:
        result = print_sizes(options)
    else:
        result = print_one(options, Measurement(options, options.batch_size, options.network))
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1))


main()
