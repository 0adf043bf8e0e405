"""The whole path of predictions through files, and what it may cost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import pytest

from tests.artifacts.predictions.samples import entry
from yolozu.artifacts.predictions import check_predictions

pytestmark = pytest.mark.slow

MEASURE = """
import resource, sys
from pathlib import Path
import numpy, yolozu.artifacts.predictions as p
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
check = p.check_predictions(Path(sys.argv[1]))
assert check.passed and check.detections == int(sys.argv[2]), check
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """60,000 detections, 10 MB."""
    rng = random.Random(0)
    path = tmp_path_factory.mktemp("large") / "predictions.json"
    entries = [
        entry(
            f"images/val/{i}.jpg",
            *[
                {
                    "class_id": rng.randrange(80),
                    "score": rng.random(),
                    "bbox": {"cx": rng.random(), "cy": rng.random(), "w": 0.1 + rng.random() / 2, "h": 0.1},
                }
                for _ in range(100)
            ],
        )
        for i in range(600)
    ]
    path.write_text(json.dumps({"schema_version": 1, "predictions": entries}))
    return path


def test_checking_takes_seconds_for_a_million_detections(large_file):
    started = time.process_time()
    assert check_predictions(large_file).detections == 60_000
    assert time.process_time() - started < 60_000 * 20e-6  # 20 s a million; about 5 s where this was written


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted in KiB on Linux only")
def test_checking_holds_a_few_thousand_detections_in_memory(large_file):
    """The file as Python objects takes 45 MiB, a block of it a tenth of that, the pieces of text 8 MiB."""
    command = [sys.executable, "-c", MEASURE, str(large_file), "60000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) / 1024 < 40
