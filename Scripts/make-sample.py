#!/usr/bin/env python3
"""Writes Data/sample.npz and Data/sample_word_index.json: generated film reviews, laid out as Keras's imdb.npz.

    Scripts/make-sample.py              writes both files
    Scripts/make-sample.py --verify     compares the files that are there with what this script generates
    Scripts/make-sample.py --print 5    prints the first five training reviews as text, each with its label

Needs Python 3.8 or newer and nothing else. The seed is below, so every run generates the same reviews.

How a review is made. Its label is drawn first, then words that say it. The sign of a review is the product of what
turns it: the adjective ("good", "dull"), a negation ("is far from good"), who is believed ("do not believe anyone who
says that ..."), which half of a sentence counts ("although ..., ..." against "..., even though ..."), and whether the
writer still thinks so at the end. The adjective is drawn last, so that the product comes out as the label. Turns
are nearly as frequent as their absence, so a word says little alone, and the order says nearly everything.
"""

import argparse
import io
import json
import pathlib
import random
import re
import struct
import sys
import zipfile

SEED = 1997
TRAINING_REVIEWS = 6000
TEST_REVIEWS = 1500
NEGATION = 0.35  # the share of clauses that are negated
TURNED = 0.4  # the share of hearsay and hindsight that turns what was said
LONGEST_REVIEW = 79  # words; with the start token it fills 80 positions and nothing is cut off

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Data"
ARCHIVE = FOLDER / "sample.npz"
WORD_INDEX = FOLDER / "sample_word_index.json"

# MARK: Words

GOOD = """good great wonderful brilliant charming moving gripping clever funny fresh beautiful warm honest subtle
graceful thrilling elegant inventive touching memorable convincing lively superb delightful witty tender absorbing
magnificent sincere powerful""".split()
BAD = """bad awful terrible dull boring clumsy tedious stupid shallow stale ugly cold fake crude lifeless annoying
predictable pointless forgettable wooden lazy sloppy dreadful tiresome silly bland hollow confused messy
unconvincing""".split()

AFFIRMED = ["is {}", "is really {}", "is truly {}", "is always {}", "is quite {}", "turns out to be {}",
            "is nothing short of {}", "could only be called {}"]  # fmt: skip
NEGATED = ["is not {}", "is never {}", "is hardly {}", "is anything but {}", "is far from {}", "is not at all {}",
           "could not be called {}", "turns out not to be {}"]  # fmt: skip

FILMS = """the film|this film|the movie|this movie|the picture|this drama|this comedy|this thriller|this western|
the whole story|this sequel|this remake""".replace("\n", "").split("|")
PARTS = """the acting|the plot|the script|the dialogue|the ending|the music|the camera work|the pacing|the humor|
the leading man|the leading lady|the villain|the supporting cast|the direction|the editing|the first half|
the second half|the final scene|the romance|the set design""".replace("\n", "").split("|")
PEOPLE = """my brother|my sister|my neighbor|my best friend|my old teacher|the man at the counter|a colleague of mine|
my cousin|the woman beside me|my roommate|everyone at work|the local paper""".replace("\n", "").split("|")
NAMES = """anna boris carla david elena frank greta henry irene jonas karin louis marta nora oscar paula robert sofia
thomas ursula victor walter yvonne adele bruno clara dorothy edgar flora gustav hilda ivan julia konrad lydia marcel
nina otto petra quentin rosa stefan tilda ulrich vera wanda xavier""".title().split()
PLACES = """Lisbon|Berlin|Chicago|a small town in Texas|a fishing village|a mountain valley|Boston|London|Paris|
an old harbor|a suburb of Rome|a lonely island|Madrid|Vienna|a frozen northern city""".replace("\n", "").split("|")
SURNAMES = """abbott ackerman aldridge archer barlow becker bellamy benson bishop blake bradley brandt brooks burke calder
carver chandler clayton cooper crane dalton dawson delgado dixon doyle drake dunn eklund ellis farrell fischer fletcher
foster fraser garner gibson goodwin graham granger hagen hale hammond harker hayes hoffman holloway hunter iverson
jansen jarvis keller kendall knight lambert landry larsen lindqvist lockwood maddox marlow mercer miller monroe moreau
morgan nash nielsen norris novak olsen osborne palmer parker pavlov pearson porter quinn ramsey reed rhodes romano
rossi rowe sandoval sawyer schmidt shepherd sinclair slater sorensen stanton sutton tanaka thorne turner vance varga
vaughn wagner walsh warner weaver webster whitaker winslow wolfe yates zimmerman""".title().split()
TRADES = """a retired detective|a young doctor|a taxi driver|a piano teacher|a tired soldier|a bank clerk|
a lighthouse keeper|a country priest|a famous painter|a jewel thief|a lost child|a traveling salesman|a baker|
a night nurse|a circus clown|a train conductor|a young widow|a chess player|a border guard|an old fisherman
""".replace("\n", "").split("|")
TIMES = """last night|on a rainy Sunday|last week|twice this year|on a long flight|at a small festival|with my parents|
at the old cinema in town|on a borrowed tape|late in the evening""".replace("\n", "").split("|")
ERAS = "1930s 1940s 1950s 1960s 1970s 1980s".split()

