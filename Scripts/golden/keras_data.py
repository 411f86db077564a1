"""Makes the golden files of Tests/CorpusTests/Golden: small imdb.npz files, and what Keras makes of them.

    python Scripts/golden/keras_data.py

Needs keras (with any backend) and numpy; their versions are written into the output.
"""

import io
import itertools
import json
import pathlib
import pickle
import struct
import zipfile
import zlib

import keras
import numpy as np
from keras.src.datasets import imdb

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CorpusTests" / "Golden"


def reviews(rng, count):
    """Lists of word ranks, of all widths that pickle has opcodes for, some of them empty or of one word."""
    lengths = [0, 1, 2] + list(rng.integers(3, 40, count - 3))
    rng.shuffle(lengths)
    return [[int(rank) for rank in (rng.pareto(0.7, length) * 3 + 1).clip(1, 90_000)] for length in lengths]


def object_array(lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


def python2_pickle(lists):
    """Protocol 2 as Python 2's cPickle wrote numpy arrays, which Keras's own file is made of."""
    out = io.BytesIO()
    memo = itertools.count(1)

    def put():
        index = next(memo)
        out.write(b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index))

    def number(value):
        if value < 1 << 8:
            out.write(b"K" + bytes([value]))
        elif value < 1 << 16:
            out.write(b"M" + struct.pack("<H", value))
        else:
            out.write(b"J" + struct.pack("<i", value))

    def batches(items, write):
        for start in range(0, len(items), 1000):
            batch = items[start : start + 1000]
            if len(batch) > 1:
                out.write(b"(")
            for item in batch:
                write(item)
            out.write(b"e" if len(batch) > 1 else b"a")

    def review(ranks):
        out.write(b"]")
        put()
        batches(ranks, number)

    out.write(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n")
    put()
    out.write(b"cnumpy\nndarray\n")
    put()
    out.write(b"K\x00\x85U\x01b\x87R")
    put()
    out.write(b"(K\x01")
    number(len(lists))
    out.write(b"\x85cnumpy\ndtype\n")
    put()
    out.write(b"U\x02O8K\x00K\x01\x87R")
    put()
    out.write(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]")
    put()
    batches(lists, review)
    out.write(b"tb.")
    return out.getvalue()


def numpy1(data):
    """The same pickle as numpy 1 names its module. Only for protocols that do not count a name's bytes in frames."""
    return data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def object_npy(lists, pickled):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "|O", "fortran_order": False, "shape": (len(lists),)})
    return out.getvalue() + pickled


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def write_npz(name, entries):
    with zipfile.ZipFile(GOLDEN / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries.items():
            archive.writestr(zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def load(name, **parameters):
    imdb.get_file = lambda **_: str(GOLDEN / name)
    try:
        (x_train, y_train), (x_test, y_test) = imdb.load_data(**parameters)
    except ValueError as error:
        return {"error": str(error)}
    facts = {}
    for part, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        tokens = [int(token) for review in x for token in review]
        facts[part] = {
            "lengths": [len(review) for review in x],
            "tokens": tokens[:24],
            "crc32": zlib.crc32(np.array(tokens, dtype="<i4").tobytes()),
            "labels": "".join(str(int(label)) for label in y),
        }
    return facts


def main():
    GOLDEN.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    x_train, x_test = reviews(rng, 40), reviews(rng, 30)
    # One review longer than the 1,000 items that pickle appends at a time, and one of that number and one more.
    x_train[7] = [int(rank) for rank in rng.integers(1, 90_000, 2345)]
    x_test[3] = [int(rank) for rank in rng.integers(1, 300, 1001)]
    labels = {
        "y_train.npy": npy(rng.integers(0, 2, len(x_train)).astype("<i8")),
        "y_test.npy": npy(rng.integers(0, 2, len(x_test)).astype("<i8")),
    }
    both = {"x_train.npy": x_train, "x_test.npy": x_test}

    def npz(name, pickled):
        write_npz(name, {entry: object_npy(lists, pickled(lists)) for entry, lists in both.items()} | labels)

    npz("python2.npz", python2_pickle)
    for protocol in (2, 3, 4, 5):
        npz(f"protocol{protocol}.npz", lambda lists, protocol=protocol: pickle.dumps(object_array(lists), protocol))
    for protocol in (2, 3):
        npz(
            f"numpy1-protocol{protocol}.npz",
            lambda lists, protocol=protocol: numpy1(pickle.dumps(object_array(lists), protocol)),
        )

    # As numpy itself saves: its own choice of protocol, zip64 fields. Long enough for a frame to end inside a review;
    # and some reviews are one and the same list, which a pickle refers to by BINGET or LONG_BINGET.
    shared = list(range(1, 30))
    lists = [shared if index % 50 == 3 else [index, index % 7] for index in range(1200)]
    lists.append([index % 250 for index in range(40_000)])
    saved = {"x_train": object_array(lists), "y_train": np.arange(len(lists)) % 2}
    saved |= {"x_test": object_array([shared, [], shared]), "y_test": np.array([1, 0, 1], dtype="|u1")}
    np.savez_compressed(GOLDEN / "savez.npz", **saved)

    # Reviews without words: with no start token and no num_words Keras fails on them; here without them.
    filled = {entry: [review or [5] for review in lists] for entry, lists in both.items()}
    write_npz(
        "filled.npz",
        {entry: object_npy(lists, python2_pickle(lists)) for entry, lists in filled.items()} | labels,
    )

    cases = []
    grid = {
        "num_words": (None, 100),
        "skip_top": (0, 6),
        "maxlen": (None, 20),
        "start_char": (1, None),
        "oov_char": (2, None),
        "index_from": (3, 0),
    }
    grid_cases = [dict(zip(grid, values)) for values in itertools.product(*grid.values())]
    others = [
        {},
        {"num_words": 1000},
        {"num_words": 0, "maxlen": 0},
        {"seed": 0, "num_words": 50},
        {"seed": 2**32 - 1, "num_words": 50},
        {"index_from": 10, "start_char": 7, "oov_char": 8, "skip_top": 12, "num_words": 500},
        {"index_from": -4, "num_words": 500},
        {"index_from": -4, "num_words": 500, "skip_top": -2},
        {"num_words": 1, "start_char": 1},
        {"num_words": 100, "maxlen": 1},
        {"num_words": -5},
    ]
    for parameters in grid_cases + others:
        cases.append({"file": "python2.npz", "parameters": parameters} | load("python2.npz", **parameters))
    for parameters in ({"start_char": None}, {"start_char": None, "oov_char": None, "index_from": 0}):
        cases.append({"file": "filled.npz", "parameters": parameters} | load("filled.npz", **parameters))
    cases.append({"file": "savez.npz", "parameters": {}} | load("savez.npz"))

    pads = []
    sequences = [[1, 2, 3], [], [4], [5, 6, 7, 8, 9], [10, 11]]
    for maxlen, padding, truncating, value in itertools.product(
        (None, 1, 3, 5, 8), ("pre", "post"), ("pre", "post"), (0, -7)
    ):
        padded = keras.utils.pad_sequences(sequences, maxlen, "int32", padding, truncating, value)
        pads.append(
            {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": value, "padded": padded.tolist()}
        )

    twister = []
    for seed in (0, 1, 113, 2**32 - 1):
        for count in (1, 2, 1000, 25_000):
            generator = np.random.RandomState(seed)
            order = np.arange(count)
            generator.shuffle(order)
            second = np.arange(count)
            generator.shuffle(second)
            twister.append(
                {
                    "seed": seed,
                    "count": count,
                    "crc32": [zlib.crc32(order.astype("<i8").tobytes()), zlib.crc32(second.astype("<i8").tobytes())],
                }
            )

    golden = {
        "versions": {"keras": keras.__version__, "numpy": np.__version__},
        "load_data": cases,
        "pad_sequences": {"sequences": sequences, "cases": pads},
        "shuffle": twister,
    }

    def lines(values):
        return "[\n" + ",\n".join(json.dumps(value) for value in values) + "\n]"

    (GOLDEN / "keras_data.json").write_text(
        '{"versions": '
        + json.dumps(golden["versions"])
        + ',\n"load_data": '
        + lines(cases)
        + ',\n"pad_sequences": {"sequences": '
        + json.dumps(sequences)
        + ', "cases": '
        + lines(pads)
        + '},\n"shuffle": '
        + lines(twister)
        + "}\n"
    )


if __name__ == "__main__":
    main()
