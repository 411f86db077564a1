"""Trains on nine published tasks, beside other tools, and draws a table and a picture.

    python Scripts/scoreboard.py --data FOLDER [--lstm .build/release/lstm] [--seeds 3] [--tasks mr,trec]
        [--peers ngrams,tfidf,nbsvm,fasttext] [--minutes M] [--output FOLDER]

FOLDER holds aclImdb.zip, 20news-bydate.zip, and a folder for each other task with train.csv and test.csv (columns label and
text). lstm gets nothing but the data, and their encoding; what it prints last is the accuracy on the test part. The peers
are lstm's n-grams without a network; scikit-learn's TF-IDF of word pairs with logistic regression, C chosen on a tenth of
the training texts; naive-Bayes weighted n-grams of one to three words with the same; and fastText, tuning itself for as
long as lstm took. With --minutes, lstm tunes itself as well, and it and fastText have so many for that. Needs scikit-learn
and fasttext-wheel for the peers, and no package for lstm alone.

results.json, table.md and accuracy.svg go to the output's folder; tasks that results.json has already are not run again.
"""

import argparse
import csv
import json
import multiprocessing
import os
import re
import resource
import subprocess
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

TASKS = {
    "IMDB": "aclImdb.zip",
    "20 Newsgroups": "20news-bydate.zip",
    "MR": "mr",
    "SST-2": "sst2",
    "Subj": "subj",
    "CR": "cr",
    "MPQA": "mpqa",
    "TREC": "trec",
    "Chinese": "chn",
}
LATIN1 = {"20 Newsgroups"}
PEERS = {"ngrams": "lstm --hidden-size 0", "tfidf": "TF-IDF, logistic regression", "nbsvm": "naive-Bayes n-grams",
         "fasttext": "fastText, autotuned"}  # fmt: skip


