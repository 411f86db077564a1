"""Tries settings on films that training has not seen, as the preset `accurate` was found.

    python Scripts/search.py aclImdb.zip OUTPUT [--lstm .build/release/lstm] [--seeds 1] [NAME …]

The test reviews are never read. The archive numbers the training reviews of a
label film by film, so those numbered 10,000 and up are of other films than
those before; OUTPUT/films.zip has them as its test part. (A random part would
share its films with the rest: names of films and actors learnt by heart then
look like knowledge.) Each setting of TRIED is trained with the same seeds, and
its validation accuracy after each epoch is printed as a row of a table, which
OUTPUT/search.md keeps. A run that is there already is not repeated.
"""

import argparse
import csv
import subprocess
import zipfile
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[1]

BASE = dict(preset="accurate")
TRIED = {
    "as the preset": {},
}  # fmt: skip


def split_films(archive, path):
    """Writes the training reviews anew, those of the last films as test part."""
    part = path.with_suffix(".partial")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name in sorted(source.namelist()):
            folders = Path(name).parts
            if folders[-3:-2] != ("train",) or folders[-2] not in ("pos", "neg") or not name.endswith(".txt"):
                continue
            number = int(folders[-1].split("_")[0])
            target.writestr("/".join(("test" if number >= 10_000 else "train", *folders[-2:])), source.read(name))
    part.rename(path)


def train(lstm, data, folder, settings):
    arguments = [lstm, "train", "--quiet", "--data", data, "--output", folder]
    for name, value in settings.items():
        name = f"--{name.replace('_', '-')}"
        arguments += [name] if value is True else [name, str(value)]
    if not (folder / "history.csv").exists():
        subprocess.run(arguments, check=True)
    with open(folder / "history.csv") as file:
        accuracies = [float(row["val_accuracy"]) for row in csv.DictReader(file)]
    with open(folder / "performance.csv") as file:
        seconds = float([row["seconds"] for row in csv.DictReader(file)][-1])
    return accuracies, seconds


def main():
    parser = argparse.ArgumentParser(description="Tries settings on films that training has not seen.")
    parser.add_argument("archive", type=Path, help="aclImdb as a zip archive")
    parser.add_argument("output", type=Path, help="a folder for the runs")
    parser.add_argument("names", nargs="*", help=f"which of: {', '.join(TRIED)} (all)")
    parser.add_argument("--lstm", default=ROOT / ".build/release/lstm")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    data = options.output / "films.zip"
    if not data.exists():
        split_films(options.archive, data)

    table = ["| setting | accuracy after each epoch | s |", "|---|---|---|"]
    print(*table, sep="\n")
    for name in options.names or TRIED:
        runs = []
        for seed in range(options.seeds):
            folder = options.output / f"{name.replace(' ', '-')}-{seed}"
            runs.append(train(options.lstm, data, folder, BASE | TRIED[name] | dict(seed=seed)))
        curve = " ".join(f"{mean(epoch):.4f}" for epoch in zip(*(accuracies for accuracies, _ in runs)))
        table.append(f"| {name} | {curve} | {mean(seconds for _, seconds in runs):.0f} |")
        print(table[-1], flush=True)
    (options.output / "search.md").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
