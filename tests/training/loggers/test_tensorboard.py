"""Event files, read back."""

import struct

import pytest

from yolozu.training.loggers.base import LoggedTraining
from yolozu.training.loggers.tensorboard import TensorboardLogger

pytest.importorskip("tensorboardX")


def training_in(directory, log_id=None, done_steps=0):
    return LoggedTraining("exp01", directory, {"lr": 0.1}, log_id, done_steps)


def scalars(directory):
    """(tag, step, value) of all event files of a folder, in the order they were written."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(directory.glob("events.out.tfevents.*"), key=lambda path: int(path.suffix[1:])):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])  # TFRecord: length, checksum, record, checksum
            event, data = Event.FromString(data[12 : 12 + length]), data[16 + length :]
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    return found


def logged(training, *steps):
    logger = TensorboardLogger(training)
    for step in steps:
        logger.log({"train/loss": 0.5 * step, "train/lr": 0.25}, step=step)
    logger.close(finished=True)
    return logger.log_id


def test_values_are_scalars_and_a_training_that_goes_on_adds_a_file(tmp_path):
    log_id = logged(training_in(tmp_path), 1, 2)
    assert logged(training_in(tmp_path, log_id, done_steps=2), 3) == log_id
    assert scalars(tmp_path) == [
        (tag, step, value) for step in (1, 2, 3) for tag, value in (("train/loss", 0.5 * step), ("train/lr", 0.25))
    ]


def test_a_training_begun_anew_has_a_folder_of_its_own(tmp_path):
    logged(training_in(tmp_path), 1)
    log_id = logged(training_in(tmp_path), 1, 2)
    assert len(scalars(tmp_path)) == 2
    assert [step for _, step, _ in scalars(tmp_path / log_id)] == [1, 1, 2, 2]
