"""The whole Keras tutorial: data, three epochs and validation, with the seconds that each part takes.

    python Scripts/peers/keras_tutorial.py [--data FOLDER] [--epochs 3] [--threads 2] [--seed 0]

Prints one line of JSON. Needs tensorflow-cpu and keras.
"""

import argparse
import json
import os
import time
from pathlib import Path

parser = argparse.ArgumentParser(description="Times the Keras tutorial.")
parser.add_argument("--data", type=Path, help="a folder with imdb.npz (default: Keras downloads it)")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

began = time.perf_counter()
import tensorflow

tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)

import keras

import local_imdb
import worker

local_imdb.use(options.data)

imported = time.perf_counter()
keras.utils.set_random_seed(options.seed)
(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=1000)
x_train = keras.utils.pad_sequences(x_train, maxlen=400)
x_test = keras.utils.pad_sequences(x_test, maxlen=400)
loaded = time.perf_counter()

model = keras.Sequential([
    keras.layers.Embedding(1000, 128),
    keras.layers.LSTM(128),
    keras.layers.Dense(1, activation="sigmoid"),
])  # fmt: skip
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])


class Clock(keras.callbacks.Callback):
    epochs, validations = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.test_start = time.perf_counter()

    def on_test_end(self, logs=None):
        self.validations.append(round(time.perf_counter() - self.test_start, 2))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(round(time.perf_counter() - self.start, 2))


clock = Clock()
history = model.fit(x_train, y_train, batch_size=1000, epochs=options.epochs,
                    validation_data=(x_test, y_test), callbacks=[clock], verbose=2).history  # fmt: skip
ended = time.perf_counter()
print(json.dumps({
    "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
    "threads": options.threads,
    "seconds": {
        "import": round(imported - began, 2),
        "data": round(loaded - imported, 2),
        "fit": round(ended - loaded, 2),
        "all": round(ended - began, 2),
        "epochs": clock.epochs,  # validation included
        "validations": clock.validations,
    },
    "history": {name: [round(value, 4) for value in values] for name, values in history.items()},
    "peakBytes": worker.peak_bytes(),
}))  # fmt: skip
