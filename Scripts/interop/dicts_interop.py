#!/usr/bin/env python3
"""Holds what we make of PyTorch's state dicts against PyTorch, and a step with frozen vectors.

    Scripts/interop/dicts_interop.py --lstm .build/release/lstm --data Data/imdb.npz

Written with PyTorch 2.15.0 and safetensors 0.8.

1. Six models as people save them: wrapped, compiled, with other names, read out in other ways, of more labels, in
   float64. Each is imported, and predicts the same for 200 test reviews.
2. Word vectors of a file in the four formats, frozen for an epoch of one step: the vectors are the file's, and all other
   weights are PyTorch's after a step with requires_grad=False.

Prints each comparison with the largest difference; the exit code is 1 where one is over its limit.
"""

import gzip
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import ours

V, T, REVIEWS = 1000, 100, 200


class Model(nn.Module):
    """Embedding → LSTM → readout → Linear, under names of one's own."""

    def __init__(self, names, readout, outputs=1, **lstm):
        super().__init__()
        self.names, self.readout = names, readout
        width = 24 * (2 if lstm.get("bidirectional") else 1)
        self.add_module(names[0], nn.Embedding(V, 16))
        self.add_module(names[1], nn.LSTM(16, 24, batch_first=True, **lstm))
        self.add_module(
            names[2], nn.Linear(width, outputs) if outputs != 2 else nn.Sequential(nn.Dropout(), nn.Linear(width, 2))
        )
        # As after training: what PyTorch begins with tells reviews hardly apart.
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.4)

    def forward(self, tokens):
        embedding, lstm, head = (getattr(self, name) for name in self.names)
        output, (hidden, _) = lstm(embedding(tokens))
        if self.readout == "states":
            pooled = torch.cat(list(hidden[-2:] if lstm.bidirectional else hidden[-1:]), 1)
        else:
            pooled = {"last": lambda: output[:, -1], "max": lambda: output.amax(1), "mean": lambda: output.mean(1)}[
                self.readout
            ]()
        logits = head(pooled)
        return torch.sigmoid(logits[:, 0]) if logits.shape[1] == 1 else torch.softmax(logits, 1)


class Holder(nn.Module):
    """As a class of Hugging Face's holds its model."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(tokens)


CASES = [
    ("DataParallel (module.)", lambda: nn.DataParallel(Model(("embedding", "lstm", "fc"), "last")), []),
    ("torch.compile (_orig_mod.), rnn and out, 2 layers",
     lambda: torch.compile(Model(("emb", "rnn", "out"), "states", num_layers=2)), []),
    ("a model in a model (model.), encoder and classifier with two outputs",
     lambda: Holder(Model(("word_embeddings", "encoder", "classifier"), "last", 2)), []),
    ("both directions, output[:, -1]",
     lambda: Model(("encoder", "rnn", "linear"), "last", bidirectional=True), ["--readout", "last-step"]),
    ("names that only --map tells, the maximum",
     lambda: Model(("table", "body", "answer"), "max", bidirectional=True),
     ["--map", "table=embedding,body=lstm,answer=fc", "--pooling", "max"]),
    ("five labels, 2 layers, both directions, the mean, float64",
     lambda: Model(("embeddings", "lstm", "decoder"), "mean", 5, num_layers=2, bidirectional=True).double(),
     ["--pooling", "mean"]),
]  # fmt: skip


def words(path):
    """The words of imdb.npz by their tokens."""
    ranks = json.loads(Path(path).read_text())
    return {rank + 3: word for word, rank in ranks.items()}


def formats(vectors):
    """Vectors by their words, as a file's name and bytes in each format."""
    lines = "".join(
        f"{word} {' '.join(repr(float(number)) for number in vector)}\n" for word, vector in vectors.items()
    )
    header = f"{len(vectors)} {len(next(iter(vectors.values())))}\n"
    binary = header.encode() + b"".join(
        f"{word} ".encode() + vector.tobytes() + b"\n" for word, vector in vectors.items()
    )
    return {
        "glove.txt": lines.encode(), "word2vec.txt": (header + lines).encode(), "word2vec.bin": binary,
        "fasttext.vec.gz": gzip.compress((header + lines).encode()), "glove.zip": lines.encode(),
    }  # fmt: skip


