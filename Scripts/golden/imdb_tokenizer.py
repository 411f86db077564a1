"""Makes Tests/CorpusTests/Golden/imdb_tokenizer.json: checksums of what Keras's Tokenizer makes of aclImdb.zip.

    python Scripts/golden/imdb_tokenizer.py FOLDER

FOLDER holds the archive; its reviews are read in the order part, positive before negative, number. They are coded and
shuffled as imdb.load_data does. Needs keras (with any backend) and numpy.
"""

import json
import pathlib
import re
import sys
import zipfile
import zlib

import keras
import numpy as np
from keras.src.legacy.preprocessing.text import Tokenizer

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CorpusTests" / "Golden"

parts = {"train": [], "test": []}
with zipfile.ZipFile(pathlib.Path(sys.argv[1]) / "aclImdb.zip") as archive:
    for name in archive.namelist():
        found = re.search(r"/(train|test)/(pos|neg)/(\d+)_\d+\.txt$", name)
        if found:
            part, label, number = found.groups()
            parts[part].append((label == "neg", int(number), archive.read(name).decode()))
train, test = (sorted(parts[part]) for part in ("train", "test"))

tokenizer = Tokenizer()
tokenizer.fit_on_texts(text for _, _, text in train)
words = list(tokenizer.word_index)
golden = {
    "versions": {"keras": keras.__version__, "numpy": np.__version__},
    "words": len(words),
    "vocabularyCRC32": zlib.crc32("\n".join(words).encode()),
    "tokenCRC32": {},
}
tokenizer.word_index = {word: rank for rank, word in enumerate(words, 1)}
for size in (1000, 1_000_000):
    crcs = []
    random = np.random.RandomState(113)
    for part in (train, test):
        order = np.arange(len(part))
        random.shuffle(order)
        crc = 0
        for index in order:
            # texts_to_sequences leaves out what it doesn't know, so that unknown words are told apart here.
            words_of = keras.src.legacy.preprocessing.text.text_to_word_sequence(part[index][2])
            ranks = [tokenizer.word_index.get(word, size) for word in words_of]
            coded = [1] + [rank + 3 if rank + 3 < size else 2 for rank in ranks]
            crc = zlib.crc32(np.array([len(coded), int(not part[index][0])] + coded, dtype="<i4").tobytes(), crc)
        crcs.append(crc)
    golden["tokenCRC32"][size] = crcs
(GOLDEN / "imdb_tokenizer.json").write_text(json.dumps(golden) + "\n")
