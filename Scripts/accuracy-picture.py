"""Draws accuracy against minutes of training, as an SVG file.

    python Scripts/accuracy-picture.py OUT.svg --curve "accurate=RUN,RUN,RUN" --point "TF-IDF=17,0.9055" …

A curve is the mean of the runs' val_accuracy after each epoch (history.csv), at
the mean of the seconds that their training steps had taken by then
(performance.csv; validation is not counted). A point is seconds and accuracy.
Seconds have a logarithmic axis. Needs nothing.
"""

import argparse
import csv
import math
from html import escape
from pathlib import Path
from statistics import mean

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 24, 52
COLOURS = ("#0b63c5", "#c2410c", "#0e7490", "#15803d", "#7c3aed", "#525252")
TICKS = {10: "10 s", 30: "30 s", 60: "1 min", 180: "3 min", 600: "10 min", 1800: "30 min"}


def read(run):
    """Seconds and accuracy after each epoch of a run."""
    with open(Path(run) / "history.csv") as file:
        accuracies = [float(row["val_accuracy"]) for row in csv.DictReader(file)]
    with open(Path(run) / "performance.csv") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    steps = len(seconds) // len(accuracies)
    return [(seconds[(epoch + 1) * steps - 1], accuracy) for epoch, accuracy in enumerate(accuracies)]


def curve(text):
    name, runs = text.split("=", 1)
    epochs = zip(*map(read, runs.split(",")), strict=True)
    return name, [(mean(s for s, _ in epoch), mean(a for _, a in epoch)) for epoch in epochs]


def point(text):
    name, place = text.split("=", 1)
    seconds, accuracy = map(float, place.split(","))
    return name, [(seconds, accuracy)]


def draw(series):
    points = [point for _, line in series for point in line]
    first, last = (f(math.log(s) for s, _ in points) for f in (min, max))
    first, last = first - 0.2, last + 0.35
    low = math.floor(min(a for _, a in points) * 50) / 50
    high = math.ceil(max(a for _, a in points) * 50) / 50

    def x(seconds):
        return LEFT + (math.log(seconds) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(accuracy):
        return HEIGHT - BOTTOM - (accuracy - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        "<title>Accuracy on the test reviews against time of training</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for percent in range(round(low * 100), round(high * 100) + 1, 2):
        at = y(percent / 100)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#444">{percent} %</text>')
    for seconds, label in TICKS.items():
        if first <= math.log(seconds) <= last:
            at = x(seconds)
            parts.append(f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="#eee"/>')
            parts.append(f'<text x="{at:.1f}" y="{bottom + 20}" text-anchor="middle" fill="#444">{label}</text>')
    parts.append(
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle" fill="#444">training on two cores</text>'
    )
    for (name, line), colour in zip(series, (COLOURS[i % len(COLOURS)] for i in range(len(series)))):
        if len(line) > 1:
            path = " ".join(f"{x(s):.1f},{y(a):.1f}" for s, a in line)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for s, a in line:
            parts.append(f'<circle cx="{x(s):.1f}" cy="{y(a):.1f}" r="{3 if len(line) > 1 else 5}" fill="{colour}"/>')
        s, a = line[-1]
        # Where there is no room to the right of it, a name stands above its point.
        ends = x(s) + 10 + 7.5 * len(name) > right
        anchor, dx, dy = ("end", 0, -10) if ends else ("start", 10, 4)
        parts.append(
            f'<text x="{x(s) + dx:.1f}" y="{y(a) + dy:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description="Draws accuracy against minutes of training.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--curve", type=curve, action="append", default=[], help="NAME=RUN,RUN")
    parser.add_argument("--point", type=point, action="append", default=[], help="NAME=SECONDS,ACCURACY")
    options = parser.parse_args()
    if not options.curve + options.point:
        parser.error("there is nothing to draw")
    options.output.write_text(draw(options.curve + options.point))


if __name__ == "__main__":
    main()
