"""Makes Tests/HyperparametersTests/Golden/steering.json.

    python Scripts/golden/steering.py

What Keras's callbacks decide over given histories, with which settings they
are made when none are given, its learning rate schedules, its gradient
clipping, AdamW, and where validation_split splits: each from the real class or
function. The callbacks get a real, compiled model, whose one
weight is the epoch, so that a restored model says which epoch it is of.

Gradients are dense: on TensorFlow an Embedding's gradient is a list of rows,
one a position, and Keras takes norms of those before they are added up.

A NaN is null in the file. Needs keras and a backend.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import math
from pathlib import Path

import keras
import numpy as np
from keras.src.trainers.data_adapters.array_slicing import train_validation_split

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/HyperparametersTests/Golden/steering.json"
LOSSES, ACCURACIES = ["loss", "val_loss"], ["accuracy", "val_accuracy"]
V, E, H = 5, 2, 2


# MARK: Callbacks


class Model(keras.Sequential):
    """Its weight is the epoch; saving only notes it."""

    def __init__(self, rate=0.001):
        super().__init__([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        self.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
        self.train_on_batch(np.zeros((1, 1)), np.zeros((1, 1)))  # builds the metrics
        self.stop_training = False
        self.saved = []

    @property
    def epoch(self):
        return int(self.get_weights()[0][0, 0])

    @epoch.setter
    def epoch(self, epoch):
        self.set_weights([np.full((1, 1), epoch, np.float32)])

    def save_weights(self, filepath, overwrite=True):
        self.saved.append(self.epoch)


def overfitted():
    """A history of a model that learns noise by heart."""
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    x = generator.normal(size=(120, 20))
    y = (x[:, 0] + generator.normal(size=120) > 0).astype(np.float32)
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(32, activation="relu"),
                              keras.layers.Dense(1, activation="sigmoid")])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model.fit(x[:60], y[:60], validation_data=(x[60:], y[60:]), batch_size=20, epochs=30,
                     verbose=0).history  # fmt: skip


def histories():
    """By quantity's kind: sequences of float32 values."""
    generator = np.random.default_rng(1)
    recorded = overfitted()
    losses = [recorded[name] for name in LOSSES]
    accuracies = [recorded[name] for name in ACCURACIES]
    for _ in range(4):  # random walks on a coarse grid, with many ties
        losses.append(1 + np.cumsum(generator.integers(-3, 3, 30)) / 64)
        accuracies.append(0.5 + np.cumsum(generator.integers(-2, 4, 30)) / 64)
    for _ in range(2):
        losses.append(generator.uniform(0.3, 0.31, 30))
        accuracies.append(generator.uniform(0.8, 0.81, 30))
    # Better by min_delta to the last bit, by one less and by one more, from starts that round differently.
    for sign, many in ((-1, losses), (1, accuracies)):
        for delta in (1e-4, 0.01):
            walk = [np.float32(0.75)]
            for _ in range(10):
                edge = np.float32(walk[-1] + sign * delta)
                walk += [np.nextafter(edge, np.float32(1 if sign < 0 else 0)), edge,
                         np.nextafter(edge, np.float32(0 if sign < 0 else 1))]  # fmt: skip
                walk.append(np.float32(walk[-1] + sign * generator.uniform(0, 0.02)))
            many.append(walk[:30])
        many.append([0.7] * 12)
        many.append([math.nan] + [0.7 + 0.01 * sign * i for i in range(6)])
        many.append([0.7, math.nan, math.nan, 0.7 + 0.1 * sign, math.nan, 0.7])
    return [[[float(np.float32(v)) for v in history] for history in many] for many in (losses, accuracies)]


def rehearse(callback, model, history, monitor):
    """Feeds a callback as fit does; yields after each epoch."""
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(history):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {monitor: value})
        yield
        if model.stop_training:
            break
    callback.on_train_end()


