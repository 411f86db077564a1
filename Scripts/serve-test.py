#!/usr/bin/env python3
"""Holds `lstm serve` against clients: `make test-serve` and CI run it.

    python3 Scripts/serve-test.py --lstm .build/release/lstm --model Data/run [--other MODEL] [--hostile 2000]
                                  [--idle 200] [--page FOLDER] [--tools PYTHON]

Only the standard library is needed. What else is here is used too: curl, nginx, a Chromium (its screenshots go to the
folder --page), and with --tools the requests, tritonclient and openapi-spec-validator of another Python. What is missing
is told as skipped. All traffic goes to the loopback address.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

OPTIONS = None
TEXTS = [
    "A wonderful film: I loved every minute of it.",
    "Dull, and far too long. A waste of time!",
    "not bad at all",
    "",
    "Zorbaxian flumptious quibberwocks",
    "<script>alert('no')</script> & \"quotes\" \\ back\u2028slash \U0001f600 é",
    "the plot was " + "really very " * 300 + "boring",
]


class Skipped(Exception):
    pass


class Server:
    """A server of its own on a port of its own."""

    def __init__(self, *options, model=None):
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (open as long as the server)
        command = [OPTIONS.lstm, "serve", "--port", "0", "--log-format", "json"]
        if model is not False:
            command += ["--model", model or OPTIONS.model]
        self.process = subprocess.Popen([*command, *options], stderr=self.log, stdin=subprocess.DEVNULL)
        end = time.time() + 60
        while not (started := self.events("started")):
            if self.process.poll() is not None or time.time() > end:
                raise AssertionError(f"the server did not start: {self.text()}")
            time.sleep(0.02)
        self.port = int(started[0]["message"].rstrip("/").rsplit(":", 1)[1])

    def text(self):
        self.log.flush()
        with open(f"/proc/self/fd/{self.log.fileno()}") if os.path.exists("/proc/self/fd") else self.log as log:
            return log.read()

    def events(self, name):
        # The last line may not have been written to its end.
        whole = self.text().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def wait_for(self, name, count=1, seconds=30):
        end = time.time() + seconds
        while len(self.events(name)) < count:
            assert time.time() < end, f"no event {name}: {self.text()[-2000:]}"
            time.sleep(0.02)

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, connection=None):
        own = connection or self.connection()
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        own.request(method, path, body, headers or {})
        reply = own.getresponse()
        data = reply.read()
        if connection is None:
            own.close()
        return reply.status, data

    def post(self, path, body, connection=None):
        status, data = self.ask("POST", path, body, connection=connection)
        return status, json.loads(data)

    def memory(self):
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmRSS:")[1].split()[0])

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def predicted(texts, model=None):
    """What `lstm predict` says."""
    command = [OPTIONS.lstm, "predict", "--model", model or OPTIONS.model, "--format", "jsonl", "--", *texts]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [json.loads(line) for line in lines if line]


def exact(number):
    """A float of 32 bits, whose shortest decimal number JSON has."""
    return struct.unpack("f", struct.pack("f", number))[0]


# What is checked. A check raises what is wrong.


def test_same_as_predict():
    """Each interface says what `lstm predict` says, to the bit, alone and among others."""
    expected = predicted(TEXTS)
    with Server() as server:
        for text, one in zip(TEXTS, expected):
            status, answer = server.post("/predict", {"text": text})
            assert status == 200 and answer["label"] == one["label"], (text, answer)
            assert exact(answer["probability"]) == exact(one["probability"]), (text, answer, one)
        status, answer = server.post("/v1/models/default:predict", {"instances": TEXTS})
        assert status == 200 and [p["label"] for p in answer["predictions"]] == [one["label"] for one in expected]
        body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [len(TEXTS)], "data": TEXTS}]}
        status, infer = server.post("/v2/models/default/infer", body)
        assert status == 200 and infer["outputs"][1]["data"] == [one["label"] for one in expected]
        flat = [share for p in answer["predictions"] for share in p["probabilities"]]
        assert infer["outputs"][0]["data"] == flat

        def ask(number):
            index = number % len(TEXTS)
            _, reply = server.post("/predict", {"text": TEXTS[index]})
            return exact(reply["probability"]) == exact(expected[index]["probability"])

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert all(pool.map(ask, range(500)))
        assert server.stop() == 0


def test_manners():
    """404, 405, 413, 415, 422 and HEAD over a real connection, which stays usable where it may."""
    with Server("--max-body", "2000", "--max-texts", "3") as server:
        connection = server.connection()
        for method, path, body, headers, expected in [
            ("GET", "/nothing", None, {}, 404),
            ("DELETE", "/predict", None, {}, 405),
            ("POST", "/predict", "{}", {"Content-Type": "text/plain"}, 415),
            ("POST", "/predict", "{}", {}, 422),
            ("POST", "/predict", "{", {}, 400),
            ("POST", "/v1/models/default:predict", json.dumps({"instances": ["a"] * 4}), {}, 413),
            ("HEAD", "/metrics", None, {}, 200),
            ("GET", "/v2/health/ready", None, {}, 200),
        ]:
            status, data = server.ask(method, path, body, headers, connection)
            assert status == expected, (method, path, status, data)
            if status >= 400:
                assert json.loads(data)["error"], data
        status, data = server.ask("POST", "/predict", b" " * 3000)
        assert status == 413 and b"2000 bytes" in data
        # A body without a length is counted as it comes.
        with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
            raw.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            raw.sendall(b"800\r\n" + b" " * 0x800 + b"\r\n0\r\n\r\n")
            assert b" 413 " in raw.recv(4096).split(b"\r\n")[0]


def test_http_1_0():
    """A client of HTTP/1.0 reads to the connection's end."""
    with Server() as server, socket.create_connection(("127.0.0.1", server.port), 10) as raw:
        raw.settimeout(10)
        raw.sendall(b"GET /v2/health/live HTTP/1.0\r\n\r\n")
        reply = b""
        while part := raw.recv(4096):
            reply += part
        assert b" 200 " in reply.split(b"\r\n")[0] and reply.endswith(b'{"live":true}'), reply


