#!/usr/bin/env python3
"""Lets `lstm` read every file of other projects' test suites, in every way in which it reads files.

    Scripts/suites.py [--lstm .build/release/lstm] FOLDER...

Whatever a file is, each command ends by itself, within seconds and some hundred megabytes, and says in one line of
printable text why it can't use the file. Of files called y_*.json and n_*.json (JSONTestSuite), the former must pass for
JSON, and the latter must not. Prints a table, then what went wrong; that makes it fail. Standard library only.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = "text,label\n" + "a good film,good\na bad one,bad\n" * 20
SECONDS = 30
# What any of the commands takes for files of a few kilobytes, three times over.
MEMORY = 300 << 20


def commands(lstm, folder):
    """The ways of reading a file, by name; {} is the file."""
    quiet = ["--output", folder / "run", "--overwrite", "--quiet"]
    imported = ["--output", folder / "imported", "--overwrite"]
    return {
        "model": [lstm, "inspect", "{}"],
        "texts": [lstm, "predict", "--model", folder / "model", "--data", "{}"],
        "labels": [lstm, "train", "--data", "{}", "--hidden-size", "0", *quiet],
        "numbers": [lstm, "train", "--data", "{}", "--preset", "tutorial", "--epochs", "1", "--limit", "10", *quiet],
        "words": [lstm, "import", folder / "model.npz", "--word-index", "{}", "--index-from", "3", *imported],
        "vectors": [lstm, "train", "--data", folder / "a.csv", "--embedding-file", "{}", "--epochs", "1", *quiet],
        "settings": [lstm, "train", "--data", folder / "a.csv", "--configuration", "{}", "--epochs", "1", *quiet],
    }


def run(command, scratch):
    """The exit code, the errors, the seconds and the peak memory of a command; the code is None where it didn't end."""
    errors = scratch / "errors"
    start = time.monotonic()
    with errors.open("wb") as file:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file, stdin=subprocess.DEVNULL)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - start
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, errors.read_bytes(), seconds, usage.ru_maxrss << 10
        if seconds > SECONDS:
            process.kill()
            process.wait()
            return None, b"", seconds, 0
        time.sleep(0.002)


def fault(path, way, code, errors, memory):
    """What is wrong with how a command ended; None for nothing."""
    if code is None:
        return f"didn't end within {SECONDS} seconds"
    if code not in (0, 1, 71):
        return f"ended with {code}"
    if memory > MEMORY + 20 * path.stat().st_size:
        return f"took {memory >> 20} MB"
    try:
        text = errors.decode()
    except UnicodeDecodeError:
        return "printed what is not UTF-8"
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text):
        return f"printed control characters: {text!r}"
    lines = [line for line in text.splitlines() if line.startswith("Error: ")]
    if (code != 0) != (len(lines) == 1):
        return f"ended with {code} and {len(lines)} errors"
    if way == "settings" and path.suffix == ".json" and path.name[:2] in ("y_", "n_"):
        is_refused = any(re.search(r"\.json: byte \d+: ", line) for line in lines)
        if is_refused != (path.name[0] == "n"):
            return "refused as JSON" if is_refused else "passed for JSON"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lstm", type=Path, default=ROOT / ".build/release/lstm")
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    options = parser.parse_args()
    lstm = options.lstm.resolve()
    if not options.folders:
        print("no suites were given: skipped")
        return False

    faults = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "a.csv").write_text(TABLE)
        train = [lstm, "train", "--data", folder / "a.csv", "--quiet", "--output", folder / "small", "--epochs", "1"]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
        model = folder / "model"
        (folder / "small/model.safetensors").rename(model)
        subprocess.run([lstm, "train", "--data", ROOT / "Data/sample.npz", "--limit", "10", "--epochs", "1", "--quiet",
                        "--output", folder / "numbers"], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        export = [lstm, "export", folder / "numbers", "--to", folder / "model.npz"]
        subprocess.run(export, check=True, stderr=subprocess.DEVNULL)
        ways = commands(lstm, folder)
        print("| suite | files | " + " | ".join(f"read as {way}" for way in ways) + " | slowest, s | largest, MB |")
        print("|" + "---|" * (len(ways) + 4))
        for suite in options.folders:
            read, slowest, largest = collections.Counter(), 0, 0
            files = sorted(path for path in suite.rglob("*") if path.is_file() and not path.is_symlink())
            for number, path in enumerate(files):
                if sys.stderr.isatty():
                    print(f"\r{suite.name}: {number} of {len(files)}", end="", file=sys.stderr)
                for way, command in ways.items():
                    code, errors, seconds, memory = run([str(path) if c == "{}" else c for c in command], folder)
                    problem = fault(path, way, code, errors, memory)
                    if problem:
                        faults.append(f"{path}, as {way}: {problem}")
                    read[way] += code == 0
                    slowest, largest = max(slowest, seconds), max(largest, memory)
            cells = [suite.name, len(files), *(read[way] for way in ways), f"{slowest:.1f}", largest >> 20]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