options = ours.arguments(__doc__)
print(f"PyTorch {torch.__version__}")
tokens, _ = ours.reviews(options.data, "test", REVIEWS, T, V)
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)

    print("1. State dicts of PyTorch's here")
    for number, (what, make, arguments) in enumerate(CASES):
        torch.manual_seed(number)
        model = make().eval()
        file, imported = folder / f"{number}.safetensors", folder / f"{number}.ours.safetensors"
        save_file(model.state_dict(), file)
        ours.run(options.lstm, "import", file, "--output", imported, "--max-length", T, *arguments)
        inner = getattr(model, "module", getattr(model, "_orig_mod", model))
        with torch.no_grad():
            theirs = inner(torch.from_numpy(tokens)).double().numpy()
        if theirs.ndim == 2 and theirs.shape[1] == 2:
            theirs = theirs[:, 1]
        elif theirs.ndim == 2:
            theirs = theirs.max(1)
        ours.close_probabilities(what, ours.probabilities(options, imported, REVIEWS, T), theirs)

    print("2. A step with frozen vectors")
    index = options.data.parent / "imdb_word_index.json"
    named = words(index)
    generator = np.random.default_rng(0)
    # Every second word, so that some begin as usual.
    vectors = {named[token]: generator.normal(0, 0.4, 16).astype(np.float32) for token in range(4, V, 2)}
    x, y = ours.reviews(options.data, "train", 100, T, V)
    settings = ["train", "--data", options.data, "--limit", 100, "--batch-size", 100, "--epochs", 1, "--vocabulary-size", V,
                "--max-length", T, "--hidden-size", 24, "--validation-split", 0.01, "--word-index", index, "--overwrite",
                "--no-shuffle", "--freeze-embedding", 1, "--output", folder / "run"]  # fmt: skip
    x, y = x[:99], y[:99]
    results = {}
    for name, content in formats(vectors).items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("glove.16d.txt", content)
        else:
            (folder / name).write_bytes(content)
        ours.run(options.lstm, *settings, "--learning-rate", 1e-30, "--embedding-file", folder / name)
        initial = load_file(folder / "run/model.safetensors")
        said = subprocess.run([str(word) for word in [options.lstm, *settings, "--embedding-file", folder / name]],
                              check=False, capture_output=True, text=True).stderr  # fmt: skip
        results[name] = load_file(folder / "run/model.safetensors")
        print("  " + next(line for line in said.splitlines() if "vectors of" in line).removeprefix(f"{folder}/"))
        expected = np.stack([vectors[named[token]] for token in range(4, V, 2)])
        ours.same(f"the vectors of {name} after it", results[name]["embedding.weight"].numpy()[4::2], expected)
        first = results["glove.txt"]
        ours.same(f"all weights with {name}", *(torch.cat([tensors[key].flatten() for key in sorted(first)]).numpy()
                                                for tensors in (results[name], first)))  # fmt: skip

    model = Model(("embedding", "lstm", "fc"), "last")
    model.load_state_dict(initial)
    model.embedding.weight.requires_grad = False
    # Ours has one bias; PyTorch's two would each take a step.
    model.lstm.bias_hh_l0.requires_grad = False
    # Keras's ε stands beside √v, PyTorch's beside √(v / (1 − β₂)).
    optimizer = torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad], lr=0.001, eps=1e-7 / (1 - 0.999) ** 0.5
    )
    loss = nn.functional.binary_cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y.astype(np.float32)))
    loss.backward()
    optimizer.step()
    theirs = model.state_dict()
    for key in sorted(theirs):
        ours.close(f"{key} after the step", results["glove.txt"][key].numpy(), theirs[key].numpy(), 2e-6)
        moved = bool((results["glove.txt"][key] != initial[key]).any())
        rests = key in ("embedding.weight", "lstm.bias_hh_l0")
        ours.report(f"{key} {'rests' if rests else 'has moved'}", moved != rests)
ours.end()
