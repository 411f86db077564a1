"""Predicts words with PyTorch, as the first stage of `lstm train --unlabelled` does, to measure both.

    python torch_words.py [--steps 20]

Steps of 64 pieces of 128 to 200 random tokens: nn.Embedding, an nn.LSTM in both
directions, sampled softmax over 256 words at each position, Adam. An embedding
stands for the one-hot input, which PyTorch's LSTM would have to multiply.
Prints the median of the steps' seconds as one line of JSON.
"""

import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser(description="Predicts words with PyTorch.")
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--units", type=int, default=128)
parser.add_argument("--vocabulary-size", type=int, default=10_000)
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)
V, H, K, PIECES = options.vocabulary_size, options.units, 256, 64

embedding = torch.nn.Embedding(V, H)
lstm = torch.nn.LSTM(H, H, batch_first=True, bidirectional=True)
words = torch.nn.ModuleList([torch.nn.Embedding(V, H + 1) for _ in range(2)])
parameters = [*embedding.parameters(), *lstm.parameters(), *words.parameters()]
adam = torch.optim.Adam(parameters, lr=0.003)


def step():
    lengths = torch.randint(128, 201, (PIECES,)).sort(descending=True).values
    tokens = torch.randint(4, V, (PIECES, int(lengths[0])))
    samples = torch.randint(4, V, (K,))
    packed = torch.nn.utils.rnn.pack_padded_sequence(embedding(tokens), lengths, batch_first=True)
    states, _ = torch.nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    is_word = torch.arange(tokens.shape[1])[None] < lengths[:, None]
    losses = []
    for direction, table in enumerate(words):
        own = states[..., :H] if direction == 0 else states[..., H:]
        # The word after a state that has read forward, and the one before the others.
        h, right = (own[:, :-1], tokens[:, 1:]) if direction == 0 else (own[:, 1:], tokens[:, :-1])
        chosen = is_word[:, 1:]
        h, right = h[chosen], right[chosen]
        row, drawn = table(right), table(samples)
        logits = h @ drawn[:, :H].T + drawn[:, H]
        logits = logits.masked_fill(right[:, None] == samples, -torch.inf)
        first = (h * row[:, :H]).sum(1) + row[:, H]
        losses.append(torch.cat([first[:, None], logits], 1).logsumexp(1) - first)
    loss = torch.cat(losses).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()


step()
seconds = []
for _ in range(options.steps):
    start = time.perf_counter()
    step()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": round(statistics.median(seconds), 4), "least": round(min(seconds), 4)}))
