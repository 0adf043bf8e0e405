import io
from types import SimpleNamespace

import pytest

from tests.engine.doit.test_tasks import build  # noqa: F401 - the fixture
from yolozu.engine.doit.reporter import BuildReporter
from yolozu.engine.view.events import BuildBegins, StageChanges
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import Reason


class Noting:
    """A view that remembers."""

    worker = "events"

    def __init__(self):
        self.events = []

    def show(self, event):
        self.events.append(event)


def task(name):
    return SimpleNamespace(name=name, actions=[1], title=lambda: name, executed=True)


def reported(build, *calls):  # noqa: F811
    build.view, stream = Noting(), io.StringIO()
    reporter = BuildReporter(build, stream)
    for method, name, *others in calls:
        getattr(reporter, method)(task(name), *others)
    return build.view.events, stream.getvalue()


def test_stages_are_events_and_other_tasks_are_doit_s(build):  # noqa: F811
    events, written = reported(
        build, ("execute_task", "prepare_data"), ("skip_uptodate", "train"), ("execute_task", "lint")
    )
    assert written == ".  lint\n"
    assert isinstance(events[0], BuildBegins)
    assert (events[0].run_id, events[0].headline, events[0].stages[:2]) == (
        "a",
        "a: exp.yaml",
        ["prepare_data", "train"],
    )
    assert [(event.stage, event.state, event.reasons) for event in events[1:]] == [
        ("prepare_data", "running", ["has not been built"]),
        ("train", "up to date", []),
    ]


def test_what_becomes_of_earlier_work_is_told_apart(build, monkeypatch):  # noqa: F811
    reason = Reason("key", "lr", "1", "2")
    aside = Reason("prospect", "what was interrupted at step 3 of 9 is set aside", because=(reason,))
    monkeypatch.setattr(type(build.session), "own_reasons", lambda *_: (reason, aside))
    (_, event), _ = reported(build, ("execute_task", "train"))
    assert (event.reasons, event.prospects) == (
        ["lr: 1 → 2"],
        ["what was interrupted at step 3 of 9 is set aside: lr: 1 → 2"],
    )


def test_an_end_tells_how_long_it_took(build):  # noqa: F811
    build.exit_code = 2
    events, _ = reported(build, ("execute_task", "train"), ("add_success", "train"), ("add_failure", "train", None))
    assert [(event.state, event.seconds is not None) for event in events if isinstance(event, StageChanges)] == [
        ("running", False),
        ("done", True),
        ("failed", True),
    ]


@pytest.mark.parametrize("ran", [True, False])
def test_what_was_just_taken_from_the_store_names_its_run(build, ran):  # noqa: F811
    receipt = Receipt("train", 1, {}, {}, {}, {}, "", 1.0, {}, {"store": "exp07"})
    receipt.write(build.session.layout.receipt_path("train"))
    build.ran = ["train"] if ran else []
    (_, event), _ = reported(build, ("add_success", "train"))
    assert event.from_store == ("exp07" if ran else None)
