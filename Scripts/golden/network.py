"""Makes Tests/RecurrentNetworkTests/Golden/network.json.

    python Scripts/golden/network.py

Small networks Embedding(V, E) -> LSTM(H) -> Dense(1, sigmoid) with given
parameters, tokens and initial states: PyTorch's outputs, loss and every
gradient in float64. Before anything is written, the outputs are compared with
a forward pass in numpy, written from the formulas, and gradients with finite
differences of that pass. Needs numpy and torch (CPU).
"""

from pathlib import Path

import numpy as np
import torch

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/RecurrentNetworkTests/Golden/network.json"

# lengths: how many tokens of each row are real, B of them; state: a non-zero initial state.
CASES = [
    dict(name="one row", V=7, E=3, H=5, T=4, lengths=[3], state=True),
    dict(name="one step", V=13, E=12, H=5, T=1, lengths=[1, 1], state=True),
    dict(name="two rows", V=11, E=6, H=7, T=9, lengths=[9, 4], state=False),
    dict(name="no padding", V=17, E=9, H=7, T=9, lengths=[9] * 5, state=True),
    dict(name="equal lengths", V=31, E=3, H=17, T=23, lengths=[14] * 5, state=False),
    dict(name="rows of padding only", V=40, E=6, H=19, T=9,
         lengths=[5, 0, 9, 1, 8, 0, 3, 3, 7, 2, 9, 0, 6], state=False),
    dict(name="mixed lengths", V=23, E=12, H=17, T=23,
         lengths=[23, 1, 12, 7, 19, 22, 3, 3, 16, 9, 23, 14, 5], state=True),
    dict(name="many rows", V=60, E=9, H=33, T=23,
         lengths=[11, 23, 4, 17, 2, 9, 20, 15, 23, 6, 13, 1, 22, 8, 18, 3, 10, 21, 5, 16, 12, 7,
                  19, 14, 23, 11, 11, 2, 20, 9, 17], state=False),
    dict(name="token 0 inside rows", V=19, E=6, H=7, T=9, lengths=[9, 7, 5, 8, 0],
         zeros=[(0, 3), (0, 8), (1, 2), (1, 5), (3, 6), (3, 7), (3, 8)], state=False),
]  # fmt: skip


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(flat, V, E, H, tokens, labels, hidden, cell):
    """The network as Keras defines it: loss, logits [B], hidden and cell [B, H]."""
    p = layout.split(flat, V, E, H)
    for token in tokens.T:
        z = p["embedding"][token] @ p["lstm.kernel"] + hidden @ p["lstm.recurrent_kernel"]
        i, f, g, o = np.split(z + p["lstm.bias"], 4, axis=1)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
    logits = (hidden @ p["dense.kernel"] + p["dense.bias"])[:, 0]
    losses = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    return losses.mean(), logits, hidden, cell


def torch_values(flat, V, E, H, tokens, labels, hidden, cell):
    """The same by PyTorch, with gradients."""
    p = {k: torch.from_numpy(v.copy()) for k, v in layout.split(flat, V, E, H).items()}
    embedding = torch.nn.Embedding(V, E, dtype=torch.float64)
    lstm = torch.nn.LSTM(E, H, batch_first=True, dtype=torch.float64)
    dense = torch.nn.Linear(H, 1, dtype=torch.float64)
    with torch.no_grad():
        embedding.weight.copy_(p["embedding"])
        lstm.weight_ih_l0.copy_(p["lstm.kernel"].T)
        lstm.weight_hh_l0.copy_(p["lstm.recurrent_kernel"].T)
        lstm.bias_ih_l0.copy_(p["lstm.bias"])
        lstm.bias_hh_l0.zero_()
        dense.weight.copy_(p["dense.kernel"].T)
        dense.bias.copy_(p["dense.bias"])
    h0 = torch.from_numpy(hidden.copy())[None].requires_grad_()
    c0 = torch.from_numpy(cell.copy())[None].requires_grad_()

    output, (h, c) = lstm(embedding(torch.from_numpy(tokens)), (h0, c0))
    logits = dense(output[:, -1])[:, 0]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels))
    loss.backward()

    gradients = {
        "embedding": embedding.weight.grad,
        "lstm.kernel": lstm.weight_ih_l0.grad.T,
        "lstm.recurrent_kernel": lstm.weight_hh_l0.grad.T,
        "lstm.bias": lstm.bias_ih_l0.grad,
        "dense.kernel": dense.weight.grad.T,
        "dense.bias": dense.bias.grad,
    }
    return {
        "logits": logits.detach().numpy(),
        "probabilities": torch.sigmoid(logits).detach().numpy(),
        "loss": loss.item(),
        "gradients": layout.join({k: g.numpy() for k, g in gradients.items()}, V, E, H),
        "initialHiddenGradient": h0.grad[0].numpy(),
        "initialCellGradient": c0.grad[0].numpy(),
        "hidden": h[0].detach().numpy(),
        "cell": c[0].detach().numpy(),
    }