def test_curl():
    """curl, with a large body too, for which it asks before it sends."""
    if not shutil.which("curl"):
        raise Skipped("no curl")
    with Server() as server, tempfile.NamedTemporaryFile("w") as file:
        file.write(json.dumps({"instances": ["word " * 20_000] * 10}))
        file.flush()
        address = f"http://127.0.0.1:{server.port}"
        run = ["curl", "-sS", "--noproxy", "*", "-m", "30"]
        text = subprocess.run([*run, f"{address}/v2/health/ready"], check=True, capture_output=True).stdout
        assert json.loads(text)["ready"] is True
        data = json.dumps({"instances": ["a wonderful film"]})
        text = subprocess.run([*run, "-d", data, f"{address}/v1/models/default:predict"], check=True,
                              capture_output=True).stdout  # fmt: skip
        assert len(json.loads(text)["predictions"]) == 1
        started = time.time()
        text = subprocess.run([*run, "-H", "Expect: 100-continue", "-H", "Content-Type: application/json", "-d", f"@{file.name}",
                               f"{address}/v1/models/default:predict"], check=True, capture_output=True).stdout  # fmt: skip
        assert len(json.loads(text)["predictions"]) == 10, text[:200]
        big = subprocess.run([*run, "-w", "%{http_code}", "-o", "/dev/null", "-H", "Content-Type: application/json",
                              "--data-binary", "@-", f"{address}/predict"], input=b" " * (3 << 20),
                             check=False, capture_output=True).stdout  # fmt: skip
        assert big == b"413", (big, time.time() - started)


def tool(*arguments):
    if not OPTIONS.tools:
        raise Skipped("no --tools")
    return subprocess.run([OPTIONS.tools, *arguments], check=False, capture_output=True, text=True)


