"""Compares Keras with Tests/ParallelTests/Golden/networks.json, which is PyTorch's.

    python Scripts/golden/networks_keras.py

The same weights in Embedding(mask_zero) -> [Bidirectional](LSTM) layers ->
pooling -> Dense layers, in float64: it stops unless Keras's logits are those of the
file, and writes nothing. Needs tensorflow-cpu and keras; agreed with Keras
3.15.1 on TensorFlow 2.21.0.

Left out is what Keras has no answer for: GlobalMaxPooling1D doesn't know of
masks, and GlobalAveragePooling1D divides by 0 where everything is masked.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from pathlib import Path

import keras
import numpy as np

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/ParallelTests/Golden/networks.json"


def make_model(weights, vocabularySize, embeddingSize, hiddenSize, layerCount, isBidirectional, pooling,
               masksPadding, labelCount, maxLength, denseLayers=(), **_):  # fmt: skip
    V = vocabularySize
    layers = [keras.Input((maxLength,), dtype="int32"),
              keras.layers.Embedding(V, embeddingSize or V, mask_zero=masksPadding)]  # fmt: skip
    for layer in range(layerCount):
        every = pooling != "last" or layer < layerCount - 1
        lstm = keras.layers.LSTM(hiddenSize, return_sequences=every)
        layers.append(keras.layers.Bidirectional(lstm) if isBidirectional else lstm)
    if pooling != "last":
        layers.append(keras.layers.GlobalMaxPooling1D() if pooling == "max" else
                      keras.layers.GlobalAveragePooling1D())  # fmt: skip
    layers += [keras.layers.Dense(d["size"], activation=d["activation"]) for d in denseLayers]
    layers.append(keras.layers.Dense(1 if labelCount == 2 else labelCount))
    model = keras.Sequential(layers)
    model.set_weights(([] if embeddingSize else [np.eye(V)]) + list(weights.values()))
    return model


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    print(layout.versions(np, keras))
    for case in json.loads(FILE.read_text())["cases"]:
        fields = {k: case[k] for k in list(case)[: list(case).index("maxLength")]}
        name = ", ".join(f"{k} {v}" for k, v in fields.items())
        if case["masksPadding"] and case["pooling"] == "max":
            print(f"left out: {name}")
            continue
        rows = [i for i, s in enumerate(case["sequences"])
                if s or not (case["masksPadding"] and case["pooling"] == "mean")]  # fmt: skip
        tokens = keras.utils.pad_sequences([case["sequences"][i] for i in rows], case["maxLength"])
        model = make_model(layout.network_weights(case["weightSeed"], **fields), **case)
        expected = np.array(case["logits"]).reshape(len(case["labels"]), -1)[rows]
        difference = np.abs(model(tokens).numpy() - expected).max()
        print(f"{difference:.1e}: {name}")
        assert difference < 1e-6
