"""What all workers share: the files they read and the commands they answer.

A worker measures one framework on the tutorial's network. A driver starts it
once, waits for its first line, and then sends commands, one a line, so that
frameworks can be measured in turn, batch by batch:

    python torch_worker.py FOLDER [--threads 2] [--batch-size 1000]

FOLDER holds what the driver wrote, all of it little-endian:

    tokens.i32           int32 [N, steps], padded in front
    labels.u8            uint8 [N]
    weights.safetensors  float32, by PyTorch's names: embedding.weight [V, E],
                         lstm.weight_ih_l0 [4H, E], lstm.weight_hh_l0 [4H, H],
                         lstm.bias_ih_l0, lstm.bias_hh_l0 [4H] (zero),
                         fc.weight [1, H], fc.bias [1]; gates i, f, g, o;
                         of other networks than the tutorial's (PyTorch alone)
                         those of all layers and directions, with the network
                         in the metadata's configuration

Commands:

    train K      a step of Keras's Adam on batch K (from 0)
    evaluate K   loss and accuracy of batch K
    reset        initial weights, optimizer's state cleared
    memory       the process's peak resident memory
    quit

Every command but quit is answered by one line of JSON. Only the step itself is
timed. The first step of each kind may include a framework's set-up: drop it.
"""

import argparse
import json
import os
import resource
import struct
import sys
import time
from pathlib import Path

import numpy as np


def arguments(name, **flags):
    """Reads the command line; before the framework is imported, so that it obeys --threads.

    flags: a worker's own switches, each with its help.
    """
    parser = argparse.ArgumentParser(description=f"Measures {name}.")
    parser.add_argument("folder", type=Path, help="tokens.i32, labels.u8, weights.safetensors")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=1000)
    for flag, text in flags.items():
        parser.add_argument("--" + flag.replace("_", "-"), action="store_true", help=text)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    return options


def read_safetensors(path):
    """The float32 tensors of a file, by name."""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: {name} is {entry['dtype']}; expected F32")
        start, end = entry["data_offsets"]
        values = np.frombuffer(data, "<f4", (end - start) // 4, 8 + size + start)
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors


def read_configuration(path):
    """What a file's metadata say of the network."""
    data = path.read_bytes()
    metadata = json.loads(data[8 : 8 + struct.unpack_from("<Q", data)[0]])["__metadata__"]
    return json.loads(metadata["configuration"])


def read_data(folder):
    """Tokens int32 [N, steps] and labels float32 [N]."""
    labels = np.fromfile(folder / "labels.u8", np.uint8).astype(np.float32)
    tokens = np.fromfile(folder / "tokens.i32", "<i4")
    if len(labels) == 0 or tokens.size % len(labels):
        sys.exit(f"{folder}: {tokens.size} tokens can't be split among {len(labels)} labels")
    return tokens.reshape(len(labels), -1), labels


def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def serve(name, versions, options, peer):
    """Answers commands until quit or the end of the input.

    peer has train(tokens, labels) and evaluate(tokens, labels), both returning
    loss and accuracy, and reset().
    """
    tokens, labels = read_data(options.folder)
    batches = -(-len(labels) // options.batch_size)

    def answer(**facts):
        print(json.dumps(facts), flush=True)

    answer(ready=name, versions=versions, threads=options.threads, samples=len(labels),
           steps=tokens.shape[1], batches=batches)  # fmt: skip
    for line in sys.stdin:
        match line.split():
            case [("train" | "evaluate") as command, number] if number.isdigit():
                if int(number) >= batches:
                    answer(error=f"there is no batch {number}: the last is {batches - 1}")
                    continue
                start = int(number) * options.batch_size
                x = tokens[start : start + options.batch_size]
                y = labels[start : start + options.batch_size]
                step = getattr(peer, command, None)
                if step is None:
                    answer(error=f"{name} can't {command}")
                    continue
                began = time.perf_counter()
                loss, accuracy = step(x, y)
                seconds = time.perf_counter() - began
                answer(seconds=seconds, loss=float(loss), accuracy=float(accuracy))
            case ["reset"]:
                peer.reset()
                answer(reset=True)
            case ["memory"]:
                answer(peak_bytes=peak_bytes())
            case ["quit"]:
                return
            case []:
                pass
            case _:
                answer(error=f"unknown command {line.strip()!r}")