def check(values, flat, V, E, H, tokens, labels, hidden, cell, generator):
    """Stops unless numpy's forward pass and its finite differences agree."""
    loss, logits, h, c = forward(flat, V, E, H, tokens, labels, hidden, cell)
    for name, expected in dict(loss=loss, logits=logits, hidden=h, cell=c).items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-12, atol=1e-14, err_msg=name)

    everything = np.concatenate([flat, hidden.ravel(), cell.ravel()])
    names = ("gradients", "initialHiddenGradient", "initialCellGradient")
    gradient = np.concatenate([values[name].ravel() for name in names])
    ends = np.cumsum([flat.size, hidden.size])
    step, worst = 1e-5, 0
    # All elements of small cases, a sample of large ones; the states and the dense layer always.
    recurrent = flat.size - H - 1
    indices = np.arange(everything.size)
    if recurrent > 400:
        sample = generator.choice(recurrent, 400, replace=False)
        indices = np.concatenate([np.sort(sample), np.arange(recurrent, everything.size)])
    for index in indices:
        losses = []
        for sign in (1, -1):
            moved = everything.copy()
            moved[index] += sign * step
            w, h0, c0 = np.split(moved, ends)
            losses.append(forward(w, V, E, H, tokens, labels, h0.reshape(hidden.shape),
                                  c0.reshape(cell.shape))[0])  # fmt: skip
        worst = max(worst, abs((losses[0] - losses[1]) / (2 * step) - gradient[index]))
    assert worst < 1e-9, f"a finite difference is off by {worst}"
    return worst


def make(index, name, V, E, H, T, lengths, state, zeros=()):
    generator = np.random.default_rng(20_260 + index)
    B = len(lengths)

    def uniform(limit, *shape):
        return layout.representable(generator.uniform(-limit, limit, shape))

    limits = {"embedding": 1, "lstm.kernel": 0.8, "lstm.recurrent_kernel": 0.6,
              "lstm.bias": 0.5, "dense.kernel": 1, "dense.bias": 0.5}  # fmt: skip
    parameters = {k: uniform(limits[k], *shape) for k, shape in layout.shapes(V, E, H).items()}
    flat = layout.join(parameters, V, E, H)
    tokens = layout.padded_tokens(generator, lengths, V, T)
    for position in zeros:
        tokens[position] = 0
    labels = generator.integers(0, 2, B).astype(np.float64)
    hidden = uniform(0.9, B, H) if state else np.zeros((B, H))
    cell = uniform(1.5, B, H) if state else np.zeros((B, H))

    arguments = (flat, V, E, H, tokens, labels, hidden, cell)
    values = torch_values(*arguments)
    worst = check(values, *arguments, generator)
    print(f"{name}: loss {values['loss']:.6f}, finite differences within {worst:.1e}")
    return {
        "name": name,
        "V": V, "E": E, "H": H, "T": T, "B": B,
        "parameters": layout.Exact(flat),
        "tokens": tokens.ravel(),
        "labels": labels.astype(int),
        "initialHidden": layout.Exact(hidden.ravel()),
        "initialCell": layout.Exact(cell.ravel()),
    } | {k: v.ravel() if isinstance(v, np.ndarray) else v for k, v in values.items()}  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = [make(index, **case) for index, case in enumerate(CASES)]
    layout.write(FILE, {
        "madeBy": "Scripts/golden/network.py",
        "versions": layout.versions(np, torch),
        "layout": list(layout.shapes(1, 1, 1)),
        "cases": cases,
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
