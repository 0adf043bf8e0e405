import io
from types import SimpleNamespace

import pytest

from tests.engine.test_build import build  # noqa: F401 - the fixture
from yolozu.engine.reporter import BuildReporter, _duration


def task(name):
    return SimpleNamespace(name=name, actions=[1], title=lambda: name, executed=True)


def test_a_stage_is_a_line_with_its_number_and_reason(build):  # noqa: F811
    stream = io.StringIO()
    reporter = BuildReporter(build, stream)
    reporter.execute_task(task("prepare_data"))
    reporter.skip_uptodate(task("train"))
    reporter.execute_task(task("lint"))
    assert stream.getvalue() == (
        "a: exp.yaml\n[1/8] prepare_data: has not been built\n[2/8] train: up to date\n.  lint\n"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (59.94, "59.9s"), (61, "1m 01s"), (3600, "1h 00m"), (7325, "2h 02m")]
)
def test_durations_read_easily(seconds, text):
    assert _duration(seconds) == text