def test_requests():
    """An `instances` request by requests."""
    if tool("-c", "import requests").returncode:
        raise Skipped("no requests")
    with Server() as server:
        script = (
            "import requests, sys\n"
            "session = requests.Session()\nsession.trust_env = False\n"
            f"r = session.post('http://127.0.0.1:{server.port}/v1/models/default:predict',"
            " json={'instances': ['a wonderful film', 'dull']})\n"
            "r.raise_for_status()\nassert len(r.json()['predictions']) == 2\n"
        )
        done = tool("-c", script)
        assert done.returncode == 0, done.stderr


def test_triton():
    """Triton's client, with tensors binary (as it likes them) and in JSON."""
    if tool("-c", "import tritonclient.http").returncode:
        raise Skipped("no tritonclient")
    script = """
import sys, json, numpy
import tritonclient.http as triton
client = triton.InferenceServerClient(url=f"127.0.0.1:{sys.argv[1]}")
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("default")
assert client.get_server_metadata()["name"] == "swift-lstm"
metadata = client.get_model_metadata("default")
assert [o["name"] for o in metadata["outputs"]] == ["probabilities", "label"]
texts = json.loads(sys.argv[2])
seen = []
for binary in (True, False):
    tensor = triton.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(numpy.array([t.encode() for t in texts], dtype=object), binary_data=binary)
    for outputs in (None, [triton.InferRequestedOutput(n, binary_data=binary) for n in ("probabilities", "label")]):
        result = client.infer("default", [tensor], outputs=outputs, request_id="7")
        probabilities, labels = result.as_numpy("probabilities"), result.as_numpy("label")
        assert probabilities.shape[0] == len(texts) == labels.shape[0] and probabilities.dtype == numpy.float32
        seen.append(([l.decode() if isinstance(l, bytes) else l for l in labels], probabilities.tolist()))
assert all(one == seen[0] for one in seen), seen
print(json.dumps(seen[0]))
"""
    with Server() as server:
        done = tool("-c", script, str(server.port), json.dumps(TEXTS))
        assert done.returncode == 0, done.stderr[-2000:]
        labels, _ = json.loads(done.stdout)
        assert labels == [one["label"] for one in predicted(TEXTS)]


def test_description():
    """/openapi.yaml is valid OpenAPI."""
    if tool("-c", "import openapi_spec_validator, yaml").returncode:
        raise Skipped("no openapi-spec-validator")
    with Server() as server:
        _, data = server.ask("GET", "/openapi.yaml")
        with tempfile.NamedTemporaryFile("wb", suffix=".yaml") as file:
            file.write(data)
            file.flush()
            script = "import sys, yaml, openapi_spec_validator as v; v.validate(yaml.safe_load(open(sys.argv[1])))"
            done = tool("-c", script, file.name)
            assert done.returncode == 0, done.stderr


def test_metrics():
    """Each line of /metrics is one of Prometheus' text format, and a histogram's buckets never fall."""
    with Server() as server:
        for _ in range(3):
            server.post("/predict", {"text": "a film"})
        _, data = server.ask("GET", "/metrics")
        last = {}
        for line in data.decode().splitlines():
            if line.startswith("#"):
                assert line.split()[1] in ("HELP", "TYPE"), line
                continue
            name, value = line.rsplit(" ", 1)
            float(value)
            if "_bucket{" in name:
                series = name.split('le="')[0]
                assert int(value) >= last.get(series, 0), line
                last[series] = int(value)
        assert 'lstm_requests_total{route="predict",status="200"} 3' in data.decode(), data.decode()


def test_several_models():
    """Models by name; the first answers where none is named."""
    with Server("--model", f"a={OPTIONS.model}", "--model", f"b={OPTIONS.other}", model=False) as server:
        text = TEXTS[0]
        one, other = predicted([text])[0], predicted([text], OPTIONS.other)[0]
        for body, name, expected in [({}, "a", one), ({"model": "b"}, "b", other)]:
            _, answer = server.post("/predict", {"text": text, **body})
            assert answer["model"] == name and exact(answer["probability"]) == exact(expected["probability"])


