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
    if value is None or isinstance(value, (str, int, np.integer)):
        return json.dumps(value if value is None or isinstance(value, str) else int(value))
    value = float(value)
    assert math.isfinite(value)
    text = repr(value) if exact else f"{value:.12g}"
    return text[:-2] if text.endswith(".0") else text
