#!/usr/bin/env python3
"""Holds what is read from Keras's own files against Keras: a table of models as people build and save them.

    Scripts/interop/models_interop.py --lstm .build/release/lstm --data Data/imdb.npz

Written with Keras 3.15.1 and tf_keras 2.21.0 (Keras 2) on TensorFlow 2.21.0. Each row is a model that Keras builds,
trains for two steps on real reviews and saves in one of its formats. Then:

1. predictions: it is read here and predicts the same for 200 test reviews, to 1e-6; or, where roundings gather, is no
   further off than Keras is from the same model in Keras's float64.
2. step: where the file has Adam's state, both take one more step, without dropout: the largest difference of a weight.
3. back: it is exported; Keras 3 loads it without a warning, predicts the same, saves it as .keras and as .h5, and both
   are read here with the weights that were written.

Then models that can't be represented: each must be refused with the layer's name. The exit code is 1 where anything is
over its limit. --only WORD makes rows whose names have the word.

Keras 2 and 3 share TensorFlow here. The embedding's gradient is made a matrix, see keras_interop.py.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow"}

import keras
import numpy as np
import tensorflow as tf
import tf_keras

import ours

V, E, H, T = 1000, 16, 12, 80
TEXTS, BATCH, STEPS = 200, 64, 2
LIMIT = 1e-6
# Adam magnifies the noise of tiny gradients, at most to a step of 1e-3; see keras_interop.py.
STEP_LIMIT = 1e-4

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--lstm", required=True, help="the executable, as .build/release/lstm")
parser.add_argument("--data", required=True, type=Path, help="imdb.npz")
parser.add_argument("--only", default="", help="rows whose names have this word")
options = parser.parse_args()


# MARK: Models. Each function takes Keras or tf_keras and returns a model that isn't compiled.


def sequential(k, *layers):
    return k.Sequential([k.Input((None,)), *layers])


def functional(k, *layers):
    end = start = k.Input((None,), dtype="int32")
    for layer in layers:
        end = layer(end)
    return k.Model(start, end)


def tutorial(k):
    return sequential(k, k.layers.Embedding(V, E), k.layers.LSTM(H), k.layers.Dense(1, activation="sigmoid"))


def bidirectional_twice(k):
    """keras.io's "Bidirectional LSTM on IMDB", with smaller layers."""
    wrap, lstm = k.layers.Bidirectional, k.layers.LSTM
    return functional(
        k, k.layers.Embedding(V, E), wrap(lstm(H, return_sequences=True)), wrap(lstm(H)),
        k.layers.Dense(1, activation="sigmoid"))  # fmt: skip


def spatial(k):
    """As on Kaggle: SpatialDropout1D, and dropout within the LSTM."""
    return sequential(
        k, k.layers.Embedding(V, E, mask_zero=True), k.layers.SpatialDropout1D(0.2),
        k.layers.LSTM(H, dropout=0.2, recurrent_dropout=0.2), k.layers.Dense(1, activation="sigmoid"))  # fmt: skip


def stacked(k):
    return functional(
        k, k.layers.Embedding(V, E, mask_zero=True, name="words"), k.layers.Dropout(0.1),
        k.layers.LSTM(H, return_sequences=True, name="lower"), k.layers.Dropout(0.2),
        k.layers.LSTM(H, name="upper"), k.layers.Dropout(0.5),
        k.layers.Dense(1, activation="sigmoid", name="answer"))  # fmt: skip


def three_layers(k):
    lstm = k.layers.LSTM
    return sequential(
        k, k.layers.Embedding(V, E), lstm(H, return_sequences=True), lstm(H, return_sequences=True), lstm(H),
        k.layers.Dense(1, activation="sigmoid"))  # fmt: skip


def masking(make):
    def build(k):
        return make(
            k, k.layers.Embedding(V, E), k.layers.Masking(0.0), k.layers.Bidirectional(k.layers.LSTM(H)),
            k.layers.Dense(1, activation="sigmoid"))  # fmt: skip

    return build


