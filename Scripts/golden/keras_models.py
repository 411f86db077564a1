"""Writes Tests/ModelsTests/Golden/keras_models.zip and .json: small models of many shapes, as Keras 2 and 3 save them.

    python Scripts/golden/keras_models.py

Ran with Keras 3.15.1 and tf_keras 2.21.0 on TensorFlow 2.21.0, h5py 3.14.0. The zip holds the files by name; the .json
has for each the predictions for six sequences, and of those with Adam's state the weights after one more step without
dropout (the embedding's gradient as a matrix, see Scripts/interop/keras_interop.py). TensorFlow's kernels differ in their
last digits from machine to machine.

old-2.h5 is deep-2.h5 with its attributes as older versions of h5py write them: texts of fixed lengths, and a list that
would be too long for one attribute in two. texts-2.keras and texts-3.keras are given texts, not tokens.
"""

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = Path(__file__).parents[2] / "Tests/ModelsTests/Golden"
TOKENS = np.array([[0, 0, 1, 4], [1, 2, 3, 4], [0, 1, 1, 3], [4, 3, 2, 1], [0, 0, 0, 2], [2, 2, 2, 2]])
LABELS = np.array([1, 0, 1, 0, 0, 1])
V, E, H = 5, 2, 3
TEXTS = ["It's well-known: the FILM, wow!", "ÉCOLE straße\u00a0x naïve E\u0301", "a\tb\x0bc\x0cd\re f g h",
         "Unknown words", "", "one two three four five six seven eight nine", "don't -- C++ _ 1,000.5"]  # fmt: skip


def sequential(k, *layers):
    return k.Sequential([k.Input((4,)), *layers])


def functional(k, *layers):
    end = start = k.Input((4,), dtype="int32")
    for layer in layers:
        end = layer(end)
    return k.Model(start, end)


def deep(k):
    """Everything at once: masks, two layers of two directions, dropout of all kinds, names, a logit."""
    lstm, wrap = k.layers.LSTM, k.layers.Bidirectional
    return functional(
        k, k.layers.Embedding(V, E, mask_zero=True, name="words"), k.layers.Dropout(0.1, noise_shape=(None, None, 1)),
        k.layers.Dropout(0.2), wrap(lstm(H, return_sequences=True, recurrent_dropout=0.3), name="lower"),
        k.layers.Dropout(0.4), wrap(lstm(H, recurrent_dropout=0.3), name="upper"), k.layers.Dropout(0.5),
        k.layers.Dense(1, name="answer"))  # fmt: skip


def masked(k):
    return functional(
        k, k.layers.Embedding(V, E), k.layers.Masking(0.0), k.layers.LSTM(H), k.layers.Dense(1, activation="sigmoid")
    )


def mean(k):
    return functional(
        k, k.layers.Embedding(V, E, mask_zero=True), k.layers.LSTM(H, return_sequences=True),
        k.layers.GlobalAveragePooling1D(), k.layers.Dense(3, activation="softmax"))  # fmt: skip


def two_layers(k):
    return sequential(
        k, k.layers.Embedding(V, E), k.layers.LSTM(H, return_sequences=True), k.layers.LSTM(H), k.layers.Dense(1),
        k.layers.Activation("sigmoid"))  # fmt: skip


def both(k):
    return sequential(
        k, k.layers.Embedding(V, E), k.layers.Bidirectional(k.layers.LSTM(H)), k.layers.Dense(1, activation="sigmoid")
    )


def two_outputs(k):
    return sequential(k, k.layers.Embedding(V, E), k.layers.LSTM(H), k.layers.Dense(2, activation="softmax"))


def one_hot(k):
    return sequential(
        k, k.layers.CategoryEncoding(V, output_mode="one_hot"), k.layers.LSTM(H, use_bias=False),
        k.layers.Dense(1, activation="sigmoid"))  # fmt: skip


def last_step(k):
    start = k.Input((4,), dtype="int32")
    end = k.layers.Bidirectional(k.layers.LSTM(H, return_sequences=True))(k.layers.Embedding(V, E)(start))
    return k.Model(start, k.layers.Dense(1, activation="sigmoid")(end[:, -1, :]))


def texts(k):
    tokens = k.layers.TextVectorization(max_tokens=40, output_sequence_length=6)
    tokens.adapt([text for text in TEXTS if not text.startswith("Unknown")])
    start = k.Input((1,), dtype="string")
    end = k.layers.LSTM(H)(k.layers.Embedding(40, E)(tokens(start)))
    return k.Model(start, k.layers.Dense(1, activation="sigmoid")(end))


