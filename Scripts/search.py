"""Tries settings on films that training has not seen, as the preset `accurate` was found.

    python Scripts/search.py aclImdb.zip OUTPUT [--lstm .build/release/lstm] [--seeds 1] [NAME …]

The test reviews are never read. The archive numbers the training reviews of a
label film by film, so those numbered 10,000 and up are of other films than
those before; OUTPUT/films.zip has them as its test part. (A random part would
share its films with the rest: names of films and actors learned by heart then
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

# What the search began with; the preset is what it ended with.
BASE = dict(vocabulary_size=10_000, max_length=1000, bidirectional=True, pooling="mean", mask_padding=True, hidden_size=64,
            dropout_words=0.5, dropout_recurrent=0.2, dropout_output=0.5, batch_size=100, epochs=5, learning_rate=0.002,
            schedule="cosine", warmup_steps=50, final_fraction=0.02)  # fmt: skip
MAX = dict(pooling="max")
V5K, V30K = dict(vocabulary_size=5000), dict(vocabulary_size=30_000)
ONE_HOT = MAX | dict(embedding_size=0, epochs=12)
SLOW = ONE_HOT | dict(epsilon=1e-4, learning_rate=0.006)
FEWER = SLOW | dict(dropout_words=0.2)
PRESET = dict(preset="accurate")
TRIED = {
    "an embedding, the mean over time": {},
    "3,000 words": dict(vocabulary_size=3000),
    "5,000 words": V5K,
    "30,000 words": V30K,
    "weight decay 0.3": dict(weight_decay=0.3),
    "epsilon 1e-4, rate 0.004": dict(epsilon=1e-4, learning_rate=0.004),
    "5,000 words, 30 % of them dropped": V5K | dict(dropout_words=0.3),
    "5,000 words, 60 % of them dropped": V5K | dict(dropout_words=0.6),
    "5,000 words, hidden size 128": V5K | dict(hidden_size=128),
    "5,000 words, 8 epochs": V5K | dict(epochs=8),
    "5,000 words, the maximum over time": V5K | MAX,
    "one-hot words, epsilon 1e-7, rate 0.002": ONE_HOT,
    "one-hot words, epsilon 3e-5, rate 0.004, 20 % dropped": FEWER | dict(epsilon=3e-5, learning_rate=0.004),
    "one-hot words, epsilon 1e-4, rate 0.006": SLOW,
    "one-hot words, epsilon 1e-4, rate 0.012": SLOW | dict(learning_rate=0.012),
    "one-hot words, epsilon 3e-4, rate 0.012": SLOW | dict(epsilon=3e-4, learning_rate=0.012),
    "one-hot words, the mean over time": SLOW | dict(pooling="mean"),
    "one-hot words, hidden size 128": SLOW | dict(hidden_size=128),
    "one-hot words, 30,000 of them": SLOW | V30K,
    "one-hot words, 20 % dropped": FEWER,
    "… 30,000 of them": FEWER | V30K,
    "… batches of 50, rate 0.004": FEWER | dict(batch_size=50, learning_rate=0.004),
    "… batches of 200, rate 0.008": FEWER | dict(batch_size=200, learning_rate=0.008),
    "… hidden size 128 and 16 epochs": FEWER | dict(hidden_size=128, epochs=16),
    "… nothing of the state dropped": FEWER | dict(dropout_recurrent=0),
    "… 40 % of the state dropped": FEWER | dict(dropout_recurrent=0.4),
    "as the preset": PRESET,
    "… hidden size 128": PRESET | dict(hidden_size=128),
    "… 2 layers, 30 % dropped between them": PRESET | dict(layers=2, dropout_layers=0.3),
    "… weight decay 0.05": PRESET | dict(weight_decay=0.05),
    "… weight decay 0.3": PRESET | dict(weight_decay=0.3),
    "… gradients cut at a global norm of 0.3": PRESET | dict(clip_global_norm=0.3),
}  # fmt: skip


def split_films(archive, path):
    """Writes the training reviews anew, those of the last films as test part."""
    part = path.with_suffix(".partial")
    with (
        zipfile.ZipFile(archive) as source,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for name in sorted(source.namelist()):
            folders = Path(name).parts
            if folders[-3:-2] != ("train",) or folders[-2] not in ("pos", "neg") or not name.endswith(".txt"):
                continue
            number = int(folders[-1].split("_")[0])
            target.writestr("/".join(("test" if number >= 10_000 else "train", *folders[-2:])), source.read(name))
    part.rename(path)


def settings(name):
    return TRIED[name] if "preset" in TRIED[name] else BASE | TRIED[name]


def train(lstm, data, folder, options):
    part = folder.with_name(folder.name + ".partial")
    arguments = [lstm, "train", "--quiet", "--overwrite", "--data", data, "--output", part]
    # Without a preset, settings would follow from the texts.
    for name, value in ({"preset": "tutorial"} | options).items():
        name = f"--{name.replace('_', '-')}"
        arguments += [name] if value is True else [name, str(value)]
    if not folder.exists():
        subprocess.run(arguments, check=True)
        part.rename(folder)
    with open(folder / "history.csv") as file:
        accuracies = [float(row["val_accuracy"]) for row in csv.DictReader(file)]
    with open(folder / "performance.csv") as file:
        seconds = float([row["seconds"] for row in csv.DictReader(file)][-1])
    return accuracies, seconds


def main():
    parser = argparse.ArgumentParser(description="Tries settings on films that training has not seen.")
    parser.add_argument("archive", type=Path, help="aclImdb as a zip archive")
    parser.add_argument("output", type=Path, help="a folder for the runs")
    parser.add_argument("names", nargs="*", help=f"which settings (all): {'; '.join(TRIED)}".replace("%", "%%"))
    parser.add_argument("--lstm", default=ROOT / ".build/release/lstm")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    if unknown := set(options.names) - set(TRIED):
        parser.error(f"there is no setting {', '.join(sorted(unknown))}")
    options.output.mkdir(parents=True, exist_ok=True)
    data = options.output / "films.zip"
    if not data.exists():
        split_films(options.archive, data)

    table = ["| setting | accuracy after each epoch | s |", "|---|---|---|"]
    print(*table, sep="\n")
    for number, name in enumerate(TRIED):
        if options.names and name not in options.names:
            continue
        runs = []
        for seed in range(options.seeds):
            folder = options.output / f"{number}-{seed}"
            runs.append(train(options.lstm, data, folder, settings(name) | dict(seed=seed)))
        curve = " ".join(f"{mean(epoch):.4f}" for epoch in zip(*(accuracies for accuracies, _ in runs)))
        table.append(f"| {name} | {curve} | {mean(seconds for _, seconds in runs):.0f} |")
        print(table[-1], flush=True)
    (options.output / "search.md").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
