#!/usr/bin/env python3
"""Prints how long a training step takes over MPI, by the model that the documentation of Distribution describes.

mpi-scaling.py [NAME=VALUE ...]      names as below; shards_ms=950 alone_ms=9, say, for another processor
"""

import math
import sys

facts = {
    # Measured on one thread, for batches of 1,000; milliseconds.
    "shards_ms": 1100.0,  # the shards of a batch
    "alone_ms": 11.2,  # what each rank does by itself, or rank 0 for all
    "add_ms": 0.3,  # the addition of one rank's sum
    "plan_ms": 0.09,  # the plan of 1,000 reviews
    "plan_ns": 1.8,  # the plan, for each tile and shard
    # Counted; bytes.
    "sum": 2.3e6,
    "gradient": 1.04e6,
    "tile": 1152,
    "review": 24,
    # Assumed.
    "receive_us": 1.0,  # each message that rank 0 gets
}
for argument in sys.argv[1:]:
    name, _, value = argument.partition("=")
    if name not in facts:
        sys.exit(f"error: {name}: there is only {', '.join(facts)}")
    facts[name] = float(value)


def step(ranks, batch, gigabits, latency, allreduce=False):
    """Milliseconds of a step on ranks of one thread."""
    f = facts
    tiles = math.ceil(batch / 6)
    shards = max(32, ranks)
    levels = math.ceil(math.log2(ranks))
    wire = 1000 / (gigabits * 1e9 / 8)  # milliseconds a byte
    time = f["shards_ms"] * batch / 1000 * math.ceil(tiles / ranks) / tiles
    time += f["alone_ms"] + f["plan_ms"] * batch / 1000 + f["plan_ns"] * 1e-6 * tiles * shards
    if ranks == 1:
        return time
    outcomes = f["review"] * batch + (0 if allreduce else f["tile"] * tiles)
    time += outcomes * wire + ranks * f["receive_us"] / 1000
    if allreduce:
        return time + 2 * f["gradient"] * wire + (2 + 2) * levels * latency
    time += levels * (f["sum"] * wire + latency + f["add_ms"])
    return time + 2 * f["gradient"] * wire + 3 * levels * latency


def text(milliseconds):
    return f"{milliseconds:,.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.0f} s"


print("| ranks | B = 1,000, 10 Gbit/s | 100 Gbit/s | B = 100,000, 10 Gbit/s | 100 Gbit/s | 10 Gbit/s, `--allreduce` |")
print("|---|---|---|---|---|---|")
for ranks in (1, 4, 16, 64, 128, 256, 512, 1000):
    row = [step(ranks, 1000, 10, 0.02), step(ranks, 1000, 100, 0.002)] if ranks <= 167 else [None, None]
    row += [step(ranks, 100_000, 10, 0.02), step(ranks, 100_000, 100, 0.002), step(ranks, 100_000, 10, 0.02, True)]
    print(f"| {ranks:,} | " + " | ".join("—" if value is None else text(value) for value in row) + " |")
