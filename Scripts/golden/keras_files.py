"""Writes Tests/ModelsTests/Golden: models as the real Keras saves them, and what is in them.

    python Scripts/golden/keras_files.py

Ran with Keras 3.15.1 on TensorFlow 2.21.0, h5py 3.14.0. Embedding(5, 2) → LSTM(3) → Dense(1, sigmoid), trained for three
steps on six sequences. The zip archives are compressed anew, which Keras does not do: their HDF5 is mostly zeros.

hostile.zip has weights of that model in HDF5 that no Keras writes, by name of what is wrong with each.

keras_files.json has for each file the weights, predictions for the sequences, and where there is one Adam's state, with
the loss and the weights of the next step (the embedding's gradient as a matrix, see Scripts/interop/keras_interop.py).
"""

import io
import json
import os
import zipfile
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import h5py
import keras
import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parents[2] / "Tests/ModelsTests/Golden"
FOLDER.mkdir(parents=True, exist_ok=True)
TOKENS = np.array([[0, 0, 1, 4], [1, 2, 3, 4], [0, 1, 1, 3], [4, 3, 2, 1], [0, 0, 0, 2], [2, 2, 2, 2]])
LABELS = np.array([[1], [0], [1], [0], [0], [1]], np.float32)
# A file of the weights alone, and one in Keras 2's format, of the same model as adam.keras
BESIDE = "adam"


def layers(**lstm):
    return [
        keras.layers.Embedding(5, 2),
        # Keras's own orthogonal initializer knows no bfloat16.
        keras.layers.LSTM(3, recurrent_initializer="glorot_uniform", **lstm),
        keras.layers.Dense(1, activation="sigmoid"),
    ]


def sequential(policy="float32"):
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential([keras.Input((None,)), *layers()])
    keras.config.set_dtype_policy("float32")
    return model


def functional():
    end = start = keras.Input((4,), dtype="int32")
    for layer in layers():
        end = layer(end)
    return keras.Model(start, end)


def dropping():
    embedding, lstm, dense = layers(dropout=0.25)
    return keras.Sequential(
        [keras.Input((None,)), embedding, keras.layers.SpatialDropout1D(0.1), lstm, keras.layers.Dropout(0.5), dense]
    )


def step(model, training=True):
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=TOKENS, y=tf.constant(LABELS), y_pred=model(TOKENS, training=training))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    model.optimizer.apply([tf.convert_to_tensor(g) for g in gradients], variables)
    return float(loss)


def flat(variables):
    return [float(x) for v in variables for x in np.ravel(np.asarray(keras.ops.convert_to_numpy(v), np.float64))]


def compact(path):
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(packed.getvalue())


