"""Adds to the files that fuzzing begins with what other programs write, as far as they are here.

    python Scripts/fuzz/seeds.py FOLDER

FOLDER has a folder for each reader. Scripts/fuzz.sh calls it where PYTHON is set.
"""

import importlib.util
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

SEPARATOR = b"\xff\xfe\xfd\xfc"
TEXTS = ["a film\n", 'é, "b"', "", "c\td"]


def has(package):
    return importlib.util.find_spec(package) is not None


def parts(archive):
    """A zip's entries as Container.swift expects them."""
    with zipfile.ZipFile(archive) as file:
        return SEPARATOR.join(name.encode() + b"\0" + file.read(name) for name in file.namelist())


def with_numpy(folder):
    import numpy as np

    for dtype in ("<i8", "<i4", "|u1", "<f4", "<f2", "<f8"):
        reviews = np.empty(2, dtype=object)
        reviews[:] = [[1, 14, 300], [1, 70_000, 2**33]]
        arrays = {"x_train": reviews, "x_test": reviews}
        arrays |= {name: np.array([0, 1], dtype=dtype) for name in ("y_train", "y_test")}
        for save in (np.savez, np.savez_compressed):
            archive = io.BytesIO()
            save(archive, **arrays)
            (folder / "data" / f"numpy-{dtype[1:]}-{save.__name__}").write_bytes(archive.getvalue())
        (folder / "reviews" / f"numpy-{dtype[1:]}").write_bytes(parts(archive))
    weights = {
        "embedding/embeddings": np.ones((4, 2), "<f4"),
        "lstm/lstm_cell/kernel": np.asfortranarray(np.ones((2, 12), "<f8")),
        "lstm/lstm_cell/recurrent_kernel": np.ones((3, 12), "<f2"),
        "lstm/lstm_cell/bias": np.zeros(12, "<f4"),
        "dense/kernel": np.ones((3, 1), "<f4"),
        "dense/bias": np.zeros(1, "<f4"),
    }
    archive = io.BytesIO()
    np.savez(archive, **weights)
    (folder / "model" / "numpy").write_bytes(archive.getvalue())
    (folder / "npz" / "numpy").write_bytes(parts(archive))


def with_pandas(folder):
    import pandas

    table = pandas.DataFrame({"text": TEXTS, "label": ["x", "y", "x", "y"], "n": [1, 2.5, None, 4]})
    files = {
        "csv": table.to_csv(index=False),
        "tsv": table.to_csv(index=False, sep="\t", lineterminator="\r\n"),
        "semicolon": table.to_csv(index=False, sep=";", decimal=",", quoting=1),
        "jsonl": table.to_json(orient="records", lines=True),
        "json": table.to_json(orient="records", force_ascii=False),
    }
    for name, text in files.items():
        for reader in ("data", "unlabeled"):
            (folder / reader / f"pandas-{name}").write_text(text)
        (folder / "archive" / f"pandas-{name}").write_bytes(f"train.{name}\0{text}".encode())


def with_safetensors(folder):
    import numpy as np
    import safetensors.numpy

    tensors = {"a": np.ones((2, 3), "<f4"), "b": np.zeros((0,), "<f2"), "c": np.array(1, "<i8")}
    for reader in ("model", "safetensors"):
        safetensors.numpy.save_file(tensors, folder / reader / "package.safetensors", {"format": "pt"})


def with_torch(folder):
    import torch

    # As small as a network can be that we read.
    lstm = torch.nn.LSTM(2, 1, batch_first=True)
    state = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    torch.save(state, folder / "model" / "torch")


def with_keras(folder):
    import keras

    for bidirectional in (False, True):
        lstm = keras.layers.LSTM(1)
        model = keras.Sequential([
            keras.Input((3,)), keras.layers.Embedding(3, 1),
            keras.layers.Bidirectional(lstm) if bidirectional else lstm, keras.layers.Dense(1, "sigmoid"),
        ])  # fmt: skip
        path = folder / f"model-{bidirectional}.keras"
        model.save(path)
        with zipfile.ZipFile(path) as file:
            (folder / "hdf5" / f"weights-{bidirectional}").write_bytes(file.read("model.weights.h5"))
        (folder / "keras" / f"model-{bidirectional}").write_bytes(parts(path))
        path.replace(folder / "model" / path.name)
        model.save(folder / "hdf5" / f"model-{bidirectional}.h5")
    tokenizer = {"class_name": "Tokenizer", "config": {"num_words": 3, "word_index": json.dumps({"a": 1, "é": 2})}}
    (folder / "wordIndex" / "keras-tokenizer").write_text(json.dumps(tokenizer))


def with_archivers(folder):
    tree = folder / "tree"
    for part in ("train", "test"):
        for label, text in (("neg", "bad é"), ("pos", "good")):
            (tree / part / label).mkdir(parents=True)
            (tree / part / label / "0_1.txt").write_text(text)
    commands = {"zip": ["zip", "-qr"], "zip-stored": ["zip", "-qr0"], "7z": ["7z", "a", "-tzip", "-bso0"]}
    for name, command in commands.items():
        if shutil.which(command[0]):
            archive = folder / "data" / f"{name}.zip"
            subprocess.run([*command, archive.resolve(), "."], cwd=tree, check=True)
    shutil.rmtree(tree)


def main():
    folder = Path(sys.argv[1])
    writers = {"numpy": with_numpy, "pandas": with_pandas, "safetensors": with_safetensors, "torch": with_torch,
               "keras": with_keras}  # fmt: skip
    for package, write in writers.items():
        if has(package):
            write(folder)
        else:
            print(f"no files of {package}, which is not here", file=sys.stderr)
    with_archivers(folder)


if __name__ == "__main__":
    main()
