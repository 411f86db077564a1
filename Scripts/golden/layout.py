"""The flat layout of the network's parameters, and how golden values are written.

V vocabulary, E embedding size, H hidden size. Matrices are row-major and have
Keras's orientation [input, output]; the four gates of the LSTM stand side by
side in Keras's order: input, forget, cell, output.
"""

import json
import math
import platform

import numpy as np


def shapes(V, E, H):
    """Every parameter's name and shape, in the order of the flat array."""
    return {
        "embedding": (V, E),
        "lstm.kernel": (E, 4 * H),
        "lstm.recurrent_kernel": (H, 4 * H),
        "lstm.bias": (4 * H,),
        "dense.kernel": (H, 1),
        "dense.bias": (1,),
    }


def network_shapes(
    vocabularySize, embeddingSize, hiddenSize, layerCount, isBidirectional, labelCount, denseLayers=(), **_
):
    """The same for a network with the fields of Swift's Architecture, named as ParameterLayout does."""
    D, H = 2 if isBidirectional else 1, hiddenSize
    found = {"embedding/embeddings": (vocabularySize, embeddingSize)} if embeddingSize else {}
    rows = embeddingSize or vocabularySize
    for layer in range(layerCount):
        suffix = f"_{layer}" if layer else ""
        names = [f"lstm{suffix}"]
        if isBidirectional:
            names = [f"bidirectional{suffix}/{d}_lstm{suffix}" for d in ("forward", "backward")]
        for name in names:
            found[f"{name}/kernel"] = (rows, 4 * H)
            found[f"{name}/recurrent_kernel"] = (H, 4 * H)
            found[f"{name}/bias"] = (4 * H,)
        rows = D * H
    sizes = [layer["size"] for layer in denseLayers] + [1 if labelCount == 2 else labelCount]
    for layer, size in enumerate(sizes):
        name = f"dense_{layer}" if layer else "dense"
        found[f"{name}/kernel"] = (rows, size)
        found[f"{name}/bias"] = (size,)
        rows = size
    return found


def network_weights(seed, **architecture):
    """The network's parameters by name: one after the other, the numbers of SplitMix64 from a state.

    Of each number the upper 17 bits, as a multiple of 2^-16 in [-1, 1): Float holds it exactly.
    """
    shapes = network_shapes(**architecture)
    count = sum(map(math.prod, shapes.values()))
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    flat = ((z ^ (z >> np.uint64(31))) >> np.uint64(47)).astype(np.float64) / 65536 - 1
    parts = np.split(flat, np.cumsum(list(map(math.prod, shapes.values())))[:-1])
    return {k: part.reshape(shape) for (k, shape), part in zip(shapes.items(), parts)}


def split(flat, V, E, H):
    """The parameters of a flat array, by name; views, not copies."""
    parameters, start = {}, 0
    for name, shape in shapes(V, E, H).items():
        size = math.prod(shape)
        parameters[name] = flat[start : start + size].reshape(shape)
        start += size
    assert start == len(flat), f"{len(flat)} numbers for {start} parameters"
    return parameters


def join(parameters, V, E, H):
    """The flat array of parameters given by name."""
    for name, shape in shapes(V, E, H).items():
        assert parameters[name].shape == shape, f"{name} is {parameters[name].shape}"
    return np.concatenate([np.ravel(parameters[name]) for name in shapes(V, E, H)])


def representable(array, denominator=1024):
    """The array rounded to multiples of 1/denominator (a power of two).

    Such numbers have short decimals that Float and Double both read exactly.
    """
    rounded = np.round(np.asarray(array, np.float64) * denominator) / denominator
    assert np.array_equal(rounded, rounded.astype(np.float32))
    return rounded + 0.0  # no negative zeros


def padded_tokens(generator, lengths, V, T):
    """Tokens [B, T], int32: each row holds its length of tokens in 1..<V, zeros in front."""
    tokens = np.zeros((len(lengths), T), np.int32)
    for row, length in zip(tokens, lengths):
        row[T - length :] = generator.integers(1, V, length)
    return tokens


def versions(*modules):
    """The versions that made the values, for the file."""
    return {"python": platform.python_version()} | {m.__name__: m.__version__ for m in modules}


class Exact(list):
    """Numbers that must read back exactly; all others are written with 12 digits."""

    def __init__(self, array):
        super().__init__(np.asarray(array, np.float64).tolist())


def write(path, value):
    """Writes JSON with an array of numbers to a line."""
    with open(path, "w") as file:
        file.write(_text(value, "") + "\n")


def _text(value, indent):
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{inner}{json.dumps(k)}: {_text(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + indent + "}"
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        if value and isinstance(value[0], (dict, np.ndarray, list)):
            items = [inner + _text(v, inner) for v in value]
            return "[\n" + ",\n".join(items) + "\n" + indent + "]"
        exact = isinstance(value, Exact)
        return "[" + ", ".join(_scalar(v, exact) for v in value) + "]"
    return _scalar(value, exact=False)


def _scalar(value, exact):
    if value is None or isinstance(value, (str, bool, int)):
        return json.dumps(value)
    if isinstance(value, np.integer):
        return json.dumps(int(value))
    value = float(value)
    assert math.isfinite(value)
    text = repr(value) if exact else f"{value:.12g}"
    return text.removesuffix(".0")