def texts(path, task):
    """((texts, labels) to train on, (texts, labels) to test on)."""
    parts = {"train": ([], []), "test": ([], [])}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                match = re.search(r"(train|test)/([^/]+)/[^/]+$", name)
                if match and match[2] != "unsup":
                    parts[match[1]][0].append(archive.read(name).decode("latin1" if task in LATIN1 else "utf8"))
                    parts[match[1]][1].append(match[2])
    else:
        for part, (found, labels) in parts.items():
            with open(path / f"{part}.csv", encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    found.append(row["text"])
                    labels.append(row["label"])
    return parts["train"], parts["test"]


def run_lstm(command, path, task, seed, *options, job="train"):
    with tempfile.TemporaryDirectory() as folder:
        arguments = [command, job, "--data", str(path), "--output", folder + "/run", "--seed", str(seed)]
        arguments += options
        if task in LATIN1:
            arguments += ["--encoding", "latin1"]
        start = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            raise SystemExit(f"{task}: lstm failed:\n{output}")
        accuracy = float(re.findall(r"^Test .*accuracy: ([0-9.]+)", output, re.MULTILINE)[-1])
        return dict(accuracy=accuracy, seconds=seconds, megabytes=usage.ru_maxrss / 1024, cpu=usage.ru_utime)


def regression(kind, train, test, is_characters):
    import numpy as np
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    labels = sorted(set(train[1]))
    own = np.array([labels.index(label) for label in train[1]])
    unit = dict(
        analyzer="char" if is_characters else "word",
        token_pattern=r"\w+|[^\w\s]" if kind == "nbsvm" else r"(?u)\b\w\w+\b",
    )
    if kind == "tfidf":
        vectorizer = TfidfVectorizer(ngram_range=(1, 3 if is_characters else 2), sublinear_tf=True, min_df=2, **unit)
    else:
        vectorizer = CountVectorizer(ngram_range=(1, 3), binary=True, min_df=2, **unit)
    x, z = vectorizer.fit_transform(train[0]).tocsr(), vectorizer.transform(test[0]).tocsr()

    def scores(x, y, z, cost):
        if kind == "tfidf":
            model = LogisticRegression(C=cost, max_iter=1000).fit(x, y)
            return model.predict(z)
        columns = []
        for label in [1] if len(labels) == 2 else range(len(labels)):
            p, q = (np.asarray(x[(y == label) == side].sum(0)).ravel() + 1 for side in (True, False))
            ratio = sparse.diags(np.log((p / p.sum()) / (q / q.sum())))
            scaled = [m @ ratio for m in (x, z)]
            for index, m in enumerate(scaled):
                norm = np.sqrt(np.asarray(m.multiply(m).sum(1)).ravel())
                scaled[index] = sparse.diags(1 / np.where(norm > 0, norm, 1)) @ m
            model = LogisticRegression(C=cost, solver="liblinear", dual=True).fit(scaled[0], y == label)
            columns.append(model.decision_function(scaled[1]))
        return (columns[0] > 0).astype(int) if len(columns) == 1 else np.argmax(columns, 0)

    part, held_out = train_test_split(np.arange(len(own)), test_size=0.1, random_state=0, stratify=own)
    best = max((1, 10, 30, 100), key=lambda c: (scores(x[part], own[part], x[held_out], c) == own[held_out]).mean())
    truth = np.array([labels.index(label) if label in labels else -1 for label in test[1]])
    return float((scores(x, own, z, best) == truth).mean())


def fasttext(train, test, seconds, is_characters):
    import fasttext as library

    def line(text, label):
        words = " ".join(text) if is_characters else " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))
        return f"__label__{label.replace(' ', '_')} {words}\n"

    with tempfile.TemporaryDirectory() as folder:
        lines = [line(*row) for row in zip(*train)]
        Path(folder, "train").write_text("".join(row for i, row in enumerate(lines) if i % 10))
        Path(folder, "valid").write_text("".join(lines[::10]))
        model = library.train_supervised(
            f"{folder}/train",
            autotuneValidationFile=f"{folder}/valid",
            autotuneDuration=max(10, int(seconds)),
            verbose=0,
        )
        Path(folder, "test").write_text("".join(line(*row) for row in zip(*test)))
        return model.test(f"{folder}/test")[1]


def run_peer(name, command, path, task, seconds):
    if name == "ngrams":
        return run_lstm(command, path, task, 0, "--hidden-size", "0")
    train, test = texts(path, task)
    is_characters = task == "Chinese"
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.perf_counter()
    accuracy = (
        fasttext(train, test, seconds, is_characters)
        if name == "fasttext"
        else regression(name, train, test, is_characters)
    )
    return dict(
        accuracy=accuracy,
        seconds=time.perf_counter() - start,
        cpu=resource.getrusage(resource.RUSAGE_SELF).ru_utime - before,
    )


def mean(rows, key):
    return sum(row[key] for row in rows) / len(rows)


def table(results, peers):
    jobs = [job for job in ("lstm", "lstm tune") if any(job in result for result in results.values())]
    lines = ["| task |" + "".join(f" {job}, mean of seeds | from–to | seconds | MiB |" for job in jobs)
             + "".join(f" {PEERS[peer]} | s |" for peer in peers),
             "|---|" + "---|---|---|---|" * len(jobs) + "---|---|" * len(peers)]  # fmt: skip
    for task, result in results.items():
        line = f"| {task} |"
        for job in jobs:
            rows = result.get(job, [])
            found = [row["accuracy"] for row in rows]
            line += (f" {mean(rows, 'accuracy'):.4f} | {min(found):.4f}–{max(found):.4f} | {mean(rows, 'seconds'):.0f} | "
                     f"{max(row['megabytes'] for row in rows):.0f} |") if rows else " | | | |"  # fmt: skip
        for peer in peers:
            row = result.get(peer)
            line += f" {row['accuracy']:.4f} | {row['seconds']:.0f} |" if row else " | |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def picture(results, peers):
    """Accuracy against seconds, a small picture for each task."""
    import math

    width, height, columns = 240, 190, 3
    colors = {"lstm": "#0b6", "ngrams": "#4db", "tfidf": "#c60", "nbsvm": "#06c", "fasttext": "#a3c"}
    names = {"lstm": "lstm"} | PEERS
    rows = -(-len(results) // columns)
    svg = [(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * width} {rows * height + 40}" '
            f'font-family="sans-serif" font-size="11" role="img" aria-label="Accuracy against seconds on {len(results)} tasks">'),
           '<rect width="100%" height="100%" fill="#fff"/>']  # fmt: skip
    for index, (task, result) in enumerate(results.items()):
        left, top = index % columns * width + 40, index // columns * height + 26
        points = [("lstm", mean(result["lstm"], "seconds"), mean(result["lstm"], "accuracy"))]
        points += [(peer, result[peer]["seconds"], result[peer]["accuracy"]) for peer in peers if peer in result]
        low, high = min(p[2] for p in points) - 0.005, max(p[2] for p in points) + 0.005
        plot_width, plot_height = width - 60, height - 60
        svg.append(f'<text x="{left}" y="{top - 8}" font-weight="bold">{task}</text>')
        svg.append(
            f'<rect x="{left}" y="{top}" width="{plot_width}" height="{plot_height}" fill="none" stroke="#ccc"/>'
        )
        for value in (low, high):
            y = top + plot_height * (high - value) / (high - low)
            svg.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end" fill="#666">{100 * value:.1f}</text>')
        for second in (1, 10, 100):
            x = left + plot_width * math.log10(second / 0.3) / math.log10(2000)
            svg.append(
                f'<text x="{x:.1f}" y="{top + plot_height + 14}" text-anchor="middle" fill="#666">{second} s</text>'
            )
        for name, seconds, accuracy in points:
            x = left + plot_width * math.log10(max(seconds, 0.3) / 0.3) / math.log10(2000)
            y = top + plot_height * (high - accuracy) / (high - low)
            svg.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colors[name]}"><title>{names[name]}: {accuracy:.4f} in '
                       f"{seconds:.0f} s</title></circle>")  # fmt: skip
    x = 40
    for name in ["lstm", *peers]:
        svg.append(f'<circle cx="{x}" cy="{rows * height + 20}" r="5" fill="{colors[name]}"/>'
                   f'<text x="{x + 10}" y="{rows * height + 24}">{names[name]}</text>')  # fmt: skip
        x += 26 + 5.7 * len(names[name])
    return "\n".join(svg + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--imdb", type=Path, help="aclImdb.zip, if it is elsewhere")
    parser.add_argument("--lstm", default=".build/release/lstm")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", help="names or folders, with commas between them")
    parser.add_argument("--peers", default="")
    parser.add_argument("--minutes", type=float, help="for lstm tune, and fastText")
    parser.add_argument("--output", type=Path, default=Path("Data/scoreboard"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    peers = [peer for peer in options.peers.split(",") if peer]
    file = options.output / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    jobs = {"lstm": ["train"]}
    if options.minutes:
        jobs["lstm tune"] = ["tune", "--minutes", f"{options.minutes}"]
    for task, source in TASKS.items():
        if options.tasks and not {task, source} & set(options.tasks.split(",")):
            continue
        path = options.imdb if task == "IMDB" and options.imdb else options.data / source
        result = results.setdefault(task, {"lstm": []})
        for name, (job, *arguments) in jobs.items():
            rows = result.setdefault(name, [])
            for seed in range(len(rows), options.seeds):
                rows.append(run_lstm(options.lstm, path, task, seed, *arguments, job=job))
                print(task, name, "seed", seed, rows[-1], flush=True)
                file.write_text(json.dumps(results, indent=1))
        for peer in peers:
            if peer not in result:
                seconds = 60 * options.minutes if options.minutes else mean(result["lstm"], "seconds")
                # Apart, as a process's peak of memory is at least that of the one that began it.
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                    result[peer] = pool.submit(run_peer, peer, options.lstm, path, task, seconds).result()
                print(task, peer, result[peer], flush=True)
                file.write_text(json.dumps(results, indent=1))
    results = {task: results[task] for task in TASKS if task in results}
    (options.output / "table.md").write_text(table(results, peers))
    (options.output / "accuracy.svg").write_text(picture(results, peers))
    print((options.output / "table.md").read_text())


if __name__ == "__main__":
    main()
