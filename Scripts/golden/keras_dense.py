"""Writes Tests/ModelsTests/Golden/dense.keras and keras_dense.json: dense layers below the last, as the real Keras saves them.

    python Scripts/golden/keras_dense.py

Ran with Keras 3.15.1 on TensorFlow 2.21.0. With the sequences of keras_files.py: weights, predictions and Adam's state
after three steps, and the loss and the weights of the next. Nothing is dropped in these steps.
"""

import json
import os
import zipfile
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parents[2] / "Tests/ModelsTests/Golden"
TOKENS = np.array([[0, 0, 1, 4], [1, 2, 3, 4], [0, 1, 1, 3], [4, 3, 2, 1], [0, 0, 0, 2], [2, 2, 2, 2]])
LABELS = np.array([[1], [0], [1], [0], [0], [1]], np.float32)


def flat(variables):
    return [float(x) for v in variables for x in np.ravel(keras.ops.convert_to_numpy(v))]


def compact(path):
    """The archive compressed anew, which Keras does not do: its HDF5 is mostly zeros."""
    with zipfile.ZipFile(path) as source:
        entries = [(name, source.read(name)) for name in source.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in entries:
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def step(model):
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=TOKENS, y=tf.constant(LABELS), y_pred=model(TOKENS, training=False))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    model.optimizer.apply([tf.convert_to_tensor(g) for g in gradients], variables)
    return float(loss)


if __name__ == "__main__":
    keras.utils.set_random_seed(7)
    model = keras.Sequential([
        keras.Input((None,)),
        keras.layers.Embedding(5, 2),
        keras.layers.LSTM(3),
        keras.layers.Dense(6, activation="relu", name="wide"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4, activation="tanh"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    # Large enough that each layer makes a difference, and both sides of ReLU's kink occur.
    model.set_weights([w * 3 for w in model.get_weights()])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    for _ in range(3):
        step(model)
    path = FOLDER / "dense.keras"
    model.save(path)
    compact(path)
    moments = model.optimizer.variables[2:]
    values = {
        "parameters": flat(model.trainable_variables),
        "probabilities": flat([model(TOKENS, training=False)]),
        "iterations": int(model.optimizer.iterations),
        "firstMoment": flat(moments[::2]),
        "secondMoment": flat(moments[1::2]),
        "nextLoss": step(model),
        "nextParameters": flat(model.trainable_variables),
    }
    (FOLDER / "keras_dense.json").write_text(json.dumps(values) + "\n")
