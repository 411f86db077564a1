"""Accuracy and time of two bags of words on reviews: TF-IDF of pairs of words, and fastText.

    python Scripts/peers/bag_of_words.py aclImdb.zip [--repeat 3]

The archive has the tree …/{train,test}/{pos,neg}/*.txt. The time is that of
counting and training, reading and testing not counted; one thread for TF-IDF,
two for fastText. Prints JSON. Needs scikit-learn and fasttext.
"""

import argparse
import json
import random
import re
import statistics
import tempfile
import time
import zipfile

import fasttext
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser(description="Accuracy and time of two bags of words.")
parser.add_argument("archive")
parser.add_argument("--repeat", type=int, default=3)
options = parser.parse_args()

texts = {"train": [], "test": []}
labels = {"train": [], "test": []}
with zipfile.ZipFile(options.archive) as archive:
    for name in sorted(archive.namelist()):
        found = re.search(r"(train|test)/(pos|neg)/[^/]+\.txt$", name)
        if found:
            part, label = found.groups()
            texts[part].append(archive.read(name).decode())
            labels[part].append(label)


def tfidf():
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=10, solver="liblinear")
    start = time.perf_counter()
    model.fit(vectorizer.fit_transform(texts["train"]), labels["train"])
    seconds = time.perf_counter() - start
    return model.score(vectorizer.transform(texts["test"]), labels["test"]), seconds


def fast_text():
    def words(text):
        return " ".join(re.findall(r"[\w']+", text.lower()))

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        lines = list(zip(texts["train"], labels["train"]))
        # It reads them in the file's order.
        random.Random(0).shuffle(lines)
        start = time.perf_counter()
        for text, label in lines:
            print(f"__label__{label} {words(text)}", file=file)
        file.flush()
        model = fasttext.train_supervised(file.name, wordNgrams=2, epoch=5, lr=0.5, dim=20, thread=2, verbose=0)
        seconds = time.perf_counter() - start
    lines = [words(text) for text in texts["test"]]
    # Not `predict` of a list, which NumPy 2 doesn't take.
    predicted = [model.f.predict(line + "\n", 1, 0.0, "strict")[0][1].removeprefix("__label__") for line in lines]
    return sum(a == b for a, b in zip(predicted, labels["test"])) / len(lines), seconds


figures = {"versions": {"scikit-learn": sklearn.__version__}}
for run in (tfidf, fast_text):
    runs = [run() for _ in range(options.repeat)]
    figures[run.__name__] = {
        "accuracy": statistics.mean(accuracy for accuracy, _ in runs),
        "seconds": statistics.median(seconds for _, seconds in runs),
    }
print(json.dumps(figures))
