"""Makes Tests/CorpusTests/Golden/tokenizer.json: what Keras's Tokenizer makes of some texts.

    python Scripts/golden/tokenizer.py

Needs keras (with any backend); its version and Python's are written into the output.
Coded as imdb.load_data does: 1 in front, rank + 3, and 2 for what is not below num_words.
"""

import json
import pathlib
import platform
import random
import unicodedata
import zlib

import keras
from keras.src.legacy.preprocessing.text import Tokenizer, text_to_word_sequence

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CorpusTests" / "Golden"

TEXTS = [
    "",
    " ",
    "The cat sat on the mat.",
    "the CAT, the dog; THE END!",
    "one\ttwo\nthree\r\nfour\x0bfive\x0cfive\u00a0six\u2003seven\u2028eight\u0085nine",
    "don't stop—it's 'quoted' “curly” ‘single’ …",
    "a-b_c+d=e/f\\g|h~i`j^k<l>m{n}o[p]q(r)s*t&u%v$w#x@y!z?",
    "great movie<br /><br />loved it",
    "nul\0byte and\x01control\x7f",
    "Ünïcödé ÄÖÜ ẞ straße ÉCLAIR Ærø ŒUVRE Ž",
    "e\u0301 é E\u0301 É",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ Σ ΑΣ ΑΣ' ΑΣ.Β ΑΣ.’Β 'Σ ΑΣ\u0301 Α\u0301Σ ΑΣ\u00adΒ ΣΣΣ 1Σ Α1Σ ΑΣ1 ΑΣ Σ",
    "İSTANBUL Iğdır ıI K (kelvin) Å (angstrom) Ω ǅ Ⅷ Ⓐ Ａ 𐐀 Ⱥ Ⱦ Ꙁ Ა Ꭰ Ᏸ",
    "ПРИВЕТ Мир Ґ Ё 你好 世界 日本語 한국어 مرحبا שלום नमस्ते",
    "emoji 😀 👩‍👩‍👧 🇩🇪 ✊🏽",
    "a  b   c    a",
    "tie2 tie1 tie3 tie1 tie2 tie3",
    "x" * 3000 + " " + "y" * 70,
]


def main():
    generator = random.Random(1)
    words = [f"W{i}" for i in range(300)] + ["Straße", "ΛΟΓΟΣ", "don't", "é", "e\u0301"]
    for length in (1, 7, 80, 400):
        TEXTS.append(" ".join(generator.choice(words[: 1 + generator.randrange(len(words))]) for _ in range(length)))

    cases = {}
    for lowercasing, texts in (
        ("unicode", TEXTS),
        ("ascii", [text.encode().lower().decode() for text in TEXTS]),
    ):
        lower = lowercasing == "unicode"
        tokenizer = Tokenizer(lower=lower)
        tokenizer.fit_on_texts(texts)
        coded = {
            size: [[1] + [i + 3 if i + 3 < size else 2 for i in ranks] for ranks in tokenizer.texts_to_sequences(texts)]
            for size in (4, 5, 20, 1000)
        }
        cases[lowercasing] = {
            "words": [text_to_word_sequence(text, lower=lower) for text in texts],
            "vocabulary": list(tokenizer.word_index),
            "coded": coded,
        }
    # Every letter that Python knows.
    assigned = (chr(v) for v in range(0x80, 0x110000) if unicodedata.category(chr(v)) not in ("Cn", "Cs"))
    golden = {
        "versions": {
            "keras": keras.__version__,
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
        },
        "lowercaseCRC32": zlib.crc32(" ".join(letter.lower() for letter in assigned).encode()),
        "texts": TEXTS,
        "cases": cases,
    }
    (GOLDEN / "tokenizer.json").write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
