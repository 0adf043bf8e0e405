"""Trainings that went wrong in public, on rectangles of two colors."""

from dataclasses import replace

import pytest

from tests.training.tiny import Tiny, make_index, recipe
from yolozu.stages.scoring import quick_metrics


class Heard:
    """Progress that remembers what was said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def bar(self, *_, **__):
        return self

    def advance(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    return Tiny(make_index(root, "train", 3, 1), make_index(root, "val", 2, 2))


# gjhhust/YOLOFT#12, ultralytics/yolov5#11131, ultralytics/yolov3#1024: held-out images without a label choose nothing.
def test_a_validation_split_without_objects_keeps_the_last_model_and_stops_nothing(tiny, tmp_path):
    empty = replace(tiny, val=replace(tiny.val, records=tiny.val.records[-1:]))
    chosen, heard = recipe(max_steps=3, val_every_steps=1, early_stop_patience=1), Heard()
    materials = replace(empty.materials(chosen), score=lambda index, found: quick_metrics(index, found, None))
    summary = empty.fit(tmp_path, chosen, materials=materials, progress=heard)
    assert (summary.steps, summary.best_step, summary.best_score, summary.stopped_early) == (3, 3, None, False)
    assert any(
        "best.pt follows the last model, and early_stop_patience 1 has no effect" in line for line in heard.lines
    )
