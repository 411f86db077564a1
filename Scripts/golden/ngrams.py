"""Makes Tests/NGramsTests/Golden/ngrams.json.

    python Scripts/golden/ngrams.py

Naive-Bayes weighted n-grams of words and characters, and logistic regression
over them at its minimum, found by L-BFGS in float64 instead of coordinate
descent: the logits of texts that weren't trained on. Needs numpy and scipy;
made with numpy 2.4 and scipy 1.17.
"""

import json
import random
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

FILE = Path(__file__).resolve().parents[2] / "Tests/NGramsTests/Golden/ngrams.json"
START = ""


def words(text, order):
    tokens = [START] + text.split()
    return {tuple(tokens[i : i + n]) for n in range(1, order + 1) for i in range(len(tokens) - n + 1)}


def characters(text, shortest, longest):
    result = set()
    for word in text.split():
        if len(word) > 1:
            word = f" {word} "
            result |= {word[i : i + n] for n in range(shortest, longest + 1) for i in range(len(word) - n + 1)}
    return result


def matrix(texts, grams):
    return np.array([[gram in text for gram in grams] for text in texts], float)


def logits(case, training, labels, held_out):
    blocks = []
    for find in (lambda t: words(t, case["order"]), lambda t: characters(t, 3, case["longestCharacters"])):
        found = [find(text) for text in training]
        counts = {}
        for text in found:
            for gram in text:
                counts[gram] = counts.get(gram, 0) + 1
        grams = sorted(gram for gram, count in counts.items() if count >= case["minimumCount"])
        if grams:
            blocks.append((matrix(found, grams), matrix([find(text) for text in held_out], grams)))
    weights = np.array(case["classWeights"] or [1] * case["labelCount"])[labels]
    columns = []
    for label in [1] if case["labelCount"] == 2 else range(case["labelCount"]):
        is_label = labels == label
        parts = []
        for own, others in blocks:
            p, q = own[is_label].sum(0) + 1, own[~is_label].sum(0) + 1
            ratios = np.log((p / p.sum()) / (q / q.sum()))
            scaled = []
            for m in (own, others):
                m = m * ratios
                norm = np.sqrt((m * m).sum(1, keepdims=True))
                scaled.append(m / np.where(norm > 0, norm, 1) * np.sqrt(0.5))
            parts.append(scaled)
        x, z = (np.hstack([part[i] for part in parts] + [np.ones((len(part_texts), 1))])
                for i, part_texts in ((0, training), (1, held_out)))  # fmt: skip
        y = np.where(is_label, 1.0, -1.0)

        def loss(w, x=x, y=y):
            margins = y * (x @ w)
            share = weights * case["cost"]
            value = 0.5 * w @ w + (share * np.logaddexp(0, -margins)).sum()
            return value, w - x.T @ (share * y / (1 + np.exp(margins)))

        best = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B",
                        options=dict(maxiter=10_000, maxfun=100_000, ftol=1e-15, gtol=1e-9))  # fmt: skip
        columns.append(z @ best.x)
    return np.stack(columns, 1)


def main():
    generator = random.Random(0)
    stems = ["gut", "schön", "mies", "film", "das", "ein", "sehr", "nicht", "i", "über", "ort", "zahl"]
    texts, labels = [], []
    for _ in range(160):
        label = generator.randrange(3)
        own = generator.choices(
            stems, [4 if i % 3 == label else 1 for i in range(len(stems))], k=generator.randint(0, 9)
        )
        texts.append(" ".join(w + generator.choice(["", "e", "er", "es"]) for w in own))
        labels.append(label)
    cases = []
    for settings in (
        dict(labelCount=2, order=3, minimumCount=2, longestCharacters=5, cost=8.0, classWeights=None),
        dict(labelCount=2, order=1, minimumCount=1, longestCharacters=0, cost=2.0, classWeights=[1.0, 3.0]),
        dict(labelCount=3, order=2, minimumCount=3, longestCharacters=4, cost=20.0, classWeights=None),
    ):
        own = np.array(labels) % settings["labelCount"]
        cases.append(
            settings
            | dict(labels=own.tolist(), logits=logits(settings, texts[:120], own[:120], texts[120:]).round(6).tolist())
        )
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(dict(texts=texts, trainingCount=120, cases=cases), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
