#!/usr/bin/env python3
"""Makes the documentation's pictures anew: a training in a terminal, `lstm report`'s page and `lstm serve`'s.

    make build SERVE=1 && Scripts/pictures.py .build/release/lstm

All of them show the generated sample. Needs Chromium and pngquant.
"""

import base64
import codecs
import fcntl
import importlib.util
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap
import time
from argparse import Namespace
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRAINING = ROOT / "Sources/Training/Training.docc"
COLUMNS, CHARACTER, LINE, MARGIN = 100, 7.83, 19, 16
# Seconds between two pictures of the progress bar, and those for which the last screen stays.
PACE, HOLD = 0.2, 4


def record(command, folder):
    """Runs a command in a terminal; what it writes, with the seconds."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execv(command[0], command)
    started, decoder = time.time(), codecs.getincrementaldecoder("utf-8")()
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # Linux's way to say that the other end is closed.
            break
        if not data:
            break
        yield time.time() - started, decoder.decode(data)
    if os.waitpid(process, 0)[1] != 0:
        sys.exit(f"{' '.join(command)} failed")


def screen(pieces):
    """The rows as (row, text, begin, end); a line that stays has no end."""
    row, line, begin, drawn = 0, "", 0, []
    for seconds, piece in pieces:
        for part in re.split("(\r\n|\r\x1b\\[K)", piece):
            if part not in ("\r\n", "\r\x1b[K"):
                line, begin = line + part, begin if line else seconds
                continue
            if part == "\r\n" or not drawn or drawn[-1][0] != row or begin - drawn[-1][2] >= PACE:
                # What stood here until now gives way.
                if drawn and drawn[-1][0] == row:
                    drawn[-1] = (*drawn[-1][:3], begin)
                if line or part == "\r\n":
                    drawn.append((row, line, begin, None))
            row, line = row + (part == "\r\n"), ""
    return drawn


def recording(command, shown, folder):
    prompt = textwrap.wrap(f"$ {shown}", COLUMNS - 2, subsequent_indent="    ", break_on_hyphens=False)
    rows = [(row, f"{line} \\" if row < len(prompt) - 1 else line, 0, None) for row, line in enumerate(prompt)]
    rows += [(row + len(prompt), *rest) for row, *rest in screen(record(command, folder))]
    width, height = round(COLUMNS * CHARACTER) + 2 * MARGIN, (rows[-1][0] + 1) * LINE + 2 * MARGIN
    total = rows[-1][2] + HOLD
    styles = texts = ""
    for number, (row, text, begin, end) in enumerate(rows):
        frames = f"0%{{opacity:0}}{100 * begin / total:.2f}%{{opacity:1}}" if begin else ""
        frames += f"{100 * end / total:.2f}%{{opacity:0}}" if end else ""
        styles += f"@keyframes k{number}{{{frames}}}\n" if frames else ""
        texts += (
            f'<text x="{MARGIN}" y="{MARGIN + row * LINE + 14}" opacity="{0 if end else 1}"'
            f' style="animation-name:k{number}">{escape(text, quote=False)}</text>\n'
        )
    # Who wants nothing to move sees the last screen.
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" fill="#ececef"
 font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">
<title>A terminal: {escape(shown)}</title>
<style>
text{{white-space:pre;animation:{total:.2f}s step-end infinite}}
@media(prefers-reduced-motion:reduce){{text{{animation:none!important}}}}
{styles}</style>
<rect width="{width}" height="{height}" rx="8" fill="#1c1d21"/>
{texts}</svg>
"""


def shoot(browser, file, width, top, bottom):
    """A picture of the page from the top of one element to the bottom of another."""
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    time.sleep(0.5)  # Until nothing moves.
    y = browser.value(f"document.querySelector('{top}').getBoundingClientRect().top") - 24
    end = browser.value(f"document.querySelector('{bottom}').getBoundingClientRect().bottom") + 24
    clip = dict(x=0, y=max(y, 0), width=width, height=end - max(y, 0), scale=1)
    picture = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    file.write_bytes(base64.b64decode(picture))
    subprocess.run(["pngquant", "--force", "--ext", ".png", "64", file], check=True)


def open_page(browser, url):
    browser.call("Page.navigate", url=url)
    browser.wait(f"location.href === '{url}' && document.readyState === 'complete'")


def main():
    lstm = str(Path(sys.argv[1]).resolve())
    spec = importlib.util.spec_from_file_location("serve_test", ROOT / "Scripts/serve-test.py")
    serve_test = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve_test)
    lines = (ROOT / "Data/sample.options").read_text().splitlines()
    settings = [word for line in lines if not line.startswith("#") for word in line.split()]
    train = ["lstm", "train", "--data", "Data/sample.npz", *settings]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Data").mkdir()
        for name in ("sample.npz", "sample_word_index.json"):
            Path(folder, "Data", name).symlink_to(ROOT / "Data" / name)
        command = [*train, "--output", "Data/run"]
        picture = recording([lstm, *command[1:]], " ".join(command), folder)
        (TRAINING / "training.svg").write_text(picture)

        # A network that still makes mistakes has more to show.
        unfinished = "--learning-rate 0.002 --dropout-words 0.1 --epochs 7 --word-index Data/sample_word_index.json"
        command = [lstm, *train[1:], *unfinished.split(), "--quiet", "--output", "Data/report"]
        subprocess.run(command, cwd=folder, check=True)
        subprocess.run([lstm, "report", "Data/report"], cwd=folder, check=True)
        browser = serve_test.Browser()
        try:
            open_page(browser, f"file://{folder}/Data/report/report.html")
            # Speed on the machine that makes the pictures says nothing.
            browser.value("document.querySelector('section:has(.legend) + section').remove()")
            shoot(browser, TRAINING / "report.png", 1000, "section:has(.legend)", ".square figure")
            serve_test.OPTIONS = Namespace(lstm=lstm, model=f"{folder}/Data/report")
            with serve_test.Server() as server:
                open_page(browser, f"http://127.0.0.1:{server.port}/")
                browser.call("Input.insertText", text="At first I thought it was dull, but the film is not at all bad.")
                browser.wait("document.querySelectorAll('#words mark').length > 0")
                shoot(browser, ROOT / "Sources/Serving/Serving.docc/page.png", 760, "main", "#strongest")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
