#!/usr/bin/env python3
"""Prints the scalars that TensorBoard reads from a folder of event files: tag, step and value, a point a line.

    Scripts/check-events.py FOLDER     needs tensorboard
"""

import logging
import sys

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

logging.getLogger("tensorboard").setLevel(logging.ERROR)  # a warning tells of every purge
accumulator = EventAccumulator(sys.argv[1], size_guidance={SCALARS: 0})  # 0: every point, not a sample
accumulator.Reload()
for tag in accumulator.Tags()[SCALARS]:
    for point in accumulator.Scalars(tag):
        print(tag, point.step, point.value)
