"""Makes Tests/CommandTests/Golden/summary.json.

    python Scripts/golden/summary_keras.py

What Keras's `summary()` says of the networks that the tests of `lstm inspect`
show: for each layer its name, output shape and parameters, and the totals
below, line by line. Needs keras and a backend.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["COLUMNS"] = "160"  # or the last column is cut off

from pathlib import Path

import keras
import numpy as np

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/CommandTests/Golden/summary.json"


def summary(layers, trained):
    keras.utils.clear_session()  # names count from the start again
    model = keras.Sequential([keras.Input((None,)), *layers()])
    if trained:
        model.compile("adam", "binary_crossentropy")
        model.train_on_batch(np.ones((2, 3)), np.array([0, 1]))
    # Bidirectional and pooling show their shapes only once they have been called.
    model(np.ones((2, 3)))
    lines = []
    model.summary(print_fn=lambda text, line_break=False: lines.extend(text.splitlines()), line_length=150)
    cells = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines if "│" in line]
    return {"layers": cells, "totals": [line.strip() for line in lines if "params:" in line]}


def tutorial():
    return [keras.layers.Embedding(100, 8), keras.layers.LSTM(12), keras.layers.Dense(1, activation="sigmoid")]


def stacked():
    return [
        keras.layers.Embedding(50, 4),
        keras.layers.Bidirectional(keras.layers.LSTM(10, return_sequences=True)),
        keras.layers.Bidirectional(keras.layers.LSTM(10, return_sequences=True)),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(3, activation="softmax"),
    ]


if __name__ == "__main__":
    layout.write(FILE, {
        "madeBy": "Scripts/golden/summary_keras.py",
        "versions": layout.versions(np, keras),
        "tutorial": summary(tutorial, trained=True),
        "stacked": summary(stacked, trained=False),
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