# Sentences that say nothing of the verdict.
NEUTRAL = [
    "I saw it {time}.",
    "We watched this one {time}.",
    "It tells the story of {trade} in {place}.",
    "Most of it is set in {place}.",
    "{star} plays {trade} and {star} plays {trade}.",
    "It was shot in {place} in the {era}.",
    "The director is {star}, who also wrote the script.",
    "It runs for about {number} minutes.",
    "There were {number} people in the theater.",
    "{star} has a short scene as {trade}.",
    "The second act moves to {place}.",
    "The story begins when {trade} arrives in {place}.",
    "I had read the book by {star} before.",
    "It is based on a play from the {era}.",
    "The camera stays with {trade} most of the time.",
    "{name} sings a song in the middle.",
    "Halfway through we meet {trade}.",
    "The tape I have comes with a short talk by {star}.",
    "Later {trade} and {trade} travel to {place}.",
    "My copy has {number} pages of notes about {star}.",
    "{name} and {name} grow up together in {place}.",
    "One winter {trade} disappears and {name} goes looking.",
    "The studio released it in the {era}.",
    "A letter from {place} sets things in motion.",
    "There is a dog in it and {trade} with a secret.",
    "{star} wrote the score.",
    "You will know {star} from television.",
    "By the end {trade} has left {place}.",
]
NUMBERS = "ten twenty thirty forty fifty sixty seventy eighty ninety".split()
ASIDES = ["which was shot in {place}", "which I saw {time}", "which {star} directed in the {era}",
          "in which {star} plays {trade}", "made in {place} by {star}", "set in {place} in the {era}"]  # fmt: skip

BELIEVED = [
    "I agree with those who say that {}.",
    "Believe anyone who tells you that {}.",
    "It is true that {}.",
    "{person} was right to say that {}.",
    "I would always insist that {}.",
    "Nobody can deny that {}.",
]
DISBELIEVED = [
    "I disagree with those who say that {}.",
    "Do not believe anyone who tells you that {}.",
    "It is a myth that {}.",
    "{person} was wrong to say that {}.",
    "I would never claim that {}.",
    "Nobody can seriously think that {}.",
]
SECOND_HALF_COUNTS = ["Although {}, {}.", "While {}, {}.", "{}, but {}.", "{}, yet in the end {}."]
FIRST_HALF_COUNTS = ["{}, although {}.", "{}, even though {}.", "In the end {}, while {}.", "{}, never mind that {}."]
STILL = ["I still think so.", "I have not changed my mind.", "And that is how it stayed.", "I stand by that today."]
NO_LONGER = ["I no longer think so.", "I have changed my mind.", "And that did not last.", "I take that back today."]
AT_FIRST = ["At first I thought that {}.", "After ten minutes I felt that {}.", "In the beginning I wrote that {}.",
            "When it started I told {person} that {}."]  # fmt: skip


# MARK: Reviews


class Writer:
    """Draws sentences from one generator; `random()` alone is used, which is the same in every version of Python."""

    def __init__(self, seed):
        self.generator = random.Random(seed)

    def chance(self, probability):
        return self.generator.random() < probability

    def number(self, bound):
        return int(self.generator.random() * bound)

    def pick(self, choices):
        return choices[self.number(len(choices))]

    def fill(self, sentence):
        """Puts a drawn word into every named gap; a star has a first and a second name."""
        sentence = sentence.replace("{star}", "{name} {surname}")
        gaps = {"time": TIMES, "trade": TRADES, "place": PLACES, "name": NAMES, "surname": SURNAMES, "era": ERAS,
                "number": NUMBERS, "person": PEOPLE}  # fmt: skip
        return re.sub(r"\{(\w+)\}", lambda gap: self.pick(gaps[gap.group(1)]), sentence)

    def neutral(self, count):
        """That many different sentences."""
        templates = list(NEUTRAL)
        return [self.fill(templates.pop(self.number(len(templates)))) for _ in range(count)]

    def clause(self, subject, sign, aside=False):
        """A clause whose meaning has the sign: "the plot is far from dull"."""
        turned = self.chance(NEGATION)
        adjective = self.pick(GOOD if (sign > 0) != turned else BAD)
        if aside:
            subject += ", " + self.fill(self.pick(ASIDES)) + ","
        return subject + " " + self.pick(NEGATED if turned else AFFIRMED).format(adjective)

    def plain(self, sign):
        return [self.clause(self.pick(FILMS), sign) + "."]

    def contrast(self, sign):
        first = self.pick(PARTS)
        second = self.pick([part for part in PARTS if part != first] + FILMS)
        if self.chance(0.5):
            return [self.pick(SECOND_HALF_COUNTS).format(self.clause(first, -sign), self.clause(second, sign))]
        return [self.pick(FIRST_HALF_COUNTS).format(self.clause(second, sign), self.clause(first, -sign))]

    def hearsay(self, sign):
        turned = self.chance(TURNED)
        frame = self.fill(self.pick(DISBELIEVED if turned else BELIEVED).replace("{}", "\0"))
        return [frame.replace("\0", self.clause(self.pick(FILMS), -sign if turned else sign, aside=self.chance(0.5)))]

    def hindsight(self, sign):
        turned = self.chance(TURNED)
        frame = self.fill(self.pick(AT_FIRST).replace("{}", "\0"))
        said = frame.replace("\0", self.clause(self.pick(FILMS), -sign if turned else sign))
        return [said, None, self.pick(NO_LONGER if turned else STILL)]

    def review(self, sign):
        """Sentences as text, at most LONGEST_REVIEW words."""
        while True:
            draw = self.generator.random()
            verdict = (self.plain if draw < 0.30 else self.contrast if draw < 0.60 else
                       self.hearsay if draw < 0.85 else self.hindsight)(sign)  # fmt: skip
            neutral = self.neutral(1 + self.number(7))
            # Most verdicts stand near the end; what is left of the neutral sentences follows, or goes into a gap.
            after = [neutral.pop() for _ in range(min(len(neutral), max(0, self.number(4) - 1)))]
            if None in verdict:
                verdict[1:2] = after
                after = []
            text = " ".join(sentence[0].upper() + sentence[1:] for sentence in neutral + verdict + after)
            if 20 <= len(words(text)) <= LONGEST_REVIEW:
                return text


