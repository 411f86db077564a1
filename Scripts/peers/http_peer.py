"""A classifier behind FastAPI, as people build one, to measure `lstm serve` beside it (Scripts/serve-load.py).

    python http_peer.py MODEL [--engine torch|onnx] [--port 8090] [--workers 2]

MODEL is what `lstm train` wrote; for --engine onnx, `lstm export` has written MODEL's .onnx beside it. POST /predict
takes {"text": "…"}. Words, vocabulary and padding are those of torch_predict.py. Each worker is a process with a thread
of its own, which on two cores is faster than one process with two threads.
"""

import argparse
import json
import os
import string
import struct
from pathlib import Path

parser = argparse.ArgumentParser(description="A classifier behind FastAPI.")
parser.add_argument("model", type=Path)
parser.add_argument("--engine", choices=["torch", "onnx"], default="torch")
parser.add_argument("--port", type=int, default=8090)
parser.add_argument("--workers", type=int, default=2)

if __name__ == "__main__":
    import signal
    import socket
    import sys

    import uvicorn

    options = parser.parse_args()
    os.environ |= {"PEER_MODEL": str(options.model), "PEER_ENGINE": options.engine, "OMP_NUM_THREADS": "1"}
    sys.path.insert(0, str(Path(__file__).parent))
    # uvicorn's own workers share a socket of no named protocol, on which asyncio leaves Nagle's algorithm on: each answer
    # then waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    listener.listen(1024)
    children = []
    for _ in range(options.workers - 1):
        children.append(os.fork())
        if children[-1] == 0:
            children = []
            break

    def end(*_):
        for child in children:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        os._exit(0)

    # uvicorn hands the signal on, once it has stopped.
    signal.signal(signal.SIGTERM, end)
    uvicorn.Server(uvicorn.Config("http_peer:app", log_level="warning", access_log=False)).run(sockets=[listener])
    end()

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

path = Path(os.environ["PEER_MODEL"])
data = path.read_bytes()
metadata = json.loads(data[8 : 8 + struct.unpack_from("<Q", data)[0]])["__metadata__"]
ids = {word: id for id, word in enumerate(json.loads(metadata["vocabulary"])) if id > 3}
labels = json.loads(metadata["labels"])
max_length = json.loads(metadata["configuration"])["maxLength"]
spaces = str.maketrans({mark: " " for mark in string.punctuation.replace("'", "") + "\t\n"})
spaces |= str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def encoded(text):
    tokens = ([1] + [ids.get(word, 2) for word in text.translate(spaces).split(" ") if word])[-max_length:]
    row = np.zeros((1, max_length), np.int64)
    row[0, max_length - len(tokens) :] = tokens
    return row


if os.environ["PEER_ENGINE"] == "torch":
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    weights = load_file(path)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            size = weights["fc.weight"].shape[1]
            self.embedding = torch.nn.Embedding(*weights["embedding.weight"].shape)
            self.lstm = torch.nn.LSTM(weights["embedding.weight"].shape[1], size, batch_first=True)
            self.fc = torch.nn.Linear(size, 1)
            self.load_state_dict(weights)

        def forward(self, tokens):
            return torch.sigmoid(self.fc(self.lstm(self.embedding(tokens))[0][:, -1]))

    network = Network().eval()

    def classify(text):
        with torch.inference_mode():
            return float(network(torch.from_numpy(encoded(text))))

else:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path.with_suffix(".onnx")), settings, providers=["CPUExecutionProvider"])
    tokens_input = session.get_inputs()[0]
    output = next(one.name for one in session.get_outputs() if one.name.startswith("probabilit"))

    def classify(text):
        rows = encoded(text).astype(np.int32 if tokens_input.type == "tensor(int32)" else np.int64)
        return float(session.run([output], {tokens_input.name: rows})[0].ravel()[-1])


app = FastAPI()


class Request(BaseModel):
    text: str


@app.get("/v2/health/ready")
def ready():
    return {"ready": True}


@app.post("/predict")
def predict(request: Request):
    probability = classify(request.text)
    return {"label": labels[int(probability > 0.5)], "probability": probability}