CASES = {
    "deep-3.keras": (keras, deep, "adam"), "deep-2.keras": (tf_keras, deep, "adam"),
    "deep-3.h5": (keras, deep, "adam"), "deep-2.h5": (tf_keras, deep, "adam"),
    "masked-3.keras": (keras, masked, "adam"), "masked-2.h5": (tf_keras, masked, None),
    "mean-3.keras": (keras, mean, None), "mean-2.keras": (tf_keras, mean, "adam"),
    "first-adam-2.h5": (tf_keras, two_layers, "legacy"), "two-outputs-2.h5": (tf_keras, two_outputs, "adam"),
    "one-hot-3.keras": (keras, one_hot, None), "last-step-3.keras": (keras, last_step, None),
    "both-3.weights.h5": (keras, both, None), "both-2.weights.h5": (tf_keras, both, None),
    "weights-2.h5": (tf_keras, both, None), "texts-3.keras": (keras, texts, None),
    "texts-2.keras": (tf_keras, texts, None),
}  # fmt: skip


def step(k, model, units):
    y = LABELS.astype(np.float32)[:, None] if units == 1 else LABELS
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.loss(tf.constant(y), model(TOKENS, training=False)))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables] if k is keras else variables)
    gradients = [tf.convert_to_tensor(g) for g in gradients]
    if k is keras:
        model.optimizer.apply(gradients, variables)
    else:
        model.optimizer.apply_gradients(zip(gradients, variables))


def probabilities(model, has_logits, inputs=TOKENS):
    y = np.asarray(model(inputs), np.float64)
    if has_logits:
        y = 1 / (1 + np.exp(-y))
    return (y[:, 0] if y.shape[1] == 1 else y[:, 1] if y.shape[1] == 2 else y.max(1)).tolist()


def compact(path):
    """Without a date, and as small as can be: their HDF5 is mostly zeros."""
    if path.suffix != ".keras":
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def old(contents):
    """A legacy file as older versions of h5py write it."""
    file = io.BytesIO(contents)
    with h5py.File(file, "r+") as h5:

        def convert(_, node=h5):
            for key, value in list(node.attrs.items()):
                if isinstance(value, str):
                    node.attrs[key] = np.bytes_(value)
                elif value.dtype == object:
                    node.attrs[key] = np.array([text.encode() for text in value], dtype="S")

        convert("")
        h5.visititems(convert)
        attributes = h5["optimizer_weights"].attrs
        names = attributes["weight_names"]
        del attributes["weight_names"]
        attributes["weight_names0"], attributes["weight_names1"] = names[:5], names[5:]
    return file.getvalue()


def main():
    golden, generator = {}, np.random.default_rng(5)
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(FOLDER / "keras_models.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, (k, make, optimizer) in CASES.items():
            model = make(k)
            units = model.output_shape[-1]
            loss = k.losses.BinaryCrossentropy if units == 1 else k.losses.SparseCategoricalCrossentropy
            weights = model.trainable_weights
            values = [generator.normal(0, 0.5, w.shape).astype(np.float32) for w in weights]
            if make is masked:
                values[0][0] = 0
            for weight, value in zip(weights, values):
                weight.assign(value)
            if optimizer:
                adam = tf_keras.optimizers.legacy.Adam(0.002) if optimizer == "legacy" else k.optimizers.Adam(0.002)
                model.compile(loss=loss(from_logits=make is deep), optimizer=adam)
                for _ in range(2):
                    step(k, model, units)
            path = Path(folder) / name
            if "weights" in name:
                model.save_weights(path)
            else:
                model.save(path)
            archive.writestr(zipfile.ZipInfo(name), compact(path), zipfile.ZIP_DEFLATED, 9)
            inputs = tf.constant(TEXTS)[:, None] if make is texts else TOKENS
            golden[name] = {"probabilities": probabilities(model, make is deep, inputs)}
            if optimizer and units != 2:
                step(k, model, units)
                golden[name]["nextParameters"] = [float(x) for w in model.get_weights() for x in np.ravel(w)]
            if name == "deep-2.h5":
                archive.writestr(zipfile.ZipInfo("old-2.h5"), old(path.read_bytes()), zipfile.ZIP_DEFLATED, 9)
                golden["old-2.h5"] = golden[name]
    values = {"tokens": TOKENS.tolist(), "texts": TEXTS, "models": golden}
    (FOLDER / "keras_models.json").write_text(json.dumps(values) + "\n")


main()