def maximum(make):
    def build(k):
        return make(
            k, k.layers.Embedding(V, E), k.layers.Bidirectional(k.layers.LSTM(H, return_sequences=True)),
            k.layers.GlobalMaxPooling1D(), k.layers.Dropout(0.5), k.layers.Dense(1, activation="sigmoid"))  # fmt: skip

    return build


def mean(k):
    return functional(
        k, k.layers.Embedding(V, E, mask_zero=True), k.layers.LSTM(H, return_sequences=True),
        k.layers.GlobalAveragePooling1D(), k.layers.Dense(3, activation="softmax"))  # fmt: skip


def outputs(make, units, activation, *rest, **dense):
    def build(k):
        return make(
            k, k.layers.Embedding(V, E), k.layers.LSTM(H), k.layers.Dense(units, activation=activation, **dense),
            *(part(k) for part in rest))  # fmt: skip

    return build


def dense(make, activation="relu", *rest):
    """TensorFlow's "Text classification with an RNN", with smaller layers, and dropout as others have it."""

    def build(k):
        return make(
            k, k.layers.Embedding(V, E, mask_zero=True), k.layers.Bidirectional(k.layers.LSTM(H)),
            k.layers.Dense(8, activation=activation), k.layers.Dropout(0.5), *(part(k) for part in rest),
            k.layers.Dense(1))  # fmt: skip

    return build


def without_biases(k):
    return sequential(
        k, k.layers.Embedding(V, E), k.layers.LSTM(H, use_bias=False),
        k.layers.Dense(1, activation="sigmoid", use_bias=False))  # fmt: skip


