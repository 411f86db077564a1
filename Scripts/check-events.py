#!/usr/bin/env python3
"""Prints the scalars that TensorBoard reads from a folder of event files: tag, step and value, a point a line.

    Scripts/check-events.py FOLDER     needs tensorboard

TensorBoard has one reader for other programs and one for its server; they must agree.
"""

import logging
import sys

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util.tensor_util import make_ndarray

logging.getLogger("tensorboard").setLevel(logging.ERROR)  # a warning tells of every purge
everything = {"scalars": 0, "tensors": 0}  # not a sample of the points

reader = event_accumulator.EventAccumulator(sys.argv[1], everything).Reload()
points = [(tag, point.step, point.value) for tag in sorted(reader.Tags()["scalars"]) for point in reader.Scalars(tag)]
server = plugin_event_accumulator.EventAccumulator(sys.argv[1], everything).Reload()
served = [(tag, point.step, make_ndarray(point.tensor_proto).item())
          for tag in sorted(server.Tags()["tensors"]) for point in server.Tensors(tag)]  # fmt: skip
for point in points:
    print(*point)
if served != points:
    sys.exit(f"error: TensorBoard's server reads otherwise: {served}")
