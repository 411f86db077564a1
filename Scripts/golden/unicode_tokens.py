"""Makes Tests/CorpusTests/Golden/unicode_tokens.json: texts in lowercase and normalized, by Python's unicodedata.

    python Scripts/golden/unicode_tokens.py

Its versions are written into the output.
"""

import json
import pathlib
import platform
import unicodedata
import zlib

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CorpusTests" / "Golden"

# White space, and the zero width space.
SPACES = {0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, *range(0x2000, 0x200B)}

WORDS = [
    "ΟΔΥΣΣΕΎΣ",
    "ΣΊΣΥΦΟΣ",
    "CAFE\u0301",
    "Größe",
    "STRAẞE",
    "İI",
    "J\u030c",
    "\u212bngstro\u0308m",
    "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "\uac00\u11a8",
    "क़\u093f",
    "\u0958\u093f",
    "Viê\u0323t",
    "E\u0316\u0301",
    "E\u0301\u0316",
    "e" + "\u0316\u0301" * 10,
    "\u0390\u0344",
    "هَذّا",
    "שּׁ",
    "ﷺ",
]


def token(text):
    return unicodedata.normalize("NFC", text.lower())


def main():
    # Every character that Python knows.
    assigned = (chr(v) for v in range(0x80, 0x110000) if unicodedata.category(chr(v)) not in ("Cn", "Cs"))
    golden = {
        "versions": {"python": platform.python_version(), "unicode": unicodedata.unidata_version},
        "charactersCRC32": zlib.crc32(" ".join(token(c) for c in assigned if ord(c) not in SPACES).encode()),
        "words": [[word, token(word)] for word in WORDS],
    }
    (GOLDEN / "unicode_tokens.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
