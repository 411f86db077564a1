"""Makes Tests/RecurrentNetworkTests/Golden/initializers.json.

    python Scripts/golden/initializers.py

How the weights of the tutorial's network are distributed before training, over
many networks of Keras's layers with their default initializers. Keras's own
numbers depend on its generator; their distribution is what has to be the same.

Of each tensor: its name and shape; the mean, the standard deviation and the
largest magnitude of its elements; and the share of them whose magnitude is
below half a standard deviation, which tells a uniform distribution (0.289) from
a normal one (0.383) and from two points (0). Of the recurrent kernel also how
far its rows are from orthonormal. Needs keras and a backend.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from pathlib import Path

import keras
import numpy as np

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/RecurrentNetworkTests/Golden/initializers.json"
V, E, H = 1000, 128, 128
NETWORKS = 20


def weights():
    """The tensors of a new network, by name."""
    model = keras.Sequential([
        keras.Input((None,)), keras.layers.Embedding(V, E), keras.layers.LSTM(H),
        keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    return dict(zip(layout.shapes(V, E, H), model.get_weights(), strict=True))


def facts(name, samples):
    values = np.stack(samples).astype(np.float64)
    found = {
        "name": name,
        "shape": list(samples[0].shape),
        "mean": values.mean(),
        "deviation": values.std(),
        "largest": np.abs(values).max(),
        "shareBelowHalfADeviation": np.mean(np.abs(values) < values.std() / 2) if values.std() else None,
    }
    if name == "lstm.bias":
        assert all(np.array_equal(sample, samples[0]) for sample in samples)
        found["gates"] = [float(gate[0]) for gate in samples[0].reshape(4, H) if np.all(gate == gate[0])]
        assert len(found["gates"]) == 4
    if name == "lstm.recurrent_kernel":
        found["largestErrorOfRowProducts"] = max(
            np.abs(u.astype(np.float64) @ u.T.astype(np.float64) - np.eye(H)).max() for u in samples)  # fmt: skip
    return found


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    networks = [weights() for _ in range(NETWORKS)]
    layout.write(FILE, {
        "madeBy": "Scripts/golden/initializers.py",
        "versions": layout.versions(np, keras),
        "V": V, "E": E, "H": H,
        "tensors": [facts(name, [network[name] for network in networks]) for name in layout.shapes(V, E, H)],
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
