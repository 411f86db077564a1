"""Holds what our readers make of generated and damaged files against what Python's make of them.

    python Scripts/differential.py [--fuzz BINARY] [--count 1000] [--seed 0] [READER...]

Readers are table (csv), lines (json, a row in each line), wordIndex (json), reviews (numpy and Keras's rules for imdb.npz),
safetensors (its own package) and words (Keras's Tokenizer); those whose package is missing are left out. The files are
written by those packages, and half of them are damaged in a few bytes. Where both read a file, they must read the same: the
first differences are printed, and any makes this fail. A file that only one of them reads is counted, and is no difference.

BINARY is what Scripts/fuzz.sh builds.
"""

import argparse
import csv
import io
import json
import operator
import os
import pickle
import random
import re
import struct
import subprocess
import tempfile
import zipfile
from pathlib import Path

COLUMNS = ["file", "line", "text", "label", "predicted"]
ALPHABET = ["a", "b", "Z", "é", "ß", "ſ", "İ", "Σ", "ς", "好", "👍", " ", "  ", "\t", ",", ";", "|", '"', "'", "\\", "=", "-",
            "_", ".", "!", "\u00a0", "\u2028", "\u0085", "\u000b", "\u000c", "\u001c", "e\u0301", "1", "0", "#", "\r", "\n",
            "\r\n", "\ufeff", "\u200b", "“"]  # fmt: skip
SPECIAL = [b'"', b",", b"\n", b"\r", b"\\", b"\0", b"\t", b"}", b"{", b":", b"0", b"9", b"-", b"\xff", b"\xc3", b" "]


def text(random, longest=8):
    return "".join(random.choice(ALPHABET) for _ in range(random.randrange(longest)))


def damaged(data, random, first=0, last=None):
    """The data with a few bytes of a range changed, put in or taken out."""
    data = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        end = min(len(data), last or len(data))
        if end <= first:
            break
        place = random.randrange(first, end)
        kind = random.randrange(4)
        if kind == 0:
            data[place] = random.randrange(256)
        elif kind == 1:
            data[place:place] = random.choice(SPECIAL)
        elif kind == 2:
            del data[place : place + random.randrange(1, 4)]
        else:
            data[place : place + 1] = random.choice(SPECIAL)
    return bytes(data)


class Table:
    def make(self, random):
        output = io.StringIO()
        writer = csv.writer(
            output,
            quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
            lineterminator=random.choice(["\n", "\r\n"]),
        )
        writer.writerow(COLUMNS)
        for _ in range(random.randrange(1, 6)):
            writer.writerow(
                [text(random), random.randrange(99), "x" + text(random), "l" + text(random, 3), "p" + text(random)]
            )
        data = output.getvalue().encode("utf-8-sig" if random.random() < 0.2 else "utf-8")
        return damaged(data, random) if random.random() < 0.5 else data

    def read(self, data):
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        rows = [row for row in rows if row]
        if rows[0] != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
            raise ValueError("not this table")
        return [
            [row[0], str(int(row[1])) if re.fullmatch("[+-]?[0-9]+", row[1]) else "0", *row[2:]] for row in rows[1:]
        ]


class Lines:
    answers = "table"

    def make(self, random):
        rows = [
            dict(
                file=text(random),
                line=random.randrange(99),
                text="x" + text(random),
                label="l",
                predicted="p" + text(random),
            )
            for _ in range(random.randrange(1, 5))
        ]
        for row in rows:
            if random.random() < 0.3:
                row["more"] = random.choice([None, [1, -2.5e3], {"a": True}, text(random)])
        lines = [json.dumps(row, ensure_ascii=random.random() < 0.5) for row in rows]
        data = random.choice(["\n", "\r\n"]).join(lines).encode()
        return damaged(data, random) if random.random() < 0.5 else data

    def read(self, data):
        def no_constant(name):
            raise ValueError(name)

        answer = []
        for line in data.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
            if not line.strip(" \t\r"):
                continue
            pairs = json.loads(line, object_pairs_hook=list, parse_constant=no_constant)
            row = dict(pairs)
            if (
                len(row) < len(pairs)
                or not (row["label"] and row["predicted"])
                or not isinstance(row["line"], int)
                or row["line"] is True
            ):
                raise ValueError("a key that occurs twice, or no line")
            if not all(isinstance(row[name], str) for name in COLUMNS if name != "line"):
                raise ValueError("no texts")
            # Half of a pair of surrogates stands for no character, and is replaced.
            texts = {
                name: row[name].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                for name in COLUMNS
                if name != "line"
            }
            answer.append([str(row[name]) if name == "line" else texts[name] for name in COLUMNS])
        return answer