def one_hot(k):
    return k.Sequential([
        k.Input((None,), dtype="int32"), k.layers.CategoryEncoding(V, output_mode="one_hot"), k.layers.LSTM(H),
        k.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip


def last_step(k):
    start = k.Input((None,), dtype="int32")
    end = k.layers.Bidirectional(k.layers.LSTM(H, return_sequences=True))(k.layers.Embedding(V, E)(start))
    return k.Model(start, k.layers.Dense(1, activation="sigmoid")(end[:, -1, :]))


def reading_texts(masks):
    """With TextVectorization in front: texts in, as Keras's tutorials end."""

    def build(k):
        tokens = k.layers.TextVectorization(max_tokens=V, output_sequence_length=None if masks else 20)
        tokens.adapt(x_texts)
        start = k.Input((1,), dtype="string")
        end = k.layers.Embedding(V, E, mask_zero=masks)(tokens(start))
        return k.Model(start, k.layers.Dense(1, activation="sigmoid")(k.layers.Bidirectional(k.layers.LSTM(H))(end)))

    return build


@dataclass
class Row:
    name: str
    library: object
    build: object
    ending: str
    # Options of `lstm` that describe the network, of which --layers and so on also go to `import` for weights alone.
    network: list = field(default_factory=list)
    units: int = 1
    from_logits: bool = False
    optimizer: object = "adam"
    has_state: bool = True
    writes_back: bool = True
    weights_only: bool = False
    reads_texts: bool = False


K3, K2 = keras, tf_keras
BOTH, TWO, MASK = ["--bidirectional"], ["--layers", "2"], ["--mask-padding"]
ROWS = [
    Row("the tutorial's", K3, tutorial, ".keras"),
    Row("the tutorial's", K3, tutorial, ".h5"),
    Row("the tutorial's", K2, tutorial, ".keras"),
    Row("the tutorial's", K2, tutorial, ".h5"),
    Row("the tutorial's, Keras 2's first Adam", K2, tutorial, ".h5",
        optimizer=lambda: tf_keras.optimizers.legacy.Adam()),
    Row("the tutorial's, AdamW", K3, tutorial, ".keras", optimizer=lambda: keras.optimizers.AdamW(weight_decay=0.01)),
    Row("the tutorial's, AdamW", K2, tutorial, ".h5", optimizer=lambda: tf_keras.optimizers.AdamW(weight_decay=0.01)),
    Row("the tutorial's, weights alone", K3, tutorial, ".weights.h5", weights_only=True),
    Row("the tutorial's, weights alone", K2, tutorial, ".weights.h5", weights_only=True),
    Row("the tutorial's, weights alone", K2, tutorial, ".h5", weights_only=True),
    Row("both directions twice", K3, bidirectional_twice, ".keras", TWO + BOTH),
    Row("both directions twice", K3, bidirectional_twice, ".h5", TWO + BOTH),
    Row("both directions twice", K2, bidirectional_twice, ".keras", TWO + BOTH),
    Row("both directions twice", K2, bidirectional_twice, ".h5", TWO + BOTH),
    Row("both directions twice, weights alone", K2, bidirectional_twice, ".h5", TWO + BOTH, weights_only=True),
    Row("SpatialDropout1D, mask_zero", K3, spatial, ".keras", MASK),
    Row("SpatialDropout1D, mask_zero", K2, spatial, ".h5", MASK),
    Row("2 layers, dropout, names, mask_zero", K3, stacked, ".keras", TWO + MASK),
    Row("2 layers, dropout, names, mask_zero", K3, stacked, ".h5", TWO + MASK),
    Row("2 layers, dropout, names, mask_zero", K2, stacked, ".keras", TWO + MASK),
    Row("2 layers, weights alone", K3, stacked, ".weights.h5", TWO + MASK, weights_only=True),
    Row("3 layers", K2, three_layers, ".keras", ["--layers", "3"]),
    Row("Masking, both directions, functional", K3, masking(functional), ".keras", BOTH + MASK),
    Row("Masking, both directions", K3, masking(sequential), ".h5", BOTH + MASK),
    Row("Masking, both directions", K2, masking(sequential), ".h5", BOTH + MASK),
    Row("the largest, both directions", K3, maximum(sequential), ".keras", [*BOTH, "--pooling", "max"]),
    Row("the largest, both directions, functional", K2, maximum(functional), ".keras", [*BOTH, "--pooling", "max"]),
    Row("the masked mean, softmax of 3", K3, mean, ".keras", [*MASK, "--pooling", "mean", "--label-count", "3"],
        units=3),
    Row("the masked mean, softmax of 3", K2, mean, ".h5", [*MASK, "--pooling", "mean", "--label-count", "3"], units=3),
    Row("softmax of 2", K3, outputs(sequential, 2, "softmax"), ".keras", units=2, has_state=False),
    Row("softmax of 2", K2, outputs(sequential, 2, "softmax"), ".h5", units=2, has_state=False),
    Row("2 logits", K3, outputs(functional, 2, None), ".keras", units=2, from_logits=True, has_state=False),
    Row("1 logit", K3, outputs(sequential, 1, None), ".keras", from_logits=True),
    Row("1 logit, functional", K2, outputs(functional, 1, None), ".h5", from_logits=True),
    Row("3 logits, Softmax", K3, outputs(functional, 3, None, lambda k: k.layers.Softmax()), ".keras",
        ["--label-count", "3"], units=3),
    Row("Activation", K2, outputs(sequential, 1, None, lambda k: k.layers.Activation("sigmoid")), ".h5"),
    Row("Dense with ReLU below a logit", K3, dense(sequential), ".keras", [*BOTH, *MASK, "--dense-layers", "8"],
        from_logits=True),
    Row("Dense with ReLU below a logit", K3, dense(functional), ".h5", [*BOTH, *MASK, "--dense-layers", "8"],
        from_logits=True),
    Row("Dense with ReLU below a logit", K2, dense(functional), ".keras", [*BOTH, *MASK, "--dense-layers", "8"],
        from_logits=True),
    Row("two Dense with tanh below a logit", K2, dense(sequential, "tanh", lambda k: k.layers.Dense(6, "tanh")), ".h5",
        [*BOTH, *MASK, "--dense-layers", "8,6", "--dense-activation", "tanh"], from_logits=True),
    Row("no biases", K3, without_biases, ".keras", has_state=False),
    Row("one-hot tokens", K3, one_hot, ".keras", ["--embedding-size", "0"]),
    Row("the last step, both directions", K3, last_step, ".keras", [*BOTH, "--pooling", "last-step"],
        writes_back=False),
    Row("TextVectorization, cut and padded", K3, reading_texts(False), ".keras", BOTH, has_state=False,
        reads_texts=True),
    Row("TextVectorization, mask_zero", K3, reading_texts(True), ".keras", BOTH, has_state=False, reads_texts=True),
    Row("TextVectorization, cut and padded", K2, reading_texts(False), ".keras", BOTH, has_state=False,
        reads_texts=True),
]  # fmt: skip


# MARK: Keras's side


def compile_model(row, model, k):
    loss = (k.losses.BinaryCrossentropy if row.units == 1 else k.losses.SparseCategoricalCrossentropy)(
        from_logits=row.from_logits)  # fmt: skip
    model.compile(loss=loss, optimizer=row.optimizer() if callable(row.optimizer) else row.optimizer)


def spread_weights(model):
    """Larger weights than those of a new model, so that predictions differ."""
    generator = np.random.default_rng(1)
    values = [generator.normal(0, 0.4, w.shape).astype(np.float32) for w in model.trainable_weights]
    # Padding's vector: with `Masking` it has to be the only one of zeros.
    if any(type(layer).__name__ == "Masking" for layer in model.layers):
        values[0][0] = 0
    for weight, value in zip(model.trainable_weights, values):
        weight.assign(value)


def step(row, model):
    """A step without dropout, the embedding's gradient as a matrix; the loss before it."""
    y = y_train.astype(np.float32)[:, None] if row.units == 1 else y_train
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.loss(tf.constant(y), model(x_train, training=False)))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables] if row.library is K3 else variables)
    gradients = [tf.convert_to_tensor(g) for g in gradients]
    if row.library is K3:
        model.optimizer.apply(gradients, variables)
    else:
        model.optimizer.apply_gradients(zip(gradients, variables))
    return float(loss)


