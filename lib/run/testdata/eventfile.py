"""Writes tensorboard.tfevents with TensorBoard's own messages and record writer, and reads it back.

    pip install tensorboard && python eventfile.py

The values are those of TestEventFilesAreThoseOfTensorBoard. With a file as argument the script
prints what TensorBoard reads from it instead.
"""

import json
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def read(path):
    events = EventAccumulator(path)
    events.Reload()
    return {tag: [(e.wall_time, e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


if len(sys.argv) > 1:
    print(json.dumps(read(sys.argv[1])))
    sys.exit()

name = "tensorboard.tfevents"
with open(name, "wb") as f:
    w = RecordWriter(f)
    w.write(Event(wall_time=1.5e9, file_version="brain.Event:2").SerializeToString())
    for epoch, seconds, values in [(1, 2.25, {"loss": 2.3, "validation_accuracy": 0.125}), (2, 4.5, {"loss": 1.1e-9}), (300, 600.0, {})]:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=x) for tag, x in sorted(values.items())])
        w.write(Event(wall_time=1.5e9 + seconds, step=epoch, summary=summary).SerializeToString())
print(tensorboard.__version__, read(name))
