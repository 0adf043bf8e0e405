import math

import pytest

from yolozu.app.doctor.stages import Stopwatch
from yolozu.stages.registry import STAGES


def test_the_time_runs_from_the_first_question(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    watch = Stopwatch(5.0)
    now[0] = 200.0
    assert not watch()
    now[0] = 205.5
    assert watch()
    assert not Stopwatch(math.inf)()


@pytest.mark.slow
def test_a_stage_writes_into_the_bench_alone(bench):
    stage = STAGES.load("prepare_data")
    assert bench.run(stage, bench.spec(stage), into="again")["train_images"] == 24
    assert bench.output(stage, "train", into="again") == bench.root / "again/data/train.json"
    assert bench.output(stage, "train", into="again").is_file()
    assert not bench.session.layout.root.exists()
