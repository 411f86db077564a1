"""Makes Tests/TrainingTests/Golden/adam_steps.json.

    python Scripts/golden/adam_keras.py

Ten training steps of a small network by Keras with its Adam, and what Keras's
metrics report over a last partial batch. Keras computes in float32; the file
holds its numbers and those of the same steps in float64 (numpy, from the
formulas below), which must agree with Keras's before anything is written.

On TensorFlow an Embedding's gradient is a tf.IndexedSlices with one row for
every position, and Keras squares these rows before they are added up: there a
token that occurs several times gets v += (sum of squares - v)(1 - beta2), on
every other backend (square of the sum - v)(1 - beta2), as the formula says.
"runs" are by the formula (on TensorFlow: Keras's Adam given dense gradients);
"tensorFlowRuns" are what Keras on TensorFlow does as it stands.

Needs tensorflow-cpu and keras. With KERAS_BACKEND=torch or jax in the
environment it only compares, and writes nothing.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from pathlib import Path

import keras
import numpy as np

import layout

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if ON_TENSORFLOW:
    import tensorflow

FILE = Path(__file__).resolve().parents[2] / "Tests/TrainingTests/Golden/adam_steps.json"
V, E, H, T, B, STEPS = 40, 10, 13, 12, 20, 10
RATES = [0.001, 0.01]


def make_inputs():
    """Parameters that float32 holds exactly, and ten batches that lack some of the tokens."""
    generator = np.random.default_rng(7)
    limits = {"embedding": 0.5, "lstm.kernel": 0.5, "lstm.recurrent_kernel": 0.4,
              "lstm.bias": 0.5, "dense.kernel": 0.7, "dense.bias": 0.2}  # fmt: skip
    parameters = {k: layout.representable(generator.uniform(-limits[k], limits[k], shape))
                  for k, shape in layout.shapes(V, E, H).items()}  # fmt: skip
    batches = []
    for _ in range(STEPS):
        # A batch draws from 25 of the 40 tokens: the rows of the others get no gradient.
        present = np.sort(generator.choice(np.arange(1, V), 25, replace=False))
        tokens = layout.padded_tokens(generator, generator.integers(0, T + 1, B), 26, T)
        tokens = np.concatenate([[0], present])[tokens].astype(np.int32)
        batches.append((tokens, generator.integers(0, 2, B)))
    return layout.join(parameters, V, E, H), batches


class DenseAdam(keras.optimizers.Adam):
    """Keras's Adam, given the sum of an Embedding's gradient rows instead of the rows."""

    def update_step(self, gradient, variable, learning_rate):
        if ON_TENSORFLOW:
            gradient = tensorflow.convert_to_tensor(gradient)
        super().update_step(gradient, variable, learning_rate)


def make_model(flat, rate, Adam=DenseAdam):
    model = keras.Sequential([
        keras.Input((T,), dtype="int32"),
        keras.layers.Embedding(V, E),
        keras.layers.LSTM(H),
        keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    assert [w.shape for w in model.weights] == list(layout.shapes(V, E, H).values())
    model.set_weights(list(layout.split(flat.astype(np.float32), V, E, H).values()))
    model.compile(Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()]).astype(np.float64)


# MARK: The same in float64, from the formulas


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradient(flat, tokens, labels):
    """Loss, accuracy, d loss / d flat, and the embedding rows' squares added up by position."""
    p = layout.split(flat, V, E, H)
    d = {k: np.zeros_like(v) for k, v in p.items()}
    squares = np.zeros((V, E))
    W, U, b = p["lstm.kernel"], p["lstm.recurrent_kernel"], p["lstm.bias"]
    h = c = np.zeros((len(tokens), H))
    history = []
    for token in tokens.T:
        x = p["embedding"][token]
        i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        history.append((token, x, h, c, i, f, g, o))
        c = f * c + i * g
        h = o * np.tanh(c)
    logits = (h @ p["dense.kernel"] + p["dense.bias"])[:, 0]
    losses = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))

    dz = (sigmoid(logits) - labels)[:, None] / len(labels)
    d["dense.kernel"] += h.T @ dz
    d["dense.bias"] += dz.sum(0)
    dh, dc = dz @ p["dense.kernel"].T, 0
    for token, x, h, before, i, f, g, o in reversed(history):
        t = np.tanh(f * before + i * g)
        dc = dc + dh * o * (1 - t * t)
        gates = [dc * g * i * (1 - i), dc * before * f * (1 - f),
                 dc * i * (1 - g * g), dh * t * o * (1 - o)]  # fmt: skip
        dG = np.concatenate(gates, axis=1)
        d["lstm.kernel"] += x.T @ dG
        d["lstm.recurrent_kernel"] += h.T @ dG
        d["lstm.bias"] += dG.sum(0)
        np.add.at(d["embedding"], token, dG @ W.T)
        np.add.at(squares, token, (dG @ W.T) ** 2)
        dh, dc = dG @ U.T, dc * f
    accuracy = np.mean((sigmoid(logits) > 0.5) == labels)
    return losses.mean(), accuracy, layout.join(d, V, E, H), squares


def adam(flat, batches, rate, by_position=False, beta1=0.9, beta2=0.999, epsilon=1e-7):
    """Yields each step's loss and accuracy before it and the parameters after it.

    by_position: the embedding's gradients are squared before they are added up.
    """
    w, m, v = flat.copy(), np.zeros_like(flat), np.zeros_like(flat)
    for t, (tokens, labels) in enumerate(batches, start=1):
        loss, accuracy, g, squares = gradient(w, tokens, labels)
        square = g * g
        if by_position:
            square[: V * E] = squares.ravel()
        alpha = rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        m += (g - m) * (1 - beta1)
        v += (square - v) * (1 - beta2)
        w -= alpha * m / (np.sqrt(v) + epsilon)
        yield loss, accuracy, w.copy()


