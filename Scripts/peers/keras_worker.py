"""Keras on TensorFlow: the tutorial's model, compiled by Keras's defaults. See worker.py.

Keras's Adam on TensorFlow squares an Embedding's gradient position by position,
so its losses part from the other frameworks' after the first step.
"""

import os

import worker

options = worker.arguments("Keras on TensorFlow")
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

import tensorflow

tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)

import keras


class Peer:
    def __init__(self):
        w = worker.read_safetensors(options.folder / "weights.safetensors")
        (V, E), H = w["embedding.weight"].shape, w["fc.weight"].shape[1]
        self.weights = [
            w["embedding.weight"],
            w["lstm.weight_ih_l0"].T,
            w["lstm.weight_hh_l0"].T,
            w["lstm.bias_ih_l0"] + w["lstm.bias_hh_l0"],
            w["fc.weight"].T,
            w["fc.bias"],
        ]
        self.model = keras.Sequential([
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(V, E),
            keras.layers.LSTM(H),
            keras.layers.Dense(1, activation="sigmoid"),
        ])  # fmt: skip
        self.model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        self.model.optimizer.build(self.model.trainable_variables)
        self.state = [v.numpy() for v in self.model.optimizer.variables]
        self.reset()

    def reset(self):
        self.model.set_weights(self.weights)
        for variable, value in zip(self.model.optimizer.variables, self.state):
            variable.assign(value)

    def train(self, tokens, labels):
        self.model.reset_metrics()
        return self.model.train_on_batch(tokens, labels)

    def evaluate(self, tokens, labels):
        self.model.reset_metrics()
        return self.model.test_on_batch(tokens, labels)


worker.serve(
    "Keras on TensorFlow",
    {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
    options,
    Peer(),
)
