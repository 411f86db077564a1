"""Makes Tests/TrainingTests/Golden/tensorboard.json.

    python Scripts/golden/tensorboard_keras.py

The bytes of event files by TensorBoard's own record writer and protobuf
messages, and of a small fit by Keras with its TensorBoard callback the tags
and steps that TensorBoard reads from each folder, with the names of Keras's
History.

Needs tensorflow-cpu, keras and tensorboard.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import io
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorboard
import tensorflow
from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

import layout

FILE = Path(__file__).resolve().parents[2] / "Tests/TrainingTests/Golden/tensorboard.json"
TIME = 1_700_000_000.25


def event_file(first_step, *events):
    """The file's bytes in hexadecimal digits."""
    start = Event(wall_time=TIME, step=first_step, session_log=SessionLog(status=SessionLog.START))
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in (Event(wall_time=TIME, file_version="brain.Event:2"), start, *events):
        writer.write(event.SerializeToString(deterministic=True))
    return buffer.getvalue().hex()


def scalars(step, **values):
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    return Event(wall_time=TIME + step, step=step, summary=Summary(value=values))


def keras_run():
    """Three batches an epoch, two epochs."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x, y = np.arange(100).reshape(50, 2) / 100, np.arange(50) % 2
    with tempfile.TemporaryDirectory() as folder:
        callback = keras.callbacks.TensorBoard(folder, write_graph=False, update_freq="batch")
        history = model.fit(x, y, batch_size=20, epochs=2, validation_data=(x, y), verbose=0, callbacks=[callback])
        steps = {}
        for run in sorted(os.listdir(folder)):
            accumulator = EventAccumulator(os.path.join(folder, run), size_guidance={TENSORS: 0}).Reload()
            tags = sorted(accumulator.Tags()[TENSORS])
            steps[run] = {tag: [point.step for point in accumulator.Tensors(tag)] for tag in tags}
    return {"steps": steps, "historyNames": sorted(history.history)}


if __name__ == "__main__":
    layout.write(FILE, {
        "madeBy": "Scripts/golden/tensorboard_keras.py",
        "versions": layout.versions(np, keras, tensorflow, tensorboard),
        "wallTime": TIME,
        "newFile": event_file(
            0, scalars(0, epoch_loss=0), scalars(1, batch_accuracy=0.5, batch_loss=0.75),
            scalars(300, batch_loss=-1e-3)),
        "resumedFile": event_file(301, scalars(2**40, epoch_loss=float("inf"))),
        "keras": keras_run(),
    })  # fmt: skip
    print(f"{FILE.stat().st_size:,} bytes: {FILE}")