def words(text):
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).split()


def reviews(writer, count):
    """`count` texts and labels, half of each label, in drawn order."""
    drawn = []
    for number in range(count):
        label = number % 2
        drawn.append((writer.generator.random(), writer.review(1 if label else -1), label))
    drawn.sort()
    return [text for _, text, _ in drawn], [label for _, _, label in drawn]


def ranks(texts):
    """Word → rank by falling count in the texts, ties by first appearance; 1 is the most frequent."""
    counts = {}
    for text in texts:
        for word in words(text):
            counts[word] = counts.get(word, 0) + 1
    return {word: rank for rank, word in enumerate(sorted(counts, key=lambda word: -counts[word]), start=1)}


# MARK: Files
#
# numpy would write these arrays too, but other bytes with each of its versions. These are the bytes of Keras's file:
# .npy version 1.0 and, for the reviews, an object array as numpy on Python 2 pickled it (protocol 2).


def npy(descriptor, count, body):
    header = f"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({count},), }}"
    header += " " * ((-len(header) - 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body


def labels_npy(labels):
    return npy("<i8", len(labels), struct.pack(f"<{len(labels)}q", *labels))


def reviews_npy(lists):
    memo = [7]

    def integer(value):
        if value < 1 << 8:
            return b"K" + struct.pack("<B", value)
        return b"M" + struct.pack("<H", value) if value < 1 << 16 else b"J" + struct.pack("<i", value)

    def put():
        number, memo[0] = memo[0], memo[0] + 1
        return b"q" + struct.pack("<B", number) if number < 1 << 8 else b"r" + struct.pack("<I", number)

    def appended(items):
        return b"".join(b"(" + b"".join(items[start : start + 1000]) + b"e" for start in range(0, len(items), 1000))

    head = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01"
        + integer(len(lists))
        + b"\x85cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]q\x06"
    )
    body = appended([b"]" + put() + appended([integer(rank) for rank in ranks]) for ranks in lists])
    return npy("|O", len(lists), head + body + b"tb.")


def generated():
    writer = Writer(SEED)
    x_train, y_train = reviews(writer, TRAINING_REVIEWS)
    x_test, y_test = reviews(writer, TEST_REVIEWS)
    index = ranks(x_train + x_test)

    def coded(texts):
        return [[index[word] for word in words(text)] for text in texts]

    entries = {
        "x_test.npy": reviews_npy(coded(x_test)),
        "x_train.npy": reviews_npy(coded(x_train)),
        "y_train.npy": labels_npy(y_train),
        "y_test.npy": labels_npy(y_test),
    }
    return entries, index, list(zip(x_train, y_train))


def archive(entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            file.writestr(entry, data, compresslevel=9)
    return target.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--verify", action="store_true", help="compare the files that are there, write nothing")
    parser.add_argument("--print", type=int, metavar="N", help="print N training reviews, write nothing")
    options = parser.parse_args()

    entries, index, training = generated()
    index_bytes = (json.dumps(index, indent=0) + "\n").encode()
    if options.print is not None:
        for text, label in training[: options.print]:
            print(["negative", "positive"][label] + ": " + text + "\n")
    elif options.verify:
        # The entries are compared, not the archive: another zlib may deflate the same bytes differently.
        with zipfile.ZipFile(ARCHIVE) as file:
            found = {name: file.read(name) for name in file.namelist()}
        same = found == entries and WORD_INDEX.read_bytes() == index_bytes
        print(
            "The files are what this script generates." if same else "The files differ from what this script generates."
        )
        sys.exit(0 if same else 1)
    else:
        ARCHIVE.write_bytes(archive(entries))
        WORD_INDEX.write_bytes(index_bytes)
        sizes = [f"{file} ({file.stat().st_size} bytes)" for file in (ARCHIVE, WORD_INDEX)]
        print(f"Wrote {' and '.join(sizes)}.")


if __name__ == "__main__":
    main()