def probabilities_of(row, model):
    """What Keras says of the test reviews, as `lstm probabilities` says it."""
    x = tf.constant(x_texts)[:, None] if row.reads_texts else x_test
    y = model.predict(x, batch_size=TEXTS, verbose=0).astype(np.float64)
    if row.from_logits:
        y = np.exp(y - y.max(1, keepdims=True)) / np.exp(y - y.max(1, keepdims=True)).sum(1, keepdims=True) \
            if y.shape[1] > 1 else 1 / (1 + np.exp(-y))  # fmt: skip
    return y[:, 0] if y.shape[1] == 1 else y[:, 1] if y.shape[1] == 2 else y.max(1)


def in_float64(row, model):
    """The same model, computed by its own Keras in float64."""
    k = row.library
    k.backend.set_floatx("float64")
    try:
        twin = row.build(k)
        for weight, value in zip(twin.trainable_weights, model.trainable_weights):
            weight.assign(np.asarray(value, np.float64))
        return probabilities_of(row, twin)
    finally:
        k.backend.set_floatx("float32")


def save(row, model, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_weights(path) if row.weights_only else model.save(path)


# MARK: Ours


def predictions(path):
    """What `lstm predict` says of the texts."""
    command = [options.lstm, "predict", "--model", path, "--format", "jsonl"]
    result = subprocess.run(
        [str(word) for word in command], check=False, input="\n".join(x_texts), capture_output=True, text=True
    )
    return np.array([json.loads(line)["probability"] for line in result.stdout.splitlines()])


def probabilities(path):
    return ours.probabilities(options, path, TEXTS, T).astype(np.float64)


def weights_here(path, folder):
    """The weights of a file as they are read here."""
    ours.run(options.lstm, "export", path, "--to", folder / "weights.npz", "--overwrite")
    with np.load(folder / "weights.npz") as file:
        return {name: file[name] for name in file if name != "metadata"}


def our_step(row, path, folder):
    """The weights after one more step."""
    sizes = ["--vocabulary-size", V, "--embedding-size", E, "--hidden-size", H, "--max-length", T]
    command = [options.lstm, "benchmark", "--data", options.data, "--serve", "--batch-size", BATCH, *sizes,
               *row.network]  # fmt: skip
    commands = f"load {path}\ntrain 0\nsave {folder / 'after.safetensors'}\nquit\n"
    result = subprocess.run(
        [str(word) for word in command], check=False, input=commands, capture_output=True, text=True
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    for answer in answers:
        if "error" in answer:
            sys.exit(f"lstm benchmark: {answer['error']}")
    return weights_here(folder / "after.safetensors", folder), answers[2]["loss"]


def flat(arrays):
    return np.concatenate([np.ravel(np.asarray(a, np.float64)) for a in arrays])


# MARK: The table


def check(row, folder):
    """The cells of a row, and whether all are within their limits."""
    k = row.library
    k.utils.set_random_seed(3)
    model = row.build(k)
    compile_model(row, model, k)
    spread_weights(model)
    for _ in range(0 if row.reads_texts else STEPS):
        step(row, model)
    path = folder / f"model{row.ending}"
    save(row, model, path)
    read = path
    if row.weights_only:
        # What weights don't say.
        read = folder / "imported.safetensors"
        said = [word for word in row.network if word == "--mask-padding"]
        ours.run(options.lstm, "import", path, "--output", read, "--overwrite", *said)
    own, theirs = (predictions if row.reads_texts else probabilities)(read), probabilities_of(row, model)
    difference = np.abs(own - theirs).max()
    is_right, shown = difference <= LIMIT, f"{difference:.1e}"
    if not is_right:
        truth = in_float64(row, model)
        off, keras_off = np.abs(own - truth).max(), np.abs(theirs - truth).max()
        is_right, shown = off <= max(LIMIT, keras_off), f"{shown} (to float64: {off:.1e}, Keras's {keras_off:.1e})"
    if np.ptp(theirs) < 0.02:
        is_right, shown = False, shown + " all alike"

    stepped = "–"
    if row.has_state and not row.weights_only:
        before = flat(model.get_weights())
        after, loss = our_step(row, path, folder)
        loss -= step(row, model)
        change = np.abs(flat(after.values()) - flat(model.get_weights()))
        assert np.abs(flat(model.get_weights()) - before).max() > 1e-4
        stepped = f"{change.max():.1e}"
        is_right = is_right and change.max() <= STEP_LIMIT and np.mean(change > 1e-5) < 1e-3 and abs(loss) < 1e-5

    back = "–"
    if row.writes_back:
        written = folder / "back.keras"
        ours.run(options.lstm, "export", read, "--to", written, "--overwrite")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again = keras.models.load_model(written)
        expected = weights_here(read, folder)
        # Of a vectorization's tokens there are two more here.
        x = ours.reviews(options.data, "test", TEXTS, T, V + 2)[0] if row.reads_texts else x_test
        answer = again.predict(x, batch_size=TEXTS, verbose=0).astype(np.float64)
        answer = answer[:, 0] if answer.shape[1] == 1 else answer.max(1)
        distance = np.abs(answer - probabilities(read)).max()
        same = []
        for ending in (".keras", ".h5"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                again.save(folder / f"again{ending}")
            found = weights_here(folder / f"again{ending}", folder)
            same.append(found.keys() == expected.keys() and all(np.array_equal(found[n], expected[n]) for n in found))
            same.append(np.array_equal(probabilities(folder / f"again{ending}"), probabilities(read)))
        back = f"{distance:.1e}, {'same' if all(same) else 'DIFFERENT'}"
        is_right = is_right and distance <= max(LIMIT, 2 * difference) and all(same)
    return shown, stepped, back, is_right


# MARK: What is refused


@keras.saving.register_keras_serializable("mine")
class Scale(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def refused(k):
    """Models with a layer that can't be represented, and what the error has to say."""
    one = k.layers.Dense(1, activation="sigmoid")
    head = (k.layers.Embedding(V, E),)

    def attention():
        start = k.Input((None,), dtype="int32")
        x = k.layers.LSTM(H, return_sequences=True)(k.layers.Embedding(V, E)(start))
        x = k.layers.Attention(name="look")([x, x])
        return k.Model(start, k.layers.Dense(1, activation="sigmoid")(k.layers.GlobalMaxPooling1D()(x)))

    yield "GRU", sequential(k, *head, k.layers.GRU(H, name="gates"), one), "“GRU” “gates”"
    yield "attention", attention(), "“Attention” “look”"
    yield (
        "convolution",
        sequential(
            k, *head, k.layers.Conv1D(8, 3, name="window"), k.layers.LSTM(H), k.layers.Dense(1, activation="sigmoid")
        ),
        "“Conv1D” “window”",
    )
    yield "merge_mode sum", sequential(
        k, k.layers.Embedding(V, E), k.layers.Bidirectional(k.layers.LSTM(H), merge_mode="sum", name="sums"),
        k.layers.Dense(1, activation="sigmoid")), "“Bidirectional” “sums”: merge_mode"  # fmt: skip
    yield "backward alone", sequential(
        k, k.layers.Embedding(V, E), k.layers.LSTM(H, go_backwards=True, name="back"),
        k.layers.Dense(1, activation="sigmoid")), "“LSTM” “back”: go_backwards"  # fmt: skip
    yield "the masked largest", sequential(
        k, k.layers.Embedding(V, E, mask_zero=True), k.layers.LSTM(H, return_sequences=True),
        k.layers.GlobalMaxPooling1D(name="most"), k.layers.Dense(1, activation="sigmoid")), "“most”"  # fmt: skip
    yield (
        "2 sigmoids",
        sequential(
            k, k.layers.Embedding(V, E), k.layers.LSTM(H), k.layers.Dense(2, activation="sigmoid", name="labels")
        ),
        "“Dense” “labels”",
    )
    if k is K3:
        yield (
            "own layer",
            sequential(
                k,
                k.layers.Embedding(V, E),
                k.layers.LSTM(H),
                Scale(name="twice"),
                k.layers.Dense(1, activation="sigmoid"),
            ),
            "Scale” “twice”",
        )


def odd_texts():
    """Texts with all that TextVectorization's rules are about."""
    generator = np.random.default_rng(2)
    words = [f"w{n}" for n in range(300)] + [
        "It's", "well-known", "ÉCOLE", "école", "Straße", "naïve", "don't!", "(a)", "...", "C++", "e\u0301",
        "a\u00a0b", "x\u3000y", "日本語", "🙂", "_", "UPPER", "#tag", "a\x0bb", "c\x0cd", "1,000.5",
    ]  # fmt: skip

    def text():
        chosen = generator.choice(words, generator.integers(1, 40))
        marks = generator.choice(["", "", "", ",", ".", "!", "\t"], len(chosen))
        return " ".join(str(word) + str(mark) for word, mark in zip(chosen, marks))

    return [text() for _ in range(TEXTS)]


def main():
    global x_train, y_train, x_test, x_texts
    x_texts = odd_texts()
    x_train, y_train = ours.reviews(options.data, "train", BATCH, T, V)
    x_test, _ = ours.reviews(options.data, "test", TEXTS, T, V)
    y_train = y_train.astype(np.int64)
    print(f"Keras {keras.__version__} and tf_keras {tf_keras.__version__} on TensorFlow {tf.__version__}; "
          f"{TEXTS} reviews, limit {LIMIT:g}; a step's limit {STEP_LIMIT:g}\n")  # fmt: skip
    print("| model | Keras | file | predictions | step | written back, saved again |\n|---|---|---|---|---|---|")
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            version = "3" if row.library is K3 else "2"
            if options.only not in row.name:
                continue
            *cells, is_right = check(row, Path(folder))
            count += 1
            print("|", " | ".join([row.name, version, row.ending, *cells]), "|" + ("" if is_right else " TOO LARGE"),
                  flush=True)  # fmt: skip
            if not is_right:
                failures.append(f"{row.name} ({version}, {row.ending})")
            keras.backend.clear_session()
            tf_keras.backend.clear_session()
        print()
        for k, version in ((K3, "3"), (K2, "2")):
            for name, model, problem in refused(k):
                for ending in (".keras", ".h5"):
                    path = Path(folder) / f"refused{ending}"
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        model.save(path)
                    ours.refuses(f"{name}, Keras {version}, {ending}", problem, options.lstm, "inspect", path)
    failures += ours.failures
    if failures:
        sys.exit(f"error: over the limit: {'; '.join(failures)}")
    print(f"\nAll {count} models within the limits.")


main()