def early_stopping(history, monitor, patience, min_delta):
    callback = keras.callbacks.EarlyStopping(monitor, min_delta, patience, restore_best_weights=True)
    model = Model()
    waits, best_epochs = [], []
    for _ in rehearse(callback, model, history, monitor):
        waits.append(callback.wait)
        best_epochs.append(callback.best_epoch)
    return {"patience": patience, "minDelta": min_delta, "waits": waits, "bestEpochs": best_epochs,
            "best": number(callback.best), "restoredEpoch": model.epoch,
            "stoppedEpoch": callback.stopped_epoch if model.stop_training else None}  # fmt: skip


def best_epochs(history, monitor):
    callback = keras.callbacks.ModelCheckpoint("x.weights.h5", monitor, save_best_only=True, save_weights_only=True)
    model = Model()
    for _ in rehearse(callback, model, history, monitor):
        pass
    return model.saved


def plateau(history, monitor, factor, patience, min_delta, cooldown, min_lr, rate):
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor, factor, patience, min_delta=min_delta, cooldown=cooldown, min_lr=min_lr)  # fmt: skip
    model = Model(rate)
    rates, waits, counters = [], [], []
    for _ in rehearse(callback, model, history, monitor):
        rates.append(number(float(model.optimizer.learning_rate)))
        waits.append(callback.wait)
        counters.append(callback.cooldown_counter)
    return {"factor": factor, "patience": patience, "minDelta": min_delta, "cooldown": cooldown,
            "minLearningRate": min_lr, "learningRate": rate, "rates": rates,
            "waits": waits, "cooldownCounters": counters}  # fmt: skip


def number(value):
    """The shortest decimal that is the same float32, or None for NaN."""
    return None if math.isnan(value) else float(str(np.float32(value)))


def callbacks():
    cases = []
    for names, many in zip((LOSSES, ACCURACIES), histories()):
        for index, history in enumerate(many):
            monitor = names[index % 2]
            # Settings take turns, so that every history meets two, among them the one with its min_delta.
            stops = [(1, 0), (3, 1e-4), (8, -0.01), (0, 0.01)]
            plateaus = [(0.1, 10, 1e-4, 0, 0.0, 0.001), (0.5, 2, 1e-4, 1, 1e-4, 0.001),
                        (0.3, 1, 0.01, 3, 0.0, 0.0123), (0.1, 0, 0, 0, 1e-5, 0.01)]  # fmt: skip
            at = [index % 4, (index + 1) % 4]
            cases.append({
                "monitor": monitor,
                "history": [number(v) for v in history],
                "bestEpochs": best_epochs(history, monitor),
                "earlyStopping": [early_stopping(history, monitor, *stops[i]) for i in at],
                "plateau": [plateau(history, monitor, *plateaus[i]) for i in at],
            })  # fmt: skip
    stopped = [c["stoppedEpoch"] for case in cases for c in case["earlyStopping"]]
    assert None in stopped and len(set(stopped)) > 6, stopped
    return cases


def defaults():
    """What the callbacks are set to when nothing is said."""
    stopping, plateau = keras.callbacks.EarlyStopping(), keras.callbacks.ReduceLROnPlateau()
    return {
        "earlyStopping": {"monitor": stopping.monitor, "patience": stopping.patience, "minDelta": stopping.min_delta,
                          "restoresBestWeights": stopping.restore_best_weights},
        "plateau": {"monitor": plateau.monitor, "factor": plateau.factor, "patience": plateau.patience,
                    "minDelta": plateau.min_delta, "cooldown": plateau.cooldown, "minLearningRate": plateau.min_lr},
    }  # fmt: skip


# MARK: Optimizer


def schedules():
    def case(name, schedule, steps, **settings):
        rates = [number(float(schedule(step))) for step in steps]
        return settings | {"kind": name, "steps": steps, "rates": rates}

    cosine = keras.optimizers.schedules.CosineDecay
    staircase = keras.optimizers.schedules.ExponentialDecay
    cases = []
    for rate, warmup, count, alpha in [
        (0.001, 5, 75, 0.0),
        (0.01, 0, 40, 0.1),
        (0.003, 1, 3, 0.25),
        (0.1, 30, 31, 0.5),
    ]:
        schedule = cosine(0.0 if warmup else rate, count - warmup, alpha, warmup_target=rate if warmup else None,
                          warmup_steps=warmup)  # fmt: skip
        steps = sorted({s for s in [*range(0, count, 3), warmup, warmup - 1, count - 1, count, count + 5] if s >= 0})
        cases.append(case("cosineDecay", schedule, steps, learningRate=rate, warmupSteps=warmup, stepCount=count,
                          alpha=alpha))  # fmt: skip
    for rate, factor, every in [(0.001, 0.5, 25), (0.01, 0.1, 7), (0.002, 0.9, 1)]:
        schedule = staircase(rate, every, factor, staircase=True)
        steps = sorted({s + d for s in range(0, 6 * every, every) for d in (-1, 0, 1) if s + d >= 0})
        cases.append(case("stepDecay", schedule, steps, learningRate=rate, factor=factor, everySteps=every))
    return cases


