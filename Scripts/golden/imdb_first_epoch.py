"""Makes Tests/TrainingTests/Golden/imdb_first_epoch.json.

    python Scripts/golden/imdb_first_epoch.py --data FOLDER [--write-weights FILE]

The first epoch of the Keras tutorial on FOLDER/imdb.npz, in float64 by
PyTorch with Keras's Adam written out: 25 batches of 1,000 reviews in the order
of keras.datasets.imdb.load_data, not shuffled again. The initial weights follow
from a rule (initial_weights), so that they need no file. The values belong to
the tokens whose checksums the file names: an imdb.npz with its reviews in
another order gives other batches. Takes about ten minutes of two cores and
4 GB. Needs numpy and torch (CPU).

--write-weights writes the initial weights as safetensors, with PyTorch's names,
and stops.
"""

import argparse
import hashlib
import json
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import torch

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/TrainingTests/Golden/imdb_first_epoch.json"
V, E, H, T, B = 1000, 128, 128, 400, 1000
PART = 250  # rows held at a time; a batch's gradient is the sum over its parts


# MARK: Data and weights


def load_data(path):
    """What imdb.load_data(num_words=1000) and pad_sequences(maxlen=400) return."""
    with np.load(path, allow_pickle=True) as file:
        arrays = {k: file[k] for k in ("x_train", "y_train", "x_test", "y_test")}
    generator = np.random.RandomState(113)
    result = []
    for part in ("train", "test"):
        reviews, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        order = np.arange(len(reviews))
        generator.shuffle(order)
        tokens = np.zeros((len(reviews), T), np.int32)
        for row, index in zip(tokens, order):
            review = [1] + [rank + 3 for rank in reviews[index]]
            review = [word if word < V else 2 for word in review][-T:]
            row[T - len(review) :] = review
        result.append((tokens, labels[order].astype(np.float64)))
    return result


def checksums(path, parts):
    """CRC-32 of the tokens as little-endian int32 [N, T] and of the labels as uint8."""
    facts = {"fileSHA256": hashlib.sha256(path.read_bytes()).hexdigest()}
    for name, (tokens, labels) in zip(("train", "test"), parts):
        facts[f"{name}TokensCRC32"] = zlib.crc32(tokens.astype("<i4").tobytes())
        facts[f"{name}LabelsCRC32"] = zlib.crc32(labels.astype(np.uint8).tobytes())
    return facts


def initial_weights():
    """float32(limit * (2 u - 1)) with u = (splitmix64(flat index) >> 11) / 2^53; biases are given."""
    count = sum(int(np.prod(shape)) for shape in layout.shapes(V, E, H).values())
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
    p = layout.split(2 * u - 1, V, E, H)
    p["embedding"] *= 0.05
    p["lstm.kernel"] *= 0.096825
    p["lstm.recurrent_kernel"] *= 0.0884
    p["lstm.bias"][:] = 0
    p["lstm.bias"][H : 2 * H] = 1  # the forget gate's
    p["dense.kernel"] *= 0.2157
    p["dense.bias"][:] = 0
    return layout.join(p, V, E, H).astype(np.float32)


def torch_names(p):
    """Parameters by PyTorch's names, with its orientation [output, input]."""
    return {
        "embedding.weight": p["embedding"],
        "lstm.weight_ih_l0": p["lstm.kernel"].T,
        "lstm.weight_hh_l0": p["lstm.recurrent_kernel"].T,
        "lstm.bias_ih_l0": p["lstm.bias"],
        "lstm.bias_hh_l0": np.zeros_like(p["lstm.bias"]),
        "fc.weight": p["dense.kernel"].T,
        "fc.bias": p["dense.bias"],
    }


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


# MARK: The network


class Network(torch.nn.Module):
    def __init__(self, flat):
        super().__init__()
        self.embedding = torch.nn.Embedding(V, E)
        self.lstm = torch.nn.LSTM(E, H, batch_first=True)
        self.fc = torch.nn.Linear(H, 1)
        values = torch_names(layout.split(flat, V, E, H))
        self.load_state_dict({k: torch.tensor(v) for k, v in values.items()})
        self.double()
        # Keras has one bias: the second stays zero.
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        return self.fc(hidden[:, -1])[:, 0]

    def keras_parameters(self):
        """Keras's name of each parameter that is learned."""
        return {
            "embedding": self.embedding.weight,
            "lstm.kernel": self.lstm.weight_ih_l0,
            "lstm.recurrent_kernel": self.lstm.weight_hh_l0,
            "lstm.bias": self.lstm.bias_ih_l0,
            "dense.kernel": self.fc.weight,
            "dense.bias": self.fc.bias,
        }


