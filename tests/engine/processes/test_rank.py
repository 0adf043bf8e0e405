import json

import pytest
from torch import distributed

from yolozu.engine.processes import rank as member_module
from yolozu.engine.processes.rank import Rank, report_failure


@pytest.fixture
def member(monkeypatch):
    """Makes the process of a rank; all share the store that torchrun keeps."""
    stores = [distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)]
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(stores[0].port))

    def make(rank):
        monkeypatch.setenv("RANK", str(rank))
        return Rank()

    make.close = stores.clear
    return make


def test_the_others_run_the_stage_once_the_first_says_so(member):
    first, second = member(0), member(1)
    assert (first.rank, second.rank) == (0, 1)
    assert first.let_others_run()
    first.let_others_end()
    assert second.wait_for_first(lambda: False)


def test_the_others_end_where_the_first_has_found_nothing_to_do(member):
    first, second = member(0), member(1)
    first.let_others_end()
    assert not second.wait_for_first(lambda: False)


def test_who_waits_can_be_stopped(member, monkeypatch):
    monkeypatch.setattr(member_module, "LOOK_EVERY_S", 0.001)
    asked = iter([False, False, True])
    assert not member(1).wait_for_first(lambda: next(asked))


def test_the_first_is_told_of_those_that_were_stopped_before_they_were_let_run(member):
    first, second = member(0), member(1)
    assert not second.wait_for_first(lambda: True)
    assert not first.let_others_run()


def test_who_was_let_run_runs_also_where_it_is_stopped_meanwhile(member):
    first, second = member(0), member(1)
    assert first.let_others_run()
    assert second.wait_for_first(lambda: True)


def test_who_waits_ends_when_torchrun_is_gone(member):
    second = member(1)
    member.close()
    assert not second.wait_for_first(lambda: False)


def test_a_failure_is_left_for_torchrun_to_find(tmp_path, monkeypatch):
    path = tmp_path / "error.json"
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(path))
    report_failure(kind="InputError", text="exp.yaml: YZ101 …")
    report = json.loads(path.read_text())
    assert (report["message"], report["kind"], report["timestamp"]) == (
        "exp.yaml: YZ101 …", "InputError", int(report["at"]),
    )  # fmt: skip
    assert [entry.name for entry in tmp_path.iterdir()] == ["error.json"]
