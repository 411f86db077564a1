#!/usr/bin/env python3
"""Holds our safetensors files against the real PyTorch, both ways, on real reviews.

    Scripts/interop/torch_interop.py --lstm .build/release/lstm --data Data/imdb.npz

Written with PyTorch 2.13.0 and safetensors 0.8. The tutorial's network:

1. Ours after 25 steps: PyTorch loads it with strict=True, and predicts the same for 1,000 test reviews.
2. One that PyTorch initialized and trained for 25 steps, saved by safetensors.torch.save_file: the same, the other
   way round; and saved as float64, float16 and bfloat16.
3. Other networks of ours: PyTorch loads them with strict=True, and predicts the same.
4. What we refuse: layers that don't fit each other, other names, pickles.

Prints each comparison with the largest difference; the exit code is 1 where one is over its limit.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import ours

V, E, H, T = 1000, 128, 128, 400


class Classifier(torch.nn.Module):
    def __init__(self, **lstm):
        super().__init__()
        self.embedding = torch.nn.Embedding(V, E)
        self.lstm = torch.nn.LSTM(E, H, batch_first=True, **lstm)
        self.fc = torch.nn.Linear(H, 1)

    def forward(self, tokens):
        return torch.sigmoid(self.fc(self.lstm(self.embedding(tokens))[0][:, -1]))


class Network(torch.nn.Module):
    """What a configuration describes, for a batch of reviews of one length."""

    def __init__(self, configuration):
        super().__init__()
        c = self.configuration = configuration
        self.directions = 1 + c["isBidirectional"]
        if c["embeddingSize"]:
            self.embedding = torch.nn.Embedding(c["vocabularySize"], c["embeddingSize"])
        self.lstm = torch.nn.LSTM(c["embeddingSize"] or c["vocabularySize"], c["hiddenSize"], c["layerCount"],
                                  batch_first=True, bidirectional=c["isBidirectional"])  # fmt: skip
        self.dense, size = torch.nn.ModuleList(), self.directions * c["hiddenSize"]
        for layer in c.get("denseLayers", []):
            self.dense.append(torch.nn.Linear(size, layer["size"]))
            size = layer["size"]
        self.fc = torch.nn.Linear(size, 1)

    def forward(self, tokens):
        c = self.configuration
        if c["embeddingSize"]:
            vectors = self.embedding(tokens)
        else:
            vectors = torch.nn.functional.one_hot(tokens, c["vocabularySize"]).float()
        states, (last, _) = self.lstm(vectors)
        if c["pooling"] == "last":
            pooled = torch.cat(list(last[-self.directions :]), 1)
        else:
            pooled = states.amax(1) if c["pooling"] == "max" else states.mean(1)
        for layer, kind in zip(self.dense, c.get("denseLayers", [])):
            pooled = getattr(torch, kind["activation"])(layer(pooled))
        return torch.sigmoid(self.fc(pooled))


def predictions(model, tokens):
    with torch.no_grad():
        return torch.cat([model(part) for part in torch.from_numpy(tokens).split(250)])[:, 0].numpy()


options = ours.arguments(__doc__)
print(f"PyTorch {torch.__version__}")
tokens, _ = ours.reviews(options.data, "test", 1000, T)
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)

    print("1. Ours in PyTorch")
    file = ours.trained(options, folder) / "model.safetensors"
    model = Classifier()
    model.load_state_dict(load_file(file), strict=True)
    ours.close_probabilities(
        "probabilities of 1,000 reviews", ours.probabilities(options, file, 1000, T), predictions(model, tokens)
    )

    print("2. PyTorch's here")
    torch.manual_seed(1)
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    x, y = ours.reviews(options.data, "train", 2500, 100)
    for part, labels in zip(torch.from_numpy(x).split(100), torch.from_numpy(y.astype(np.float32)).split(100)):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(model(part)[:, 0], labels).backward()
        optimizer.step()
    state = model.state_dict()
    save_file(state, folder / "torch.safetensors")
    ours.run(options.lstm, "import", folder / "torch.safetensors", "--output", folder / "imported.safetensors")
    for name in ("torch", "imported"):
        ours.close_probabilities(
            f"probabilities of 1,000 reviews, {name}.safetensors",
            ours.probabilities(options, folder / f"{name}.safetensors", 1000, T), predictions(model, tokens))  # fmt: skip
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        changed = {key: value.to(dtype) for key, value in state.items()}
        save_file(changed, folder / f"{name}.safetensors")
        ours.run(
            options.lstm, "import", folder / f"{name}.safetensors", "--output", folder / f"{name}.ours.safetensors"
        )
        read = load_file(folder / f"{name}.ours.safetensors")
        # The two biases are added here.
        changed = {key: value.float() for key, value in changed.items()}
        changed["lstm.bias_ih_l0"] = changed["lstm.bias_ih_l0"] + changed["lstm.bias_hh_l0"]
        changed["lstm.bias_hh_l0"] = torch.zeros(4 * H)
        ours.same(f"weights of {name}", *(torch.cat([tensors[key].flatten() for key in sorted(changed)]).numpy()
                                          for tensors in (read, changed)))  # fmt: skip

    print("3. Other networks of ours in PyTorch")
    tokens, _ = ours.reviews(options.data, "test", 1000, 100)
    for what, network in ours.NETWORKS.items():
        file = ours.trained(options, folder, *ours.SMALL, *network) / "model.safetensors"
        with safe_open(file, "pt") as opened:
            configuration = json.loads(opened.metadata()["configuration"])
        model = Network(configuration)
        model.load_state_dict(load_file(file), strict=True)
        if configuration["masksPadding"]:
            # Each without its padding; the start is the first token that isn't 0.
            theirs = np.concatenate([predictions(model, row[None, np.argmax(row != 0) :]) for row in tokens])
        else:
            theirs = predictions(model, tokens)
        ours.close_probabilities(what, ours.probabilities(options, file, 1000, 100), theirs, ours.LIMIT)

    print("4. What is refused")
    for what, problem, tensors in [
        (
            "a Linear of other inputs",
            "fc.weight has shape [1, 128], expected [1, 256]",
            Classifier(bidirectional=True).state_dict(),
        ),
        ("no bias", "there is no tensor lstm.bias_ih_l0", Classifier(bias=False).state_dict()),
        ("projections", "an LSTM with projections", Classifier(proj_size=H - 1).state_dict()),
        ("a GRU", "“gru” is a GRU, expected an LSTM", torch.nn.ModuleDict({"gru": torch.nn.GRU(E, H)}).state_dict()),
        ("int8", "has dtype I8", {key: value.to(torch.int8) for key, value in state.items()}),
        ("float8", "has dtype F8_E4M3", {key: value.to(torch.float8_e4m3fn) for key, value in state.items()}),
    ]:
        save_file(tensors, folder / "refused.safetensors")
        ours.refuses(what, problem, options.lstm, "inspect", folder / "refused.safetensors")
    torch.save(state, folder / "model.pt")
    ours.refuses("torch.save", "a PyTorch pickle", options.lstm, "inspect", folder / "model.pt")
    torch.save(state, folder / "old.pt", _use_new_zipfile_serialization=False)
    ours.refuses("torch.save before 1.6", "a PyTorch pickle", options.lstm, "inspect", folder / "old.pt")
ours.end()
