#!/usr/bin/env python3
"""How a training batch's cost grows: length, vocabulary, hidden size, batch size.

    Scripts/curves.py --lstm .build/release/lstm --data Data/imdb.npz [--batches 3] [--threads 2]

Prints Markdown tables of medians. Each row is a process of its own, measured after one batch that is not counted; the
share is the part of the multiply-adds' peak, measured between the batches, that the products which can't be left out
got. Standard library only.
"""

import argparse
import json
import statistics
import subprocess


def measure(options, *settings):
    command = [options.lstm, "benchmark", "--data", options.data, "--threads", str(options.threads), "--serve"]
    process = subprocess.Popen([*command, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    process.stdout.readline()
    ask("train 0")
    results, peaks = [], []
    for batch in range(options.batches):
        peaks.append(ask("peak")["gflops"])
        # A batch of everything has no second.
        answer = ask(f"train {batch + 1}")
        results.append(answer if "seconds" in answer else ask("train 0"))
    memory = ask("memory")["bytes"]
    process.stdin.close()
    process.wait()
    seconds = statistics.median(r["seconds"] for r in results)
    gflop = statistics.median(r["gflop"] for r in results)
    rate = statistics.median(r["gflop"] / r["seconds"] for r in results)
    return seconds, gflop, rate / statistics.median(peaks), memory


def value(settings, name, default):
    return int(settings[settings.index(name) + 1]) if name in settings else default


def table(title, options, rows):
    print(f"\n{title}\n")
    print("| | s a batch | real positions | ns a position | share of the peak | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for name, *settings in rows:
        seconds, gflop, share, memory = measure(options, *settings)
        positions = gflop * 1e9 / (24 * value(settings, "--hidden-size", 128) ** 2)
        print(
            f"| {name} | {seconds:.4g} | {positions:,.0f} | {seconds / positions * 1e9:,.0f} | {100 * share:.0f} % "
            f"| {memory / 1e6:.0f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lstm", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    table("Length (batches of 1,000)", options,
          [(f"{n:,} tokens", "--max-length", str(n)) for n in (100, 200, 400, 800, 1500, 2000)])  # fmt: skip
    table("Vocabulary", options,
          [(f"{n:,} words", "--vocabulary-size", str(n)) for n in (1000, 5000, 20_000, 88_000, 200_000)])  # fmt: skip
    table("Hidden size", options, [(f"{n} units", "--hidden-size", str(n)) for n in (64, 128, 256, 512, 1024)])
    table("Batch size", options,
          [(f"{n:,} reviews", "--batch-size", str(n)) for n in (32, 100, 320, 1000, 5000, 25_000)])  # fmt: skip


main()