# MARK: Runs


def run(flat, batches, rate, Adam, by_position):
    model = make_model(flat, rate, Adam)
    keras_losses, keras_accuracies, keras_parameters = [], [], []
    for tokens, labels in batches:
        model.reset_metrics()
        loss, accuracy = model.train_on_batch(tokens, labels)
        keras_losses.append(float(loss))
        keras_accuracies.append(float(accuracy))
        keras_parameters.append(weights(model))
    losses, accuracies, parameters = map(list, zip(*adam(flat, batches, rate, by_position)))

    np.testing.assert_allclose(losses, keras_losses, rtol=2e-6)
    np.testing.assert_allclose(accuracies, keras_accuracies, rtol=1e-6)
    differences = [np.abs(a - b).max() for a, b in zip(parameters, keras_parameters)]
    moved = np.abs(parameters[-1] - flat).max()
    absent = np.setdiff1d(np.arange(V), batches[1][0])
    still = np.abs(parameters[1] - parameters[0])[: V * E].reshape(V, E)[absent].max()
    print(f"{Adam.__name__}, rate {rate}: Keras and the formulas differ by {differences[0]:.1e} "
          f"after step 1 and {differences[-1]:.1e} after step {STEPS}, where weights moved by "
          f"{moved:.1e}; rows absent from the second batch moved by {still:.1e}")  # fmt: skip
    assert max(differences) < 2e-3 * rate, differences
    assert still > 0.05 * rate
    return {
        "learningRate": rate,
        "losses": np.array(losses),
        "accuracies": np.array(accuracies),
        "parametersAfter1": parameters[0],
        "parametersAfter10": parameters[-1],
        "kerasLosses": np.array(keras_losses),
        "kerasParametersAfter1": keras_parameters[0],
        "kerasParametersAfter10": keras_parameters[-1],
    }


def tensorflow_run(flat, batches, rate):
    """Keras on TensorFlow as it stands: losses, and how far its weights end from the formula's."""
    values = run(flat, batches, rate, keras.optimizers.Adam, by_position=True)
    formula = list(adam(flat, batches, rate))[-1][2]
    distance = np.abs(values["parametersAfter10"] - formula)
    return {
        "learningRate": rate,
        "losses": values["losses"],
        "kerasLosses": values["kerasLosses"],
        "largestDistanceAfter10": {
            k: d.max() for k, d in layout.split(distance, V, E, H).items()
        },
    }  # fmt: skip


def metrics(flat, batches):
    """An epoch over 50 samples in batches of 20: what History and evaluate report."""
    tokens = np.concatenate([t for t, _ in batches[:3]])[:50]
    labels = np.concatenate([y for _, y in batches[:3]])[:50]
    model = make_model(flat, 0.01)
    history = model.fit(tokens, labels, batch_size=B, epochs=1, shuffle=False, verbose=0,
                        validation_data=(tokens[:27], labels[:27])).history  # fmt: skip
    parts = [(tokens[s : s + B], labels[s : s + B]) for s in range(0, 50, B)]
    steps = list(adam(flat, parts, 0.01))
    sizes = [len(y) for _, y in parts]
    loss, accuracy = (np.average([s[k] for s in steps], weights=sizes) for k in (0, 1))
    validation = gradient(steps[-1][2], tokens[:27], labels[:27])
    found = {"loss": loss, "accuracy": accuracy,
             "validationLoss": validation[0], "validationAccuracy": validation[1]}  # fmt: skip
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    for value, name in zip(found.values(), names):
        np.testing.assert_allclose(value, history[name][0], rtol=2e-6, err_msg=name)
    unweighted = np.mean([s[0] for s in steps])
    assert abs(unweighted - loss) > 1e-4, "the case can't tell weighted means from others"
    print(f"metrics: {found}, an unweighted mean of losses would be {unweighted}")
    return {"samples": 50, "batchSizes": sizes, "learningRate": 0.01, "validationSamples": 27,
            "batchLosses": np.array([s[0] for s in steps]),
            "batchAccuracies": np.array([s[1] for s in steps])} | found  # fmt: skip


def check_gradient(flat, tokens, labels):
    """The formulas' gradient against finite differences."""
    _, _, g, _ = gradient(flat, tokens, labels)
    for index in np.random.default_rng(1).choice(flat.size, 300, replace=False):
        moved = [flat.copy(), flat.copy()]
        moved[0][index] += 1e-5
        moved[1][index] -= 1e-5
        ahead, behind = (gradient(w, tokens, labels)[0] for w in moved)
        assert abs((ahead - behind) / 2e-5 - g[index]) < 1e-9


if __name__ == "__main__":
    flat, batches = make_inputs()
    check_gradient(flat, *batches[0])
    runs = [run(flat, batches, rate, DenseAdam, by_position=False) for rate in RATES]
    measured = metrics(flat, batches)
    if not ON_TENSORFLOW:
        for rate in RATES:
            run(flat, batches, rate, keras.optimizers.Adam, by_position=False)
        raise SystemExit(f"agrees with Keras on {keras.backend.backend()}; nothing is written")
    layout.write(FILE, {
        "madeBy": "Scripts/golden/adam_keras.py",
        "versions": layout.versions(np, keras, tensorflow),
        "layout": list(layout.shapes(1, 1, 1)),
        "V": V, "E": E, "H": H, "T": T, "B": B,
        "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7,
        "parameters": layout.Exact(flat),
        "batches": [{"tokens": t.ravel(), "labels": y} for t, y in batches],
        "runs": runs,
        "tensorFlowRuns": [tensorflow_run(flat, batches, rate) for rate in RATES],
        "metrics": measured,
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
