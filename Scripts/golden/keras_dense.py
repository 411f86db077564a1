"""Writes Tests/ModelsTests/Golden/dense.keras and keras_dense.json: dense layers below the last, as the real Keras saves them.

    python Scripts/golden/keras_dense.py

Ran with Keras 3.15.1 on TensorFlow 2.21.0. With the sequences of keras_files.py: weights, predictions and Adam's state
after three steps, and the loss and the weights of the next. Nothing is dropped in these steps.
"""

import json

import keras

from keras_files import FOLDER, TOKENS, compact, flat, step

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
        step(model, training=False)
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
        "nextLoss": step(model, training=False),
        "nextParameters": flat(model.trainable_variables),
    }
    (FOLDER / "keras_dense.json").write_text(json.dumps(values) + "\n")
