"""Makes Tests/ParallelTests/Golden/networks.json.

    python Scripts/golden/networks.py

Networks of several layers, directions, poolings, dense layers and labels with
given weights and a batch: PyTorch's logits, loss and gradients in float64.
Before anything is written, the loss's slope in a random direction is compared
with finite differences; networks_keras.py compares the logits with Keras's.
Needs numpy and torch (CPU); made with PyTorch 2.13.0.

Padding, token 0, stands in front. Where it is masked, sequences are packed:
only real tokens are read and pooled, and of none the pooled vector is zeros.
"""

import base64
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/ParallelTests/Golden/networks.json"

LENGTHS = [5, 9, 1, 7, 0, 3, 8, 2, 9, 6, 4, 7, 3, 5, 1]
TUTORIAL = dict(vocabularySize=23, embeddingSize=10, hiddenSize=12, layerCount=1, isBidirectional=False,
                pooling="last", masksPadding=False, labelCount=2)  # fmt: skip
BOTH, MASKED = dict(isBidirectional=True), dict(masksPadding=True)
MAX, MEAN, TWO = dict(pooling="max"), dict(pooling="mean"), dict(layerCount=2)
ONE_HOT = dict(embeddingSize=0)
LARGE = dict(vocabularySize=60, embeddingSize=9, hiddenSize=33)


def dense(*layers):
    """Dense layers below the last: sizes and activations in turn."""
    return dict(denseLayers=[dict(size=s, activation=a) for s, a in zip(layers[::2], layers[1::2])])


CASES = [
    {},
    dict(embeddingSize=13, hiddenSize=20),
    MASKED,
    MAX,
    MAX | MASKED,
    MEAN,
    MEAN | MASKED,
    BOTH,
    BOTH | MASKED,
    BOTH | MAX,
    BOTH | MAX | MASKED | dict(hiddenSize=20),
    BOTH | MEAN | dict(hiddenSize=5),
    BOTH | MEAN | MASKED,
    TWO,
    TWO | MASKED,
    TWO | BOTH | MAX | MASKED,
    TWO | BOTH | MEAN | dict(hiddenSize=7),
    BOTH | MAX | MASKED | dict(layerCount=3, hiddenSize=9),
    ONE_HOT,
    ONE_HOT | BOTH | MAX | MASKED,
    BOTH | MEAN | MASKED | dict(labelCount=4),
    MAX | dict(labelCount=3),
    # Of these the gradient is a sample.
    LARGE | TWO | BOTH | MAX | MASKED,
    LARGE | BOTH | MEAN | dict(labelCount=5),
    LARGE | ONE_HOT | BOTH | MAX,
    # The padding chains of three layers.
    dict(layerCount=3, hiddenSize=20),
    dense(7, "relu"),
    BOTH | MAX | MASKED | dense(16, "tanh", 5, "relu") | dict(labelCount=4),
    TWO | MEAN | dense(17, "relu", 17, "tanh", 3, "tanh"),
    LARGE | BOTH | MEAN | MASKED | dense(40, "relu", 33, "relu") | dict(labelCount=3),
]  # fmt: skip


class Unsuitable(Exception):
    """What is compared differs by so little that float32 may see it otherwise, or all predictions are the same."""


def tensors(modules, take):
    """PyTorch's parameters, or what `take` makes of them, in our layout; without the second biases."""
    embedding, lstm, dense = modules
    found = [take(embedding.weight)] if isinstance(embedding, torch.nn.Embedding) else []
    for layer in range(lstm.num_layers):
        for suffix in ("", "_reverse") if lstm.bidirectional else ("",):
            name = f"l{layer}{suffix}"
            found += [take(getattr(lstm, f"weight_ih_{name}")).T, take(getattr(lstm, f"weight_hh_{name}")).T,
                      take(getattr(lstm, f"bias_ih_{name}"))]  # fmt: skip
    return found + [t for layer in dense for t in (take(layer.weight).T, take(layer.bias))]


def make_modules(weights, vocabularySize, embeddingSize, hiddenSize, layerCount, isBidirectional, labelCount,
                 denseLayers=(), **_):  # fmt: skip
    V, E, H = vocabularySize, embeddingSize, hiddenSize
    float64 = dict(dtype=torch.float64)
    one_hot = torch.eye(V, **float64)
    sizes = [H * (1 + isBidirectional)] + [d["size"] for d in denseLayers] + [1 if labelCount == 2 else labelCount]
    modules = (
        torch.nn.Embedding(V, E, **float64) if E else lambda tokens: one_hot[tokens],
        torch.nn.LSTM(E or V, H, layerCount, bidirectional=isBidirectional, batch_first=True, **float64),
        [torch.nn.Linear(*pair, **float64) for pair in pairwise(sizes)],
    )
    with torch.no_grad():
        for name, parameter in modules[1].named_parameters():
            if name.startswith("bias_hh"):
                parameter.zero_()
        for parameter, value in zip(tensors(modules, lambda p: p), weights.values(), strict=True):
            parameter.copy_(torch.from_numpy(value))
    return modules


