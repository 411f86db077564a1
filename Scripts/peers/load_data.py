"""Times Keras's imdb.load_data and pad_sequences: the median of five.

    python Scripts/peers/load_data.py [--data FOLDER] [--repeat 5]

Prints one line of JSON. The first run, which may find the file uncached, is not
counted. Keras checks the file's SHA-256 in every run. Needs keras.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

parser = argparse.ArgumentParser(description="Times Keras's data loading.")
parser.add_argument("--data", type=Path, help="a folder with imdb.npz (default: Keras downloads it)")
parser.add_argument("--repeat", type=int, default=5)
options = parser.parse_args()
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

import keras

import local_imdb
import worker

local_imdb.use(options.data)

loads, pads = [], []
for _ in range(options.repeat + 1):
    start = time.perf_counter()
    (x_train, _), (x_test, _) = keras.datasets.imdb.load_data(num_words=1000)
    loaded = time.perf_counter()
    keras.utils.pad_sequences(x_train, maxlen=400)
    keras.utils.pad_sequences(x_test, maxlen=400)
    loads.append(loaded - start)
    pads.append(time.perf_counter() - loaded)

print(json.dumps({
    "versions": {"keras": keras.__version__},
    "loadSeconds": round(statistics.median(loads[1:]), 4),
    "padSeconds": round(statistics.median(pads[1:]), 4),
    "seconds": round(statistics.median(a + b for a, b in zip(loads[1:], pads[1:])), 4),
    "peakBytes": worker.peak_bytes(),
}))  # fmt: skip
