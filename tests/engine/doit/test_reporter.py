import io
from types import SimpleNamespace

import pytest

from tests.engine.doit.test_tasks import build  # noqa: F401 - the fixture
from yolozu.engine.doit.reporter import BuildReporter, _duration
from yolozu.planning.staleness import Reason


def task(name):
    return SimpleNamespace(name=name, actions=[1], title=lambda: name, executed=True)


def test_a_stage_is_a_line_with_its_number_and_reason(build):  # noqa: F811
    stream = io.StringIO()
    reporter = BuildReporter(build, stream)
    reporter.execute_task(task("prepare_data"))
    reporter.skip_uptodate(task("train"))
    reporter.execute_task(task("lint"))
    assert stream.getvalue() == (
        "a: exp.yaml\n[1/9] prepare_data: has not been built\n[2/9] train: up to date\n.  lint\n"
    )


def test_what_becomes_of_earlier_work_is_always_told(build, monkeypatch):  # noqa: F811
    reasons = [Reason("key", f"key{number}", "1", "2") for number in range(5)]
    aside = Reason("prospect", "what was interrupted at step 3 of 9 is set aside", because=(reasons[0],))
    monkeypatch.setattr(type(build.session), "own_reasons", lambda *_: (*reasons, aside))
    stream = io.StringIO()
    BuildReporter(build, stream).execute_task(task("train"))
    assert stream.getvalue().splitlines()[1] == (
        "[2/9] train: key0: 1 → 2; key1: 1 → 2; key2: 1 → 2; 2 more reasons; "
        "what was interrupted at step 3 of 9 is set aside: key0: 1 → 2"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (59.94, "59.9s"), (61, "1m 01s"), (3600, "1h 00m"), (7325, "2h 02m")]
)
def test_durations_read_easily(seconds, text):
    assert _duration(seconds) == text
