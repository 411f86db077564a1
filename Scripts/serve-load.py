#!/usr/bin/env python3
"""Measures `lstm serve` under wrk's load on the loopback address, in turn with FastAPI before PyTorch and ONNX Runtime.

    python3 Scripts/serve-load.py --lstm .build/release/lstm --model Data/run/model.safetensors --texts aclImdb.zip
                                  [--peers PYTHON] [--seconds 10] [--rounds 1] [--connections 1,16,256]

Texts are real reviews, whole and cut to 20 words. PYTHON has fastapi, uvicorn, torch, safetensors and onnxruntime. One
line a measurement goes to stdout; wrk shares the machine's cores with what it measures.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = """
local bodies = {}
for line in io.lines(%s) do bodies[#bodies + 1] = line end
local counter = 0
local threads = 0
function setup(thread) thread:set("start", threads * 37); threads = threads + 1 end
function request()
  counter = counter + 1
  return wrk.format("POST", "/predict", {["Content-Type"] = "application/json"}, bodies[(start + counter) %% #bodies + 1])
end
function done(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status))
end
"""


def reviews(path, count=2000):
    """The first reviews of the test part, half of them of each kind."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if re.search(r"test/(neg|pos)/\d+_\d+\.txt$", name)]
        chosen = sorted(name for name in names)[:: max(len(names) // count, 1)][:count]
        return [archive.read(name).decode("utf-8", "replace").replace("<br />", " ") for name in chosen]


def wait(port, process):
    for _ in range(600):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=2).read()
        except OSError:
            if process.poll() is not None:
                sys.exit("the server has ended")
            time.sleep(0.1)
    sys.exit("the server does not answer")


def memory(process):
    """Resident megabytes of a process and its children."""
    table = subprocess.run(["ps", "-eo", "pid,ppid,rss"], check=False, capture_output=True, text=True).stdout.split(
        "\n"
    )[1:]
    rows = [tuple(map(int, line.split())) for line in table if line.strip()]
    family = {process.pid}
    for _ in range(4):
        family |= {pid for pid, parent, _ in rows if parent in family}
    return sum(rss for pid, _, rss in rows if pid in family) / 1024


def load(port, bodies, connections, seconds, folder):
    script = Path(folder, "wrk.lua")
    script.write_text(SCRIPT % json.dumps(str(bodies)))
    threads = 1 if connections == 1 else 2
    said = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script),
         f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout  # fmt: skip
    requests, microseconds, p50, p99, errors = map(int, re.search(r"RESULT (.*)", said)[1].split())
    return 1e6 * requests / microseconds, p50 / 1000, p99 / 1000, errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lstm", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--peers")
    parser.add_argument("--engines", default="torch,onnx")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", default="1,16,256")
    parser.add_argument("--port", type=int, default=8190)
    options = parser.parse_args()
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    texts = reviews(options.texts)
    with tempfile.TemporaryDirectory() as folder:
        kinds = {"20 words": [" ".join(text.split()[:20]) for text in texts], "reviews": texts}
        for kind, chosen in kinds.items():
            # wrk's script reads a line a body, and JSON has no line breaks.
            Path(folder, kind).write_text("\n".join(json.dumps({"text": text}) for text in chosen))
        commands = {"lstm serve": [options.lstm, "serve", "--model", options.model, "--port", str(options.port)]}
        for engine in options.engines.split(",") if options.peers else []:
            commands[f"FastAPI, {engine}"] = [options.peers, str(HERE / "peers/http_peer.py"), options.model, "--engine",
                                             engine, "--port", str(options.port)]  # fmt: skip
        for number in range(options.rounds):
            for name, command in commands.items():
                # The log is written as it is in use, to a file.
                with open(Path(folder, "log"), "w") as log:
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", options.port)) == 0:
                            sys.exit(f"something answers at port {options.port} already")
                    process = subprocess.Popen(command, stderr=log, stdout=log)
                    try:
                        wait(options.port, process)
                        for kind in kinds:
                            load(options.port, Path(folder, kind), 16, 2, folder)
                            for connections in map(int, options.connections.split(",")):
                                rate, p50, p99, errors = load(
                                    options.port, Path(folder, kind), connections, options.seconds, folder)  # fmt: skip
                                print(f"{number} | {name:14} | {kind:8} | {connections:3} | {rate:8.0f}/s | p50 {p50:8.2f} ms"
                                      f" | p99 {p99:8.2f} ms | {memory(process):5.0f} MB | {errors} errors", flush=True)  # fmt: skip
                    finally:
                        process.terminate()
                        process.wait()


if __name__ == "__main__":
    main()
