"""Makes Tests/ParallelTests/Golden/word_prediction.json.

    python Scripts/golden/word_prediction.py

Sampled softmax over given samples at each position of some texts: PyTorch's
losses and gradients in float64. Forward, a state predicts the word after it;
backward, the one before it. A logit is h · o + b − ln(K q); samples that are
the right word are left out. Needs numpy and torch (CPU).
"""

import math
from pathlib import Path

import numpy as np
import torch

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/ParallelTests/Golden/word_prediction.json"

CASES = [
    dict(embeddingSize=0, hiddenSize=5, layerCount=1, isBidirectional=True, masksPadding=True),
    dict(embeddingSize=4, hiddenSize=7, layerCount=1, isBidirectional=False, masksPadding=False),
    dict(embeddingSize=6, hiddenSize=18, layerCount=1, isBidirectional=True, masksPadding=False),
    dict(embeddingSize=0, hiddenSize=9, layerCount=2, isBidirectional=True, masksPadding=True),
]
VOCABULARY, STEPS, SAMPLES = 19, 8, 32


def make(case, seed):
    architecture = case | dict(vocabularySize=VOCABULARY, labelCount=2)
    generator = np.random.default_rng(seed)
    V, E, H, D = VOCABULARY, case["embeddingSize"], case["hiddenSize"], 2 if case["isBidirectional"] else 1
    shapes = layout.network_shapes(**architecture) | {f"words_{d}": (V, H + 1) for d in range(D)}
    values = {k: layout.representable(generator.uniform(-0.6, 0.6, s)) for k, s in shapes.items()}
    tensors = {k: torch.tensor(v, requires_grad=True) for k, v in values.items()}
    texts = [generator.integers(1, V, n).tolist() for n in (5, 8, 1, 0, 2, 7, 6)]
    samples = generator.integers(3, V, SAMPLES).tolist()
    # The first three tokens are never drawn.
    counts = np.full(V, -math.inf)
    counts[3:] = layout.representable(generator.uniform(-1, 1, V - 3))

    def lstm(name, x):
        kernel, recurrent, bias = (tensors[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
        module = torch.nn.LSTM(x.shape[1], H, dtype=torch.float64)
        parameters = {
            "weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias, "bias_hh_l0": bias * 0,
        }  # fmt: skip
        return torch.func.functional_call(module, parameters, (x[:, None],))[0][:, 0]

    losses, count = [], 0
    for text in texts:
        tokens = text if case["masksPadding"] else [0] * (STEPS - len(text)) + text
        first = len(tokens) - len(text)
        loss = torch.zeros((), dtype=torch.float64)
        if tokens:
            table = tensors["embedding/embeddings"] if E else torch.eye(V, dtype=torch.float64)
            x = table[tokens]
            for layer in range(case["layerCount"]):
                suffix = f"_{layer}" if layer else ""
                if D == 1:
                    outputs = [lstm(f"lstm{suffix}", x)]
                else:
                    outputs = [
                        lstm(f"bidirectional{suffix}/forward_lstm{suffix}", x),
                        lstm(f"bidirectional{suffix}/backward_lstm{suffix}", x.flip(0)).flip(0),
                    ]
                x = torch.cat(outputs, 1)
            for d, h in enumerate(outputs):
                for t in range(first, len(tokens)):
                    u = t + 1 if d == 0 else t - 1
                    if not first <= u < len(tokens) or counts[tokens[u]] == -math.inf:
                        continue
                    candidates = [tokens[u]] + [s for s in samples if s != tokens[u]]
                    rows = tensors[f"words_{d}"][candidates]
                    logits = rows[:, :H] @ h[t] + rows[:, H] - torch.tensor(counts[candidates])
                    loss = loss + torch.nn.functional.cross_entropy(logits[None], torch.tensor([0]))
                    count += 1
        losses.append(loss)
    (sum(losses) / count).backward()
    gradient = np.concatenate(
        [np.ravel(t.grad.numpy() if t.grad is not None else np.zeros(t.shape)) for t in tensors.values()]
    )
    return case | {
        "texts": texts,
        "samples": samples,
        "logExpectedCounts": layout.Exact(counts[3:]),
        "parameters": layout.Exact(np.concatenate([np.ravel(v) for v in values.values()])),
        "losses": [float(loss) for loss in losses],
        "count": count,
        "gradient": gradient.tolist(),
    }


if __name__ == "__main__":
    cases = [make(case, seed) for seed, case in enumerate(CASES)]
    layout.write(
        FILE, {"versions": layout.versions(np, torch), "vocabularySize": VOCABULARY, "maxLength": STEPS, "cases": cases}
    )