def hostile(weights):
    """The weights with something wrong in them; `layers/dense/vars/0`, [3, 1], is what most cases are about."""
    target = "layers/dense/vars/0"

    def plain(file):
        with h5py.File(io.BytesIO(weights)) as source:
            for name in source:
                if name != "optimizer":
                    source.copy(name, file)

    def without_target(file):
        plain(file)
        del file[target]

    def soft_link(file):
        without_target(file)
        file["elsewhere"] = np.zeros((3, 1), np.float32)
        file[target] = h5py.SoftLink("/elsewhere")

    def external_link(file):
        without_target(file)
        file[target] = h5py.ExternalLink("weights.weights.h5", target)

    def external_storage(file):
        without_target(file)
        file.create_dataset(target, (3, 1), "<f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])

    def virtual(file):
        without_target(file)
        layout = h5py.VirtualLayout((3, 1), "<f4")
        layout[:] = h5py.VirtualSource("weights.weights.h5", target, (3, 1))
        file.create_virtual_dataset(target, layout)

    def chunked(file):
        without_target(file)
        file.create_dataset(target, data=np.zeros((3, 1), np.float32), chunks=(3, 1))

    def compressed(file):
        without_target(file)
        file.create_dataset(target, data=np.zeros((3, 1), np.float32), compression="gzip")

    def bomb(file):
        without_target(file)
        file.create_dataset(target, (1 << 40, 1 << 20), "<f4", chunks=(1 << 10, 1), fillvalue=1)

    def unwritten(file):
        without_target(file)
        file.create_dataset(target, (3, 1), "<f4", fillvalue=0.5)

    def larger(file):
        without_target(file)
        file.create_dataset(target, (1 << 40, 1 << 20), "<f4")

    def kind(value, dtype=None):
        def make(file):
            without_target(file)
            file.create_dataset(target, data=value, dtype=dtype)

        return make

    def extra(file):
        plain(file)
        file["layers/dense_1/vars/0"] = np.zeros((3, 1), np.float32)

    def cycle(file):
        plain(file)
        file["layers/again"] = file["layers"]

    def deep(file):
        plain(file)
        file.create_group("/".join(["a"] * 30))

    def many(file):
        plain(file)
        for number in range(3000):
            file[f"g{number}"] = file["vars"]

    def named_type(file):
        without_target(file)
        file[target] = np.dtype("<f4")

    cases = {
        "soft link": soft_link, "external link": external_link, "external storage": external_storage,
        "virtual": virtual, "chunked": chunked, "compressed": compressed, "bomb": bomb, "unwritten": unwritten,
        "larger than the file": larger, "missing": without_target, "extra": extra, "cycle": cycle, "deep": deep,
        "many": many, "type": named_type, "text": kind("abc"), "integers": kind(np.zeros((3, 1), np.int64)),
        "bytes": kind(np.zeros((3, 1), np.uint8)), "complex": kind(np.zeros((3, 1), np.complex64)),
        "empty": kind(h5py.Empty("f")), "opaque": kind(np.zeros((3, 1), "V2")), "scalar": kind(np.float32(1)),
        "other shape": kind(np.zeros((1, 3), np.float32)), "nan": kind(np.full((3, 1), np.nan, np.float32)),
        "too large for a float": kind(np.full((3, 1), 1e300)), "big-endian": kind(np.full((3, 1), 0.5, ">f4")),
    }  # fmt: skip
    with zipfile.ZipFile(FOLDER / "hostile.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, make in cases.items():
            contents = io.BytesIO()
            with h5py.File(contents, "w") as file:
                make(file)
            archive.writestr(zipfile.ZipInfo(name), contents.getvalue(), zipfile.ZIP_DEFLATED, 9)


def main():
    adam_w = dict(learning_rate=0.002, beta_1=0.8, beta_2=0.99, epsilon=1e-6, weight_decay=0.01, global_clipnorm=0.1)
    cases = {
        "adam": (sequential, "adam"),
        "adamw": (sequential, keras.optimizers.AdamW(**adam_w)),
        "functional": (functional, None),
        "dropout": (dropping, "rmsprop"),
        "new": (sequential, keras.optimizers.Adam(clipvalue=0.5)),
        "float16": (lambda: sequential("float16"), None),
        "bfloat16": (lambda: sequential("bfloat16"), None),
        "float64": (lambda: sequential("float64"), None),
    }
    keras.utils.set_random_seed(7)
    golden = {}
    for name, (make, optimizer) in cases.items():
        model = make()
        if optimizer:
            model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        if name in ("adam", "adamw"):
            for _ in range(3):
                step(model)
        path = FOLDER / f"{name}.keras"
        model.save(path)
        compact(path)
        if name == BESIDE:
            model.save_weights(FOLDER / "weights.weights.h5")
            model.save(FOLDER / "keras2.h5")
        golden[name] = {
            "parameters": flat(model.trainable_weights),
            "probabilities": flat([model(TOKENS)]),
        }
        if name in ("adam", "adamw"):
            variables = model.optimizer.variables
            golden[name] |= {
                "iterations": int(variables[0]),
                "firstMoment": flat(variables[2::2]),
                "secondMoment": flat(variables[3::2]),
                "nextLoss": step(model),
                "nextParameters": flat(model.trainable_weights),
            }
    text = json.dumps({"tokens": TOKENS.tolist(), "labels": [int(x) for x in LABELS[:, 0]], "models": golden})
    (FOLDER / "keras_files.json").write_text(text + "\n")
    hostile((FOLDER / "weights.weights.h5").read_bytes())


if __name__ == "__main__":
    main()