def states(lstm, inputs, lengths=None):
    """The last layer's outputs, and its last states side by side."""
    if lengths is not None:
        inputs = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    outputs, (hidden, _) = lstm(inputs)
    if lengths is not None:
        outputs, _ = pad_packed_sequence(outputs, batch_first=True)
    return outputs, torch.cat(list(hidden[-2:] if lstm.bidirectional else hidden[-1:]), dim=1)


def pool(pooling, outputs, last, lengths):
    """[B, D * H]; outputs are [B, T, D * H], of each sequence the first `lengths` count."""
    if pooling == "last":
        return last
    real = (torch.arange(outputs.shape[1]) < lengths[:, None])[:, :, None]
    if pooling == "mean":
        return (outputs * real).sum(1) / lengths[:, None]
    outputs = outputs.masked_fill(~real, -np.inf)
    margin = outputs.topk(2, dim=1).values.diff(dim=1).abs().min().item() if outputs.shape[1] > 1 else 1
    if margin < 1e-5:
        raise Unsuitable
    return outputs.amax(1)


def dense_logits(layers, kinds, x):
    for layer, kind in zip(layers, kinds):
        sums = layer(x)
        if kind["activation"] == "relu" and sums.abs().min() < 1e-4:
            raise Unsuitable
        x = getattr(torch, kind["activation"])(sums)
    return layers[-1](x)


def evaluate(modules, sequences, labels, T, pooling, masksPadding, labelCount, denseLayers=(), **_):
    """Logits [B] or [B, labels], and the mean loss."""
    embedding, lstm, dense = modules
    lengths = torch.tensor([len(s) for s in sequences])
    pooled = torch.zeros(len(sequences), dense[0].in_features, dtype=torch.float64)
    if masksPadding:
        rows = lengths > 0
        tokens = torch.tensor([s + [0] * (T - len(s)) for s in sequences])
        pooled[rows] = pool(pooling, *states(lstm, embedding(tokens[rows]), lengths[rows]), lengths[rows])
    else:
        tokens = torch.tensor([[0] * (T - len(s)) + s for s in sequences])
        pooled = pool(pooling, *states(lstm, embedding(tokens)), torch.full_like(lengths, T))
    logits, labels = dense_logits(dense, denseLayers, pooled), torch.tensor(labels)
    if labelCount > 2:
        return logits, torch.nn.functional.cross_entropy(logits, labels)
    logits = logits[:, 0]
    return logits, torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.double())


def text(array):
    """Doubles, little-endian, in base64, which JSONDecoder reads as Data."""
    return base64.b64encode(np.asarray(array, "<f8").tobytes()).decode()


def make(index, changes):
    architecture = TUTORIAL | changes
    isLarge = architecture["vocabularySize"] == LARGE["vocabularySize"]
    generator = np.random.default_rng(20_260 + index)
    T = 30 if isLarge else 9
    lengths = generator.integers(0, T + 1, 60) if isLarge else LENGTHS
    sequences = [generator.integers(1, architecture["vocabularySize"], n).tolist() for n in lengths]
    labels = generator.integers(0, architecture["labelCount"], len(lengths)).tolist()

    def answer(weights):
        modules = make_modules(weights, **architecture)
        return modules, *evaluate(modules, sequences, labels, T, **architecture)

    for seed in range(1000 * index, 1000 * index + 1000):
        try:
            weights = layout.network_weights(seed, **architecture)
            modules, logits, loss = answer(weights)
            values = logits.detach().numpy()
            # A single logit is that of label 1; that of label 0 is 0.
            table = values if values.ndim > 1 else np.stack([0 * values, values], axis=1)
            predicted = table.argmax(1)
            if np.diff(np.sort(table))[:, -1].min() < 1e-3 or len(set(predicted)) == 1:
                raise Unsuitable
            break
        except Unsuitable:
            continue
    loss.backward()
    gradient = [g.numpy() for g in tensors(modules, lambda p: p.grad)]
    assert [g.shape for g in gradient] == list(layout.network_shapes(**architecture).values())

    direction = {k: generator.standard_normal(w.shape) for k, w in weights.items()}
    slope = sum((d * g).sum() for d, g in zip(direction.values(), gradient))
    losses = [answer({k: w + step * direction[k] for k, w in weights.items()})[2].item() for step in (1e-6, -1e-6)]
    error = abs((losses[0] - losses[1]) / 2e-6 - slope)
    assert error < 1e-7, f"a finite difference is off by {error}"

    # Of a large tensor about 64 elements; odd, so that they are from all gates.
    steps = [max(1, g.size // 64) | 1 if isLarge else 1 for g in gradient]
    print(f"{changes}: loss {loss.item():.6f}, slope {slope:.3g} within {error:.1e}, seed {seed}")
    return architecture | {
        "maxLength": T,
        "sequences": sequences,
        "labels": labels,
        "weightSeed": seed,
        "loss": loss.item(),
        "logits": values.ravel(),
        "predicted": predicted,
        "gradientSteps": steps,
        "gradient": text(np.concatenate([g.ravel()[::step] for g, step in zip(gradient, steps)])),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = [make(index, changes) for index, changes in enumerate(CASES)]
    layout.write(FILE, {
        "madeBy": "Scripts/golden/networks.py",
        "versions": layout.versions(np, torch),
        "cases": cases,
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