def test_reload():
    """A new model is taken over without a failed request; a bad one is not."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")

        def put(source):
            file = source if os.path.isfile(source) else os.path.join(source, "model.safetensors")
            shutil.copy(file, path + ".new")
            os.replace(path + ".new", path)

        put(OPTIONS.model)
        text = TEXTS[0]
        one, other = predicted([text])[0]["probability"], predicted([text], OPTIONS.other)[0]["probability"]
        assert one != other
        with Server("--reload", model=path) as server:
            stop, seen, failures = threading.Event(), set(), []

            def ask():
                connection = server.connection()
                while not stop.is_set():
                    status, answer = server.post("/predict", {"text": text}, connection)
                    if status != 200:
                        failures.append(answer)
                    seen.add(exact(answer["probability"]))

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            put(OPTIONS.other)
            server.wait_for("reloaded")
            Path(path).write_bytes(b"this is no model")
            server.wait_for("kept_old_model")
            _, answer = server.post("/predict", {"text": text})
            assert exact(answer["probability"]) == exact(other)
            put(OPTIONS.model)
            server.wait_for("reloaded", 2)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("reloaded", 3)
            stop.set()
            for thread in threads:
                thread.join()
            assert not failures and seen == {exact(one), exact(other)}, (failures[:3], seen)
            assert server.stop() == 0


def test_full_queue():
    """A full queue answers 429 at once, and the server goes on."""
    with Server("--max-queue", "8") as server:
        text = "word " * 400
        body = {"instances": [text] * 8}

        def ask(_):
            return server.post("/v1/models/default:predict", body)

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            replies = list(pool.map(ask, range(200)))
        counts = {status: sum(1 for s, _ in replies if s == status) for status in {s for s, _ in replies}}
        assert set(counts) == {200, 429}, counts
        assert all("waiting" in answer["error"] for status, answer in replies if status == 429)
        assert server.post("/predict", {"text": "a"})[0] == 200


def test_stop_under_load():
    """SIGTERM under load: each request that was sent is answered, and the process exits with 0."""
    with Server() as server:
        answered, lost = [], []
        stopping = threading.Event()

        def ask(seed):
            text = " ".join(random.Random(seed).choices(["film", "good", "bad", "the", "plot"], k=200))
            while True:
                try:
                    connection = server.connection(20)
                    connection.connect()
                except OSError:
                    return  # No longer accepted.
                try:
                    while True:
                        status, _ = server.post("/predict", {"text": text}, connection)
                        answered.append(status)
                        # http.client closes its socket after an answer that says so.
                        if connection.sock is None:
                            break
                except (OSError, http.client.HTTPException) as error:
                    if not isinstance(error, ConnectionRefusedError):
                        lost.append(repr(error))
                if stopping.is_set():
                    return

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(16)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        stopping.set()
        code = server.stop()
        for thread in threads:
            thread.join()
        assert code == 0 and not lost and set(answered) == {200} and len(answered) > 50, (code, lost[:5], len(answered))


def test_grace():
    """A request that outlasts the grace is not waited for."""
    with Server("--grace", "1") as server, socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.3)
        started = time.time()
        assert server.stop() == 1 and time.time() - started < 20


def test_idle_connections():
    """Connections that send nothing are dropped; meanwhile real ones are answered."""
    count = OPTIONS.idle
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 200), hard))
    with Server("--head-time", "3") as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(count)]
        slowest = 0
        for _ in range(20):
            started = time.time()
            assert server.post("/predict", {"text": "a film"})[0] == 200
            slowest = max(slowest, time.time() - started)
        end = time.time() + 30
        for connection in idle:
            connection.settimeout(max(end - time.time(), 0.1))
            assert connection.recv(1) == b"", "an idle connection got something"
            connection.close()
        return f"{count} connections, a request among them took at most {1000 * slowest:.0f} ms"


def test_too_many_connections():
    """What is over the limit is told so, and the rest goes on."""
    with Server("--max-connections", "5") as server:
        held = [server.connection() for _ in range(5)]
        for connection in held:
            assert server.post("/predict", {"text": "a"}, connection)[0] == 200
        with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
            raw.settimeout(10)
            head = raw.recv(4096)
            assert b" 503 " in head.split(b"\r\n")[0] and b"connections" in head, head
        assert server.post("/predict", {"text": "a"}, held[0])[0] == 200
        held[1].close()
        time.sleep(0.3)
        assert server.ask("GET", "/v2/health/live")[0] == 200


def hostile(generator):
    """Something that a client should not send, in pieces."""

    def request(body, head=b""):
        return b"POST /predict HTTP/1.1\r\nHost: a\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body

    valid = request(json.dumps({"text": "a good film", "explain": True}).encode())
    kind = generator.randrange(12)
    if kind == 0:
        return [generator.randbytes(generator.randrange(1, 400))]
    if kind == 1:
        return [b"GET / HTTP/1.1\r\nX: " + b"a" * generator.randrange(100, 200_000) + b"\r\n\r\n"]
    if kind == 2:
        return [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * generator.randrange(50, 5000) + b"\r\n"]
    if kind == 3:  # Cut off anywhere.
        return [valid[: generator.randrange(len(valid))]]
    if kind == 4:  # Some bytes changed.
        changed = bytearray(valid)
        for _ in range(generator.randrange(1, 6)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        return [bytes(changed)]
    if kind == 5:
        return [request(generator.randbytes(generator.randrange(300)))]
    if kind == 6:
        return [request(b'{"text": "' + generator.randbytes(generator.randrange(1, 50)) + b'"}')]
    if kind == 7:
        return [request(b"[" * generator.randrange(1, 20_000))]
    if kind == 8:
        value = generator.choice([b"1e999", b"null", b"{}", b'"\\ud800"', b"-", b'"\\u0000"', b"[[]]", b"true"])
        return [request(b'{"text": ' + value + b', "explain": ' + value + b"}")]
    if kind == 9:
        length = generator.choice([b"-1", b"99999999999999999999", b"abc", b"5, 6", b"0x10", b"+5", b"1048577"])
        return [b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + b"\r\n\r\n{}   "]
    if kind == 10:
        size = generator.choice([b"zz", b"-1", b"FFFFFFFFFFFFFFFFF", b"5;x=y", b""])
        return [
            b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + size
            + b"\r\n{}   \r\n0\r\n\r\n"
        ]
    pieces = [valid[i : i + 37] for i in range(0, len(valid), 37)]
    return pieces[: generator.randrange(1, len(pieces) + 1)]


def test_hostile():
    """Malformed requests: each gets an answer or a closed connection, and the server goes on."""
    count, threads = OPTIONS.hostile, 8
    with Server("--head-time", "2", "--body-time", "2") as server:
        statuses, problems = {}, []

        def attack(seed):
            generator = random.Random(seed)
            for number in range(count // threads):
                try:
                    with socket.create_connection(("127.0.0.1", server.port), 20) as raw:
                        raw.settimeout(20)
                        try:
                            for piece in hostile(generator):
                                raw.sendall(piece)
                            raw.shutdown(socket.SHUT_WR)
                            reply = raw.recv(65536)
                        except OSError as error:
                            # Closed, on either of the ways.
                            if isinstance(error, TimeoutError):
                                raise
                            reply = b""
                        status = reply[9:12].decode("ascii", "replace") if reply else "closed"
                        statuses[status] = statuses.get(status, 0) + 1
                except Exception as error:  # noqa: BLE001
                    problems.append(f"{seed}/{number}: {error!r}")

        workers = [threading.Thread(target=attack, args=(seed,)) for seed in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not problems, problems[:5]
        assert server.process.poll() is None, server.text()[-2000:]
        assert server.post("/predict", {"text": "a film"})[0] == 200
        assert not statuses.get("500"), statuses
        assert server.stop() == 0
        return ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))


def test_slow_body():
    """A body that trickles in is given up."""
    with Server("--body-time", "1") as server, socket.create_connection(("127.0.0.1", server.port), 10) as raw:
        raw.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        raw.settimeout(0.1)
        end, reply = time.time() + 20, b""
        while time.time() < end and not reply:
            try:
                raw.sendall(b" ")
                reply = raw.recv(4096)
            except TimeoutError:
                pass
        assert b" 408 " in reply.split(b"\r\n")[0], reply


def test_nginx():
    """Behind nginx, with the example's settings."""
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not nginx:
        raise Skipped("no nginx")
    example = (Path(__file__).resolve().parents[1] / "Deployment/nginx.conf").read_text()
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # Its certificate is not here, and its ports are others.
        lines = [line for line in example.splitlines() if "ssl_certificate" not in line]
        site = "\n".join(lines).replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};").replace("listen [::]:443 ssl;", "")
        assert f"listen 127.0.0.1:{port}" in site, "the example has another form"
        Path(folder, "nginx.conf").write_text(
            f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
            + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in "client_body proxy fastcgi uwsgi scgi".split())
            + f"{site}\n}}\n"
        )
        proxy = subprocess.Popen([nginx, "-p", folder, "-c", f"{folder}/nginx.conf", "-g", "daemon off;"],
                                 stderr=subprocess.PIPE)  # fmt: skip
        try:
            time.sleep(1)
            assert proxy.poll() is None, proxy.stderr.read()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            for _ in range(3):
                assert server.post("/predict", {"text": "a film"}, connection)[0] == 200
            assert b"<textarea" in server.ask("GET", "/", connection=connection)[1]
        finally:
            proxy.terminate()
            proxy.wait()