def arrays(generator, scale):
    """A network's worth of numbers that float32 holds exactly, its tensors of different sizes."""
    scales = dict(zip(layout.shapes(V, E, H), (0.25, 1, 2, 0.5, 4, 0.125)))
    return {k: layout.representable(generator.uniform(-1, 1, shape) * scales[k] * scale)
            for k, shape in layout.shapes(V, E, H).items()}  # fmt: skip


def flat(tensors):
    tensors = [keras.ops.convert_to_numpy(t) for t in tensors]
    return [number(v) for v in layout.join(dict(zip(layout.shapes(V, E, H), tensors)), V, E, H)]


def clipping(gradient):
    tensors = [keras.ops.convert_to_tensor(a.astype(np.float32)) for a in gradient.values()]
    norms = [np.linalg.norm(a) for a in gradient.values()]
    total = np.linalg.norm(norms)
    cases = []
    for kind, argument, limits in [("globalNorm", "global_clipnorm", [total / 3, total * 2]),
                                   ("norm", "clipnorm", [float(np.median(norms)), 100]),
                                   ("value", "clipvalue", [0.25, 100])]:  # fmt: skip
        for limit in map(float, np.float32(limits)):
            optimizer = keras.optimizers.Adam(**{argument: limit})
            cases.append({"kind": kind, "limit": limit,
                          "clipped": flat(optimizer._clip_gradients(tensors))})  # fmt: skip
    return cases


def adamw(parameters, gradients):
    """From the same weights: Keras's defaults, then a strong decay with a schedule and clipping."""
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 4, 0.1, warmup_target=0.003, warmup_steps=2)
    runs = []
    for settings in [dict(learning_rate=0.001, weight_decay=0.004),
                     dict(learning_rate=schedule, weight_decay=10.0, global_clipnorm=1.0)]:  # fmt: skip
        variables = [keras.Variable(a.astype(np.float32)) for a in parameters.values()]
        optimizer = keras.optimizers.AdamW(**settings)
        after = []
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(a.astype(np.float32)) for a in gradient.values()], variables)
            after.append(flat(variables))
        runs.append(after)
    return {"parameters": flat(parameters.values()),
            "gradients": [flat(g.values()) for g in gradients],
            "defaults": runs[0], "scheduled": runs[1]}  # fmt: skip


# MARK: Data


def splits():
    cases = []
    for count in (1, 2, 3, 10, 49, 25_000):
        for share in (0.1, 0.2, 0.3, 1 / 3, 0.5, 0.7, 0.9, 0.99, 1.0):
            try:
                start = len(train_validation_split((np.zeros(count),), share)[0][0])
            except ValueError:
                start = None
            cases.append({"count": count, "share": share, "start": start})
    assert {c["start"] is None for c in cases} == {False, True}
    return cases


if __name__ == "__main__":
    generator = np.random.default_rng(5)
    parameters = arrays(generator, 0.25)
    gradients = [arrays(generator, scale) for scale in (1, 0.01, 3, 0.1, 1, 0.3)]
    made = {
        "madeBy": "Scripts/golden/steering.py",
        "versions": layout.versions(np, keras),
        "V": V, "E": E, "H": H,
        "defaults": defaults(),
        "callbacks": callbacks(),
        "schedules": schedules(),
        "gradient": flat(gradients[0].values()),
        "clipping": clipping(gradients[0]),
        "adamw": adamw(parameters, gradients),
        "splits": splits(),
    }  # fmt: skip
    layout.write(FILE, made)
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
