#!/usr/bin/env python3
"""Measures how hard Data/sample.npz is. The figures in Data/README.md come from here.

    Scripts/check-sample.py bag-of-words             needs scikit-learn
    Scripts/check-sample.py lstm [--seeds 0 1 2 3]   needs torch; reads the settings from Data/sample.options

The LSTM is the tutorial's network with Keras's initialisers and Adam, in PyTorch: a second opinion on `lstm train`,
and slower than it.
"""

import argparse
import math
import pathlib
import sys
import time
import warnings

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Data"


def load(vocabulary_size):
    """Keras's load_data: 1 starts a review, 2 stands for a word outside of the vocabulary, ranks move up by 3."""
    warnings.simplefilter("ignore")  # newer numpy versions frown on old pickles
    with np.load(FOLDER / "sample.npz", allow_pickle=True) as file:
        train, test = (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])

    def coded(ranks):
        return [1] + [rank + 3 if rank + 3 < vocabulary_size else 2 for rank in ranks]

    return [([coded(ranks) for ranks in x], y) for x, y in (train, test)]


def bag_of_words():
    import sklearn
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    print(f"Python {sys.version.split()[0]}, numpy {np.__version__}, scikit-learn {sklearn.__version__}")
    (x_train, y_train), (x_test, y_test) = load(vocabulary_size=1 << 30)
    texts = [[" ".join(map(str, review)) for review in reviews] for reviews in (x_train, x_test)]
    for name, vectorizer in [
        ("word counts", CountVectorizer(token_pattern=r"\S+")),
        ("word presence", CountVectorizer(token_pattern=r"\S+", binary=True)),
        ("TF-IDF", TfidfVectorizer(token_pattern=r"\S+")),
        ("TF-IDF of words and pairs", TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2))),
    ]:
        train, test = vectorizer.fit_transform(texts[0]), vectorizer.transform(texts[1])
        best = max(
            LogisticRegression(C=strength, max_iter=5000).fit(train, y_train).score(test, y_test)
            for strength in (0.01, 0.1, 1, 10)
        )
        print(f"{name}: test accuracy {best:.4f} (best of four regularisations)", flush=True)


def lstm(seeds, settings):
    import torch
    from torch import nn

    torch.set_num_threads(1)
    print(f"Python {sys.version.split()[0]}, numpy {np.__version__}, torch {torch.__version__}; {settings}")
    vocabulary, length = settings["vocabulary-size"], settings["max-length"]
    embedding, hidden = settings["embedding-size"], settings["hidden-size"]

    def padded(reviews):
        return torch.tensor([[0] * (length - len(review)) + review[-length:] for review in reviews])

    (x_train, y_train), (x_test, y_test) = load(vocabulary)
    x_train, x_test = padded(x_train), padded(x_test)
    y_train, y_test = torch.tensor(y_train, dtype=torch.float32), torch.tensor(y_test, dtype=torch.float32)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, embedding)
            self.lstm = nn.LSTM(embedding, hidden, batch_first=True)
            self.dense = nn.Linear(hidden, 1)
            nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
            limit = math.sqrt(6 / (embedding + 4 * hidden))
            nn.init.uniform_(self.lstm.weight_ih_l0, -limit, limit)
            nn.init.orthogonal_(self.lstm.weight_hh_l0)
            nn.init.zeros_(self.lstm.bias_ih_l0)
            nn.init.zeros_(self.lstm.bias_hh_l0)
            self.lstm.bias_hh_l0.requires_grad = False  # Keras has one bias
            nn.init.ones_(self.lstm.bias_ih_l0.data[hidden : 2 * hidden])  # of the forget gate
            nn.init.xavier_uniform_(self.dense.weight)
            nn.init.zeros_(self.dense.bias)

        def forward(self, x):
            return self.dense(self.lstm(self.embedding(x))[0][:, -1]).squeeze(1)

    def accuracy(network):
        with torch.no_grad():
            return ((network(x_test) > 0).float() == y_test).float().mean().item()

    for seed in seeds:
        torch.manual_seed(seed)
        network, started = Network(), time.time()
        adam = torch.optim.Adam(
            [p for p in network.parameters() if p.requires_grad], lr=settings["learning-rate"], eps=1e-7
        )
        course = []
        for _ in range(settings["epochs"]):
            for rows in torch.randperm(len(x_train)).split(settings["batch-size"]):
                adam.zero_grad()
                nn.functional.binary_cross_entropy_with_logits(network(x_train[rows]), y_train[rows]).backward()
                adam.step()
            course.append(accuracy(network))
        print(
            f"seed {seed}: test accuracy {course[-1]:.4f} after {time.time() - started:.0f} s; by epoch: "
            + " ".join(f"{value:.3f}" for value in course),
            flush=True,
        )


def sample_settings():
    """The settings of Data/sample.options, one `--name value` a line."""
    lines = (FOLDER / "sample.options").read_text().splitlines()
    pairs = [line.split() for line in lines if line.startswith("--")]
    return {name[2:]: float(value) if "." in value else int(value) for name, value in pairs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("bag-of-words")
    commands.add_parser("lstm").add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    options = parser.parse_args()
    if options.command == "bag-of-words":
        bag_of_words()
    else:
        lstm(options.seeds, sample_settings())


if __name__ == "__main__":
    main()