class Browser:
    """A Chromium without a window, told what to do over pipes."""

    def __init__(self):
        path = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
        if not path:
            raise Skipped("no Chromium")
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_ours, write_theirs = os.pipe()
        read_theirs, write_ours = os.pipe()

        def place():
            # The numbers that Chromium expects; first out of each other's way.
            a, b = os.dup(read_theirs), os.dup(write_theirs)
            high = [resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1 - n for n in range(2)]
            os.dup2(a, high[0]), os.dup2(b, high[1])
            os.dup2(high[0], 3), os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}", "about:blank"],
            preexec_fn=place,  # noqa: PLW1509 (it copies descriptors and no more)
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        os.close(read_theirs), os.close(write_theirs)
        self.reader, self.writer = os.fdopen(read_ours, "rb", buffering=0), os.fdopen(write_ours, "wb", buffering=0)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.writer.write(json.dumps(message).encode() + b"\0")
        end = time.time() + 60
        while time.time() < end:
            while b"\0" not in self.buffer:
                part = self.reader.read(1 << 16)
                assert part, "Chromium has ended"
                self.buffer += part
            text, self.buffer = self.buffer.split(b"\0", 1)
            reply = json.loads(text)
            if reply.get("id") == self.number:
                assert "error" not in reply, reply
                return reply["result"]
            if "method" in reply:
                self.events.append(reply)
        raise AssertionError(f"Chromium doesn't answer {method}")

    def value(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, script, seconds=30):
        end = time.time() + seconds
        while not (value := self.value(script)):
            assert time.time() < end, f"never: {script}; {self.value('document.body.innerText')}"
            time.sleep(0.05)
        return value

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def view(self, width, scheme="light", file=None):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        if file:
            import base64

            Path(file).write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def test_page():
    """The page in Chromium: typing changes the verdict, words are colored, a script in a text stays text."""
    browser = Browser()
    try:
        with Server() as server:
            browser.call("Page.navigate", url=f"http://127.0.0.1:{server.port}/")
            browser.wait("document.readyState === 'complete' && document.activeElement?.id === 'text'")
            browser.view(1280)
            browser.call("Input.insertText", text="A wonderful film, I loved it. ")
            first = browser.wait("document.getElementById('verdict').textContent")
            browser.wait("document.querySelectorAll('#words mark.for3, #words mark.against3').length > 0")
            shares = browser.value(
                "[...document.querySelectorAll('#probabilities .number')].map(n => parseFloat(n.textContent))")  # fmt: skip
            assert abs(sum(shares) - 100) < 0.5, shares
            browser.call("Input.insertText", text="No: it was awful, boring, the worst waste of time. ")
            browser.wait(f"document.getElementById('verdict').textContent !== {json.dumps(first)}")
            browser.wait("document.getElementById('words').textContent === document.getElementById('text').value")
            if OPTIONS.page:
                os.makedirs(OPTIONS.page, exist_ok=True)
                for width in (1280, 390):
                    for scheme in ("light", "dark"):
                        browser.view(width, scheme)
                        time.sleep(0.3)
                        browser.view(width, scheme, f"{OPTIONS.page}/{width}-{scheme}.png")
            browser.view(390)
            assert browser.value("document.documentElement.scrollWidth <= innerWidth"), "it is wider than a phone"
            attack = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script> bad film"
            browser.call("Input.insertText", text=attack)
            browser.wait(f"document.getElementById('words').textContent.endsWith({json.dumps(attack)})")
            assert browser.value("document.title") != "hit" and browser.value("document.images.length") == 0
            # The policy holds even against whoever gets markup in.
            browser.value("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\" id=x>x</p>')")
            assert browser.value("getComputedStyle(document.getElementById('x')).color") != "rgb(255, 0, 0)"
            # Keyboard alone: everything is cleared, and so is the answer.
            browser.value("document.getElementById('text').select()")
            browser.key("Backspace", 8)
            browser.wait("document.getElementById('probabilities').hidden && document.getElementById('effects').hidden")
            assert browser.value("document.getElementById('verdict').textContent") == ""
            # A name for each control, as a screen reader would say it.
            tree = browser.call("Accessibility.getFullAXTree")["nodes"]
            boxes = [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == "textbox"]
            assert boxes == ["Text"], boxes
            errors = [event["params"] for event in browser.events
                      if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"
                      and "Content Security Policy" not in event["params"]["entry"]["text"]]  # fmt: skip
            assert not errors, errors
            # The server is gone, and comes back.
            assert server.stop() == 0
            browser.call("Input.insertText", text="good")
            browser.wait("document.getElementById('problem').textContent.includes('reached')")
    finally:
        browser.close()


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--lstm", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--other", help="another model than --model")
    parser.add_argument("--hostile", type=int, default=2000, help="how many malformed requests are sent")
    parser.add_argument("--idle", type=int, default=200, help="how many idle connections are held")
    parser.add_argument("--page", help="the folder for the page's screenshots")
    parser.add_argument("--tools", help="a Python with requests, tritonclient and openapi-spec-validator")
    parser.add_argument("--only", help="the checks whose name has this in it")
    OPTIONS = parser.parse_args()
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, check in list(globals().items()):
        if not name.startswith("test_") or (OPTIONS.only and OPTIONS.only not in name):
            continue
        started, remark = time.time(), ""
        try:
            if not OPTIONS.other and name in ("test_several_models", "test_reload"):
                raise Skipped("no --other")
            remark, outcome = check() or "", "passed"
        except Skipped as reason:
            remark, outcome = str(reason), "skipped"
        except Exception:  # noqa: BLE001
            remark, outcome = traceback.format_exc(), "failed"
        counts[outcome] += 1
        print(f"{outcome:8} {name[5:]} ({time.time() - started:.1f} s) {remark}", flush=True)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main()
