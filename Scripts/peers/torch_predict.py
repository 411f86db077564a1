"""Classifies texts with PyTorch, as `lstm predict` does, to measure both.

    python torch_predict.py MODEL < texts > probabilities

MODEL is a safetensors file that `lstm train` wrote, with its vocabulary. A text
a line comes in, a probability a line goes out: words as Keras's Tokenizer cuts
them, nn.Embedding, nn.LSTM and nn.Linear in batches that are padded in front to
the model's length. Times go to standard error as one line of JSON, without the
start of Python; with --latency COUNT those of that many first texts one by one.
"""

import argparse
import json
import os
import statistics
import string
import struct
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser(description="Classifies texts with PyTorch.")
parser.add_argument("model", type=Path)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch-size", type=int, default=256)
parser.add_argument("--latency", type=int, metavar="COUNT")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch

import worker

torch.set_num_threads(options.threads)

data = options.model.read_bytes()
metadata = json.loads(data[8 : 8 + struct.unpack_from("<Q", data)[0]])["__metadata__"]
# 0 to 3 are padding, start, unknown, and one that Keras leaves unused.
ids = {word: id for id, word in enumerate(json.loads(metadata["vocabulary"])) if id > 3}
max_length = json.loads(metadata["configuration"])["maxLength"]
spaces = str.maketrans({mark: " " for mark in string.punctuation.replace("'", "") + "\t\n"})
# Keras's IMDB data has A to Z in lower case alone.
spaces |= str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        V, E = weights["embedding.weight"].shape
        H = weights["fc.weight"].shape[1]
        self.embedding = torch.nn.Embedding(V, E)
        self.lstm = torch.nn.LSTM(E, H, batch_first=True)
        self.fc = torch.nn.Linear(H, 1)
        self.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        return torch.sigmoid(self.fc(hidden[:, -1]))[:, 0]


network = Network(worker.read_safetensors(options.model)).eval()


@torch.inference_mode()
def classify(texts):
    batch = torch.zeros(len(texts), max_length, dtype=torch.int64)
    for row, text in zip(batch, texts):
        tokens = [1] + [ids.get(word, 2) for word in text.translate(spaces).split(" ") if word]
        tokens = tokens[-max_length:]
        row[max_length - len(tokens) :] = torch.tensor(tokens)
    return network(batch).tolist()


texts = sys.stdin.read().removesuffix("\n").split("\n")
classify(texts[: options.batch_size])  # whatever is set up on first use
facts = {"torch": torch.__version__, "threads": options.threads}
if options.latency:
    seconds = []
    for text in texts[: options.latency]:
        began = time.perf_counter()
        probability = classify([text])[0]
        seconds.append(time.perf_counter() - began)
        print(probability)
    facts["median_ms"] = 1000 * statistics.median(seconds)
else:
    began, cpu_began = time.perf_counter(), time.process_time()
    for start in range(0, len(texts), options.batch_size):
        for probability in classify(texts[start : start + options.batch_size]):
            print(probability)
    facts["seconds"] = time.perf_counter() - began
    facts["cpu_seconds"] = time.process_time() - cpu_began
    facts["texts_per_second"] = len(texts) / facts["seconds"]
print(json.dumps(facts), file=sys.stderr)
