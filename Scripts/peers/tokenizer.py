"""Times Python on texts in a zip archive: zipfile reads them, Keras's Tokenizer counts and codes their words.

    python Scripts/peers/tokenizer.py ARCHIVE [--lstm .build/release/lstm] [--repeat 3]

The archive has the tree …/{train,test}/{pos,neg}/*.txt. With --lstm, `lstm inspect` on the same archive takes turns
with it. Prints one line of JSON. Needs keras.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import time
import zipfile

parser = argparse.ArgumentParser(description="Times zipfile and Keras's Tokenizer.")
parser.add_argument("archive")
parser.add_argument("--lstm", help="the executable to compare with")
parser.add_argument("--repeat", type=int, default=3)
options = parser.parse_args()
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

import keras
from keras.src.legacy.preprocessing.text import Tokenizer

import worker


def read():
    parts = {"train": [], "test": []}
    with zipfile.ZipFile(options.archive) as archive:
        for name in archive.namelist():
            found = re.search(r"(train|test)/(pos|neg)/(\d+)_\d+\.txt$", name)
            if found:
                part, label, number = found.groups()
                parts[part].append((label != "pos", int(number), archive.read(name).decode()))
    return [[text for _, _, text in sorted(parts[part])] for part in ("train", "test")]


def once():
    start = time.perf_counter()
    train, test = read()
    tokenizer = Tokenizer(num_words=1000)
    tokenizer.fit_on_texts(train)
    tokenizer.texts_to_sequences(train)
    tokenizer.texts_to_sequences(test)
    return time.perf_counter() - start


def lstm():
    start = time.perf_counter()
    subprocess.run([options.lstm, "inspect", options.archive], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


theirs, ours = [], []
for _ in range(options.repeat):
    theirs.append(once())
    if options.lstm:
        ours.append(lstm())
figures = {"versions": {"keras": keras.__version__}, "seconds": theirs, "peakBytes": worker.peak_bytes()}
if options.lstm:
    figures |= {"lstmSeconds": ours, "ratio": statistics.median(a / b for a, b in zip(theirs, ours))}
print(json.dumps(figures))
