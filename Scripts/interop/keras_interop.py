#!/usr/bin/env python3
"""Holds our `.keras` files against the real Keras, both ways, on real reviews.

    Scripts/interop/keras_interop.py --lstm .build/release/lstm --data Data/imdb.npz

Keras's backend is the environment's KERAS_BACKEND (tensorflow, torch). Written with Keras 3.15.1 on TensorFlow 2.21.0
and on PyTorch 2.13.0. The tutorial's network, batches of 1,000 reviews:

1. Ours after five steps (--steps): Keras loads it without a warning, and predicts the same for 1,000 test reviews.
2. From that state, Adam's moments included, both take one more step: the same loss and the same weights.
3. and 4. The same with a network that Keras initialized, trained for as many steps and saved.
5. Other networks of ours, as far as Keras has layers for them: it predicts the same, and its `fit` goes on.

Prints each comparison with the largest difference; the exit code is 1 where one is over its limit.

On TensorFlow the gradient of an embedding is a list of rows, one a position. Keras's Adam squares those before it adds
up the rows of one token (Σg² for (Σg)²), which is another formula than the one it documents and computes on all other
backends. For steps 2 and 4 the list is made a matrix there; with --as-is it is not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import local_imdb
import ours as networks

BATCH = 1000
PREDICTION_LIMIT, LOSS_LIMIT = 1e-6, 1e-5
# Adam magnifies the noise of tiny gradients: few weights may be further off than CLOSE, none further than FAR.
CLOSE, FAR, SHARE = 1e-5, 1e-4, 0.999

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--lstm", required=True)
parser.add_argument("--data", required=True, type=Path, help="an imdb.npz")
parser.add_argument("--as-is", action="store_true", help="with TensorFlow, leave the embedding's gradient as it is")
parser.add_argument("--steps", type=int, default=5, help="steps before the one that is compared (default 5)")
options = parser.parse_args()
STEPS = options.steps
backend = keras.backend.backend()
failures = []


def check(what, found, limit):
    is_right = found <= limit
    print(f"  {what}: {found:.3g} (limit {limit:g}){'' if is_right else '  TOO LARGE'}", flush=True)
    if not is_right:
        failures.append(what)


def check_arrays(what, ours, theirs, decides=True):
    difference = np.abs(np.concatenate([np.ravel(a - b) for a, b in zip(ours, theirs, strict=True)]))
    share = float(np.mean(difference <= CLOSE))
    if decides:
        check(f"{what}, largest difference of {difference.size:,}", float(difference.max()), FAR)
        check(f"{what}, share further off than {CLOSE:g}", 1 - share, 1 - SHARE)
    else:
        print(f"  {what}, largest difference: {difference.max():.3g}")


class Ours:
    """`lstm benchmark --serve`: single steps on given batches, and models in and out."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [options.lstm, "benchmark", "--data", options.data, "--serve", "--batch-size", str(BATCH)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "it has ended"}
        if "error" in answer:
            sys.exit(f"lstm benchmark: {answer['error']}")
        return answer

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()


def our_predictions(path, length=400):
    command = [options.lstm, "probabilities", "--model", path, "--data", options.data, "--limit", str(BATCH),
               "--max-length", str(length)]  # fmt: skip
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return np.array(output.split(), dtype=np.float64)


def load(path):
    """As a user does, safe_mode on; a warning is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return keras.models.load_model(path)


def train(model, batch):
    """The loss of a training batch before the step that is taken on it."""
    x, y = x_train[batch * BATCH : (batch + 1) * BATCH], y_train[batch * BATCH : (batch + 1) * BATCH]
    if backend == "tensorflow" and not options.as_is:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=tf.constant(y[:, None]), y_pred=model(x, training=True))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        model.optimizer.apply([tf.convert_to_tensor(g) for g in gradients], variables)
        return float(loss)
    model.reset_metrics()
    return float(model.train_on_batch(x, y, return_dict=True)["loss"])


def compare_step(model, path, after):
    """One more step from the state in a file, in Keras and here."""
    ours.ask(f"load {path}")
    own = ours.ask(f"train {STEPS}")["loss"]
    ours.ask(f"save {after}")
    check("loss of the next batch", abs(own - train(model, STEPS)), LOSS_LIMIT)
    result = load(after)
    check_arrays("weights after it", result.get_weights(), model.get_weights())
    moments = [[keras.ops.convert_to_numpy(v) for v in m.optimizer.variables[2:]] for m in (result, model)]
    check_arrays("Adam's moments after it", *moments, decides=False)
    iterations = [int(m.optimizer.iterations) for m in (result, model)]
    check(f"iterations {iterations[0]}, {iterations[1]}", abs(iterations[0] - iterations[1]), 0)


def compare_predictions(model, path, length=400, limit=PREDICTION_LIMIT):
    own = our_predictions(path, length)
    theirs = model.predict(x_test[:, -length:], batch_size=250, verbose=0)[:, 0].astype(np.float64)
    print(f"  (probabilities from {own.min():.4f} to {own.max():.4f})")
    check(f"predictions of {len(own):,} test reviews, largest difference", float(np.abs(own - theirs).max()), limit)


print(f"Keras {keras.__version__} on {backend}"
      + (" (the embedding's gradient as a matrix)" if backend == "tensorflow" and not options.as_is else ""))  # fmt: skip
local_imdb.use(options.data.parent)
(x_train, y_train), (x_test, _) = keras.datasets.imdb.load_data(num_words=1000)
x_train = keras.utils.pad_sequences(x_train[: (STEPS + 1) * BATCH], maxlen=400)
y_train = y_train[: (STEPS + 1) * BATCH].astype("float32")
x_test = keras.utils.pad_sequences(x_test[:BATCH], maxlen=400)

with tempfile.TemporaryDirectory() as folder:
    ours = Ours(folder)
    print(f"Ours, {STEPS} steps, in Keras:")
    path = folder + "/ours.keras"
    for batch in range(STEPS):
        ours.ask(f"train {batch}")
    ours.ask(f"save {path}")
    model = load(path)
    compare_predictions(model, path)
    compare_step(model, path, folder + "/ours-after.keras")

    print(f"Keras's, {STEPS} steps, here:")
    path = folder + "/theirs.keras"
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((None,)), keras.layers.Embedding(1000, 128), keras.layers.LSTM(128),
        keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    for batch in range(STEPS):
        train(model, batch)
    model.save(path)
    compare_predictions(model, path)
    compare_step(model, path, folder + "/theirs-after.keras")
    ours.process.stdin.close()
    ours.process.wait()

    for what, network in networks.NETWORKS.items():
        if "--embedding-size" in network:
            continue
        print(f"Ours, {what}, in Keras:")
        run = networks.trained(options, Path(folder), *networks.SMALL, *network)
        path = folder + "/network.keras"
        networks.run(options.lstm, "export", run, "--to", path, "--overwrite")
        model = load(path)
        compare_predictions(model, path, 100, networks.LIMIT)
        step = int(model.optimizer.iterations)
        model.fit(x_train[:100, -100:], y_train[:100], batch_size=100, verbose=0)
        check(f"fit goes on after step {step}", int(model.optimizer.iterations) - step - 1, 0)

if failures:
    sys.exit(f"error: over the limit: {'; '.join(failures)}")
print("All within the limits.")