class WordIndex:
    def make(self, random):
        words = {text(random): random.randrange(1, 45) for _ in range(random.randrange(1, 12))}
        data = json.dumps(words, ensure_ascii=random.random() < 0.5, indent=random.choice([None, 1])).encode()
        return damaged(data, random) if random.random() < 0.5 else data

    def read(self, data):
        pairs = json.loads(data.decode("utf-8"), object_pairs_hook=list)
        ranks = [rank for _, rank in pairs]
        if any(type(rank) is not int or rank < 1 for rank in ranks) or len(set(ranks)) < len(ranks):
            raise ValueError("no ranks")
        if len({word for word, _ in pairs}) < len(pairs):
            raise ValueError("a word that occurs twice")
        known = {rank + 3: word for word, rank in pairs}
        known |= {0: "<pad>", 1: "<start>", 2: "<oov>"}
        return [known.get(token, f"<{token}>") for token in range(40)]


class Reviews:
    def __init__(self):
        import numpy

        self.numpy = numpy

    def npy(self, random, array):
        """The array as an .npy file of any version; objects pickled by any protocol."""
        np, output = self.numpy, io.BytesIO()
        if array.dtype != object:
            np.lib.format.write_array(output, array, version=random.choice([(1, 0), (2, 0), (3, 0)]))
            return output.getvalue()
        header = f"{{'descr': '|O', 'fortran_order': False, 'shape': ({len(array)},), }}"
        version = random.choice([1, 2, 3])
        size = 2 if version == 1 else 4
        header += " " * (-(len(header) + 7 + size) % 64) + "\n"
        prefix = b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(size, "little")
        return prefix + header.encode() + pickle.dumps(array, protocol=random.randrange(2, 6))

    def make(self, random):
        np, output = self.numpy, io.BytesIO()
        kind = random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
        with zipfile.ZipFile(output, "w", kind) as archive:
            for part in ["train", "test"]:
                count = random.randrange(1, 6)
                x = np.empty(count, object)
                for i in range(count):
                    x[i] = [random.choice([1, 2, 3, 255, 256, 65535, 65536, 70000]) for _ in range(random.randrange(6))]
                y = np.array([random.randrange(2) for _ in range(count)], random.choice(["<i8", "<i4", "u1", "i1"]))
                archive.writestr(f"x_{part}.npy", self.npy(random, x))
                archive.writestr(f"y_{part}.npy", self.npy(random, y))
        data = output.getvalue()
        # Python would run a damaged pickle: only the archive around it is.
        return damaged(data, random, first=len(data) - 300) if random.random() < 0.3 else data

    def read(self, data):
        np = self.numpy
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = ["x_train", "y_train", "x_test", "y_test"]
            parts = [np.load(io.BytesIO(archive.read(name + ".npy")), allow_pickle=True) for name in names]
        generator = np.random.RandomState(113)
        texts = []
        for x, y in [parts[:2], parts[2:]]:
            order = np.arange(len(x))
            generator.shuffle(order)
            texts.append([([1] + [word + 3 for word in x[i]], int(y[i])) for i in order])
        bound = max(max(tokens) for part in texts for tokens, _ in part)
        return [[[[w if w < bound else 2 for w in tokens], [label]] for tokens, label in part] for part in texts]


