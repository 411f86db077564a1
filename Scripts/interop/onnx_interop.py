#!/usr/bin/env python3
"""Holds our ONNX files against the real ONNX Runtime, and our npz archives against numpy, on real reviews.

    Scripts/interop/onnx_interop.py --lstm .build/release/lstm --data Data/imdb.npz

Written with onnx 1.23.2, ONNX Runtime 1.32.0 and numpy 2.4.6. The tutorial's network after 25 steps:

1. ONNX: the full checker passes, batches of three shapes give the same probabilities, and the example of the README
   beside the file runs.
2. npz: numpy opens it without pickles, and its arrays are the ONNX file's; archives that numpy writes open here.
3. Back: from either format the same model, bit for bit, also after onnx.save.
4. Other networks: the checker passes, the probabilities are the same, and so is what comes back.
5. n-grams, beside a network and alone, with two labels and with three: the checker passes, and the README's example gives
   the same probabilities for generated texts.

Prints each comparison with the largest difference; the exit code is 1 where one is over its limit.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import ours

options = ours.arguments(__doc__)
print(f"onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}, numpy {np.__version__}")
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    run = ours.trained(options, folder)

    print("1. ONNX")
    file = folder / "model.onnx"
    ours.run(options.lstm, "export", run, "--to", file)
    onnx.checker.check_model(file, full_check=True)
    model = onnx.load(file)
    opset = {entry.domain: entry.version for entry in model.opset_import}
    ours.report("checker, IR version and opset", (model.ir_version, opset) == (8, {"": 17}), "passed, 8 and 17")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for batch, time in [(1, 400), (7, 33), (1000, 400)]:
        tokens, _ = ours.reviews(options.data, "test", batch, time)
        (theirs,) = session.run(None, {"tokens": tokens})
        ours.report(f"shape of ({batch}, {time})", theirs.shape == (batch, 1), str(theirs.shape))
        mine = ours.probabilities(options, run, batch, time)
        ours.close_probabilities(f"probabilities of ({batch}, {time})", mine, theirs[:, 0])
    metadata = session.get_modelmeta().custom_metadata_map
    ours.report("maxLength in the metadata", json.loads(metadata["configuration"])["maxLength"] == 400, "400")
    (example,) = re.findall(r"```python\n(.*?)```", (folder / "model.README.md").read_text(), re.DOTALL)
    result = subprocess.run([sys.executable, "-c", example], check=False, cwd=folder, capture_output=True, text=True)
    print(result.stdout + result.stderr, end="")
    # With words or without, whichever the archive has beside it.
    ours.report("the README's example runs", result.returncode == 0 and bool(re.search(r"0\.\d{3}", result.stdout)))

    print("2. npz")
    archive = folder / "model.npz"
    ours.run(options.lstm, "export", run, "--to", archive)
    with np.load(archive) as arrays:
        arrays = dict(arrays)
    metadata_of_archive = json.loads(bytes(arrays.pop("metadata")))
    ours.report("metadata", metadata_of_archive == metadata, "as in the ONNX file")
    initializers = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}

    def gates(tensor, axis=0):
        """ONNX's order i, o, f, c to Keras's i, f, c, o."""
        i, o, f, c = np.split(tensor, 4, axis)
        return np.concatenate([i, f, c, o], axis)

    expected = {
        "sequential/embedding/embeddings": initializers["embedding"],
        "sequential/lstm/lstm_cell/kernel": gates(initializers["lstm.W"][0]).T,
        "sequential/lstm/lstm_cell/recurrent_kernel": gates(initializers["lstm.R"][0]).T,
        "sequential/lstm/lstm_cell/bias": gates(initializers["lstm.B"][0, :512]),
        "sequential/dense/kernel": initializers["dense.kernel"],
        "sequential/dense/bias": initializers["dense.bias"],
    }
    ours.report("names", list(arrays) == list(expected), ", ".join(arrays))
    ours.report("C order, little-endian", all(a.flags.c_contiguous and a.dtype.str == "<f4" for a in arrays.values()))
    for name, values in expected.items():
        ours.same(name, arrays[name], np.ascontiguousarray(values))

    print("3. Back")
    native = (run / "model.safetensors").read_bytes()

    def comes_back(what, path):
        ours.run(options.lstm, "import", path, "--output", folder / "back.safetensors", "--overwrite")
        ours.report(what, (folder / "back.safetensors").read_bytes() == native, "the same bytes")

    comes_back("from ONNX", file)
    onnx.save(model, folder / "saved.onnx")
    comes_back("from ONNX, saved anew by onnx", folder / "saved.onnx")
    comes_back("from npz", archive)
    metadata = np.frombuffer(json.dumps(metadata_of_archive).encode(), np.uint8)
    for what, save, change in [
        ("numpy.savez", np.savez, lambda a: a),
        ("numpy.savez_compressed", np.savez_compressed, lambda a: a),
        ("numpy.savez, Fortran's order", np.savez, np.asfortranarray),
        ("numpy.savez, float64", np.savez, lambda a: a.astype(np.float64)),
    ]:
        save(folder / "numpy.npz", metadata=metadata, **{name: change(array) for name, array in arrays.items()})
        comes_back(f"from {what}", folder / "numpy.npz")
    half = {name.replace("sequential/", "net/", 1): array.astype(np.float16) for name, array in arrays.items()}
    np.savez(folder / "half.npz", **half)
    ours.run(options.lstm, "export", folder / "half.npz", "--to", folder / "half.ours.npz")
    with np.load(folder / "half.ours.npz") as read:
        for name, array in half.items():
            ours.same(f"float16 {name}", read[name.replace("net/", "sequential/", 1)], array.astype(np.float32))

    print("4. Other networks")
    tokens, _ = ours.reviews(options.data, "test", 1000, 100)
    for what, network in ours.NETWORKS.items():
        run = ours.trained(options, folder, *ours.SMALL, *network)
        native = (run / "model.safetensors").read_bytes()
        for ending in ("onnx", "npz"):
            ours.run(options.lstm, "export", run, "--to", folder / f"network.{ending}", "--overwrite")
            comes_back(f"{what}, from {ending}", folder / f"network.{ending}")
        onnx.checker.check_model(folder / "network.onnx", full_check=True)
        session = onnxruntime.InferenceSession(folder / "network.onnx", providers=["CPUExecutionProvider"])
        (theirs,) = session.run(None, {"tokens": tokens})
        ours.close_probabilities(what, ours.probabilities(options, run, 1000, 100), theirs[:, 0], ours.LIMIT)

    print("5. n-grams")
    generator = random.Random(1)
    kinds = {
        "good": "fine lovely “great” pleasant",
        "bad": "awful, dull poor ‘tired’",
        "mixed": "so-so uneven 可以 it’s",
    }
    every = "the film of a plot and 3.5 stars un-made straße café 一部电影".split()

    def generated(label):
        return " ".join(generator.choices(every + kinds[label].split(), k=generator.randint(3, 30)))

    for labels, network in [(2, ["--epochs", 2]), (3, ["--epochs", 2]), (2, ["--hidden-size", 0])]:
        names = list(kinds)[:labels]
        rows = [(generated(label), label) for label in names * 150]
        with open(folder / "texts.csv", "w", newline="") as table:
            csv.writer(table).writerows([("text", "label"), *rows])
        run = folder / "ngrams"
        ours.run(
            options.lstm, "train", "--data", folder / "texts.csv", "--output", run, "--overwrite", "--quiet", *network
        )
        ours.run(options.lstm, "export", run, "--to", folder / "ngrams.onnx", "--overwrite")
        onnx.checker.check_model(folder / "ngrams.onnx", full_check=True)
        texts = [text for text, _ in rows[:200]]
        (example,) = re.findall(r"```python\n(.*?)```", (folder / "ngrams.README.md").read_text(), re.DOTALL)
        example = re.sub(r"^texts = .*$", lambda _, texts=texts: f"texts = {texts!r}", example, flags=re.MULTILINE)
        found, here = {}, Path.cwd()
        os.chdir(folder)
        exec(example.split("for text, ")[0], found)  # noqa: S102 (the example that our own export wrote)
        os.chdir(here)
        theirs = found["probabilities"].max(1) if labels > 2 else found["probabilities"][:, 0]
        (folder / "texts.txt").write_text("\n".join(texts) + "\n")
        mine = ours.run(options.lstm, "predict", "--model", run, "--data", folder / "texts.txt", "--format", "jsonl")
        mine = np.array([np.float32(json.loads(line)["probability"]) for line in mine.splitlines()])
        ours.close_probabilities(f"{labels} labels, {' '.join(map(str, network))}", mine, theirs, ours.LIMIT)
ours.end()