class KerasAdam:
    def __init__(self, parameters, rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-7):
        self.parameters = [(w, torch.zeros_like(w), torch.zeros_like(w)) for w in parameters]
        self.rate, self.beta1, self.beta2, self.epsilon, self.t = rate, beta1, beta2, epsilon, 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        alpha = self.rate * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        for w, m, v in self.parameters:
            m += (w.grad - m) * (1 - self.beta1)
            v += (w.grad**2 - v) * (1 - self.beta2)
            w -= alpha * m / (v.sqrt() + self.epsilon)
            w.grad = None


def measure(network, tokens, labels, learn):
    """Mean loss and accuracy; with learn, the mean loss's gradients are left in the network."""
    losses, correct = 0.0, 0
    for start in range(0, len(labels), PART):
        x = torch.from_numpy(tokens[start : start + PART].astype(np.int64))
        y = torch.from_numpy(labels[start : start + PART])
        with torch.set_grad_enabled(learn):
            z = network(x)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum")
        if learn:
            (loss / len(labels)).backward()
        losses += loss.item()
        correct += ((torch.sigmoid(z) > 0.5) == (y > 0.5)).sum().item()
    return losses / len(labels), correct / len(labels)


def gradient_facts(network):
    """The norm of every tensor's gradient and 40 of its elements, in Keras's orientation."""
    generator = np.random.default_rng(40)
    facts = {}
    for name, w in network.keras_parameters().items():
        g = w.grad.numpy()
        g = g.ravel() if name == "embedding" or g.ndim == 1 else g.T.ravel()
        # Elements of an embedding's absent tokens are zero and show nothing.
        candidates = np.flatnonzero(g)
        count = min(40, len(candidates))
        indices = np.sort(generator.choice(candidates, count, replace=False))
        facts[name] = {
            "norm": float(np.linalg.norm(g)),
            "largest": float(np.abs(g).max()),
            "indices": indices,  # within the tensor, row-major
            "values": g[indices],
        }
    return facts


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[2])
    arguments.add_argument("--data", type=Path, help="the folder of imdb.npz")
    arguments.add_argument("--write-weights", type=Path, metavar="FILE")
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    flat = initial_weights()
    if options.write_weights:
        write_safetensors(options.write_weights, torch_names(layout.split(flat, V, E, H)))
        return
    if not options.data:
        arguments.error("--data FOLDER is needed")
    torch.set_num_threads(options.threads)
    path = options.data / "imdb.npz"
    (tokens, labels), (test_tokens, test_labels) = parts = load_data(path)
    data = checksums(path, parts)
    print(data, flush=True)
    network = Network(flat)
    adam = KerasAdam(network.keras_parameters().values())
    batches, facts, test = [], None, None
    for batch, start in enumerate(range(0, len(labels), B)):
        began = time.perf_counter()
        loss, accuracy = measure(network, tokens[start : start + B], labels[start : start + B], True)
        if batch == 0:
            facts = gradient_facts(network)
        adam.step()
        batches.append((loss, accuracy))
        print(f"batch {batch}: loss {loss:.9f}, accuracy {accuracy:.3f}, "
              f"{time.perf_counter() - began:.1f} s", flush=True)  # fmt: skip
        if batch == 4:
            test = measure(network, test_tokens[:B], test_labels[:B], learn=False)
            print(f"test: loss {test[0]:.9f}, accuracy {test[1]:.3f}", flush=True)
    layout.write(FILE, {
        "madeBy": "Scripts/golden/imdb_first_epoch.py",
        "versions": layout.versions(np, torch),
        "layout": list(layout.shapes(1, 1, 1)),
        "V": V, "E": E, "H": H, "T": T, "B": B, "learningRate": 1e-3,
        "data": data,
        "firstWeights": layout.Exact(flat[:5]),
        "sumOfWeights": float(flat.astype(np.float64).sum()),
        "losses": np.array([l for l, _ in batches]),
        "accuracies": np.array([a for _, a in batches]),
        "firstGradient": facts,
        "testAfter5": {"samples": B, "loss": test[0], "accuracy": test[1]},
        "epoch": {
            "loss": np.mean([l for l, _ in batches]),
            "accuracy": np.mean([a for _, a in batches]),
        },
    })  # fmt: skip


if __name__ == "__main__":
    main()