class Safetensors:
    def __init__(self):
        import numpy
        import safetensors.numpy

        self.numpy, self.package = numpy, safetensors.numpy

    def make(self, random):
        np, tensors = self.numpy, {}
        for _ in range(random.randrange(1, 4)):
            shape = tuple(random.randrange(4) for _ in range(random.randrange(4)))
            kind = random.choice(["f2", "f4", "f8"])
            bits = bytes(random.randrange(256) for _ in range(int(np.prod(shape)) * int(kind[1])))
            tensors[text(random)] = np.frombuffer(bits, kind).reshape(shape)
        data = self.package.save(tensors, metadata={"a": text(random)} if random.random() < 0.5 else None)
        (size,) = struct.unpack("<Q", data[:8])
        if random.random() < 0.5:
            header = damaged(data[8 : 8 + size], random)
            data = struct.pack("<Q", len(header)) + header + data[8 + size :]
        return data

    def read(self, data):
        np, answer = self.numpy, {}
        for name, tensor in self.package.load(data).items():
            with np.errstate(all="ignore"):
                values = np.ascontiguousarray(tensor.astype("f4")).reshape(-1)
            if tensor.dtype.kind != "f":
                raise ValueError("no numbers")
            answer[name] = {"shape": list(tensor.shape), "bits": values.view("u4").tolist()}
        return answer

    def same(self, own, other):
        def quiet(answer):
            # Which NaN a conversion gives is nobody's promise.
            return {
                name: (t["shape"], [-1 if b & 0x7FFFFFFF > 0x7F800000 else b for b in t["bits"]])
                for name, t in answer.items()
            }

        return quiet(own) == quiet(other)


class Words:
    def __init__(self):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from keras.src.legacy.preprocessing.text import text_to_word_sequence

        self.split = text_to_word_sequence

    def make(self, random):
        return text(random, 30).encode()

    def read(self, data):
        return self.split(data.decode())


READERS = {
    "table": Table,
    "lines": Lines,
    "wordIndex": WordIndex,
    "reviews": Reviews,
    "safetensors": Safetensors,
    "words": Words,
}


def own_answers(fuzz, name, files, folder):
    """What our reader makes of each file; None where it refuses it."""
    paths = [f"{folder}/{number}.npz" if name == "reviews" else f"{folder}/{number}" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        Path(path).write_bytes(data)
    environment = os.environ | {"FUZZ_ANSWERS": getattr(READERS[name], "answers", name)}
    run = subprocess.run(
        [fuzz], input="\n".join(paths) + "\n", env=environment, capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in run.stdout.split("\n")[:-1]]
    return [None if isinstance(answer, dict) and list(answer) == ["error"] else answer for answer in answers]


def python_answer(reader, data):
    """What Python's reader makes of a file; None where it refuses it, for whatever reason."""
    try:
        return reader.read(data)
    except Exception:  # noqa: BLE001
        return None


def compare(name, fuzz, count, seed):
    """The number of files that both, ours alone and Python's alone read, and of those that are read differently."""
    reader, generator = READERS[name](), random.Random(f"{seed} {name}")
    both = ours = theirs = differences = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        for start in range(0, count, 500):
            files = [reader.make(generator) for _ in range(min(500, count - start))]
            for data, own in zip(files, own_answers(fuzz, name, files, folder), strict=True):
                other = python_answer(reader, data)
                both += own is not None and other is not None
                ours += own is not None and other is None
                theirs += own is None and other is not None
                if own is None or other is None or getattr(reader, "same", operator.eq)(own, other):
                    continue
                differences += 1
                if differences <= 5:
                    print(f"{name}: {data!r}\n  ours    {own!r}\n  Python's {other!r}")
    return both, ours, theirs, differences


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fuzz", default=Path(__file__).parent / "fuzz/.build/release/Fuzz")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("readers", nargs="*", choices=[[], *READERS])
    options = parser.parse_args()
    failed = False
    print("| reader | files | read by both | by ours alone | by Python's alone | differences |")
    print("|---|---|---|---|---|---|")
    for name in options.readers or READERS:
        try:
            counts = compare(name, options.fuzz, options.count, options.seed)
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        failed = failed or counts[-1] > 0
        print(f"| {name} | {options.count:,} | " + " | ".join(f"{count:,}" for count in counts) + " |", flush=True)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
