import dataclasses
import json
import os
import signal

import pytest

from tests.engine.conftest import contract
from yolozu.engine import execute_stage
from yolozu.engine.worker import main


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "is no request"),
        ('{"stage": "nonsense"}', "is no request"),
        ('{"stage": "train", "version": 0}', "is no request: spec: Field required"),
    ],
)
def test_a_broken_request_is_one_message_and_exit_2(toy, capsys, text, problem):
    path = toy.layout.request_path("train")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert main([str(path)]) == 2
    assert problem in capsys.readouterr().err
    assert json.loads(toy.text("receipts/train.failed.json"))["kind"] == "InputError"


@pytest.fixture
def planned(toy, monkeypatch):
    """A written request whose stage fails as the test says; returns (request path, setter of the error)."""
    toy.plan(contract())
    path = toy.layout.request_path("letters")
    toy.layout.operations_path.write_text(json.dumps({"operations": {}, "provenance": {}}))
    monkeypatch.setattr("yolozu.engine.worker.read_request", lambda _: toy.plan(contract())["letters"])

    def fail_with(error):
        def execute(*_, **__):
            raise error

        monkeypatch.setattr("yolozu.engine.worker.execute", execute)

    return path, fail_with


def test_a_full_disk_is_no_mistake_of_ours(planned, capsys):
    path, fail_with = planned
    fail_with(OSError(28, "No space left on device", "runs/toy/x"))
    assert main([str(path)]) == 2
    assert capsys.readouterr().err == (
        "toy: letters: runs/toy/x: YZ314 the system says: No space left on device\n"
        "  fix: make room or give permission and run the same command again; what was saved is kept\n"
    )


@pytest.mark.effect("num_threads")
@pytest.mark.parametrize(("stated", "threads"), [({}, "5"), ({"num_threads": 3}, "3")])
def test_a_stage_computes_with_as_many_threads_as_the_contract_says(planned, toy, monkeypatch, stated, threads):
    path, _ = planned
    toy.layout.operations_path.write_text(json.dumps({"operations": stated, "provenance": {}}))
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    seen = []
    monkeypatch.setattr("yolozu.engine.worker.execute", lambda *_, **__: seen.append(os.environ["OMP_NUM_THREADS"]))
    assert main([str(path)]) == 0
    assert seen == [threads]


def test_a_failure_is_told_of_also_where_nothing_can_be_recorded(planned, toy, capsys):
    path, fail_with = planned
    fail_with(OSError(28, "No space left on device", "runs/toy/x"))
    toy.layout.receipts_dir.touch()
    assert main([str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("toy: letters: runs/toy/x: YZ314 the system says: No space left on device\n")
    assert "\nnot recorded: " in said


def test_a_mistake_of_ours_is_recorded_in_full_and_told_in_short(planned, toy, capsys):
    path, fail_with = planned
    fail_with(ZeroDivisionError("oh"))
    assert main([str(path)]) == 70
    assert capsys.readouterr().err == (
        "toy: letters: YZ305 internal error, our mistake; details in runs/toy/receipts/letters.failed.json\n"
        "  fix: please report it with that file\n"
    )
    assert "ZeroDivisionError: oh" in json.loads(toy.text("receipts/letters.failed.json"))["text"]


@pytest.mark.parametrize("wrapped", [False, True], ids=["as it is", "as a library's own error"])
def test_a_stage_that_saves_nothing_is_stopped_at_once_whatever_becomes_of_the_interrupt(
    toy, monkeypatch, capsys, wrapped
):
    toy.plan(contract())
    toy.layout.operations_path.write_text(json.dumps({"operations": {}, "provenance": {}}))

    def run(spec, inputs, outputs, context):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException:  # as torch.export does
            if wrapped:
                raise RuntimeError("could not be exported") from None
            raise

    node = toy.plan(contract())["letters"]
    stage = dataclasses.replace(node.stage, run=run)
    monkeypatch.setattr("yolozu.engine.worker.read_request", lambda _: dataclasses.replace(node, stage=stage))
    assert main([str(toy.layout.request_path("letters"))]) == 75
    assert capsys.readouterr().err == (
        "toy: letters: YZ311 stopped on request, and nothing of this stage is kept\n"
        "  fix: run the same command again: it goes on from what was saved\n"
    )


def test_a_stop_while_a_stage_publishes_lets_it_and_says_so(toy, monkeypatch, capsys):
    toy.plan(contract())
    toy.layout.operations_path.write_text(json.dumps({"operations": {}, "provenance": {}}))
    monkeypatch.setattr("yolozu.engine.worker.read_request", lambda _: toy.plan(contract())["letters"])
    finish = execute_stage._finish

    def stopped(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        return finish(*arguments)

    monkeypatch.setattr(execute_stage, "_finish", stopped)
    assert main([str(toy.layout.request_path("letters"))]) == 75
    assert capsys.readouterr().err == (
        "toy: letters: YZ311 stopped on request, behind this stage, which is done\n"
        "  fix: run the same command again: it goes on from what was saved\n"
    )
    assert sorted(path.name for path in toy.layout.receipts_dir.iterdir()) == ["letters.json"]


def test_a_stop_before_a_stage_that_saves_nothing_lets_it_not_begin(toy, monkeypatch, capsys):
    toy.plan(contract())

    def read(_):
        os.kill(os.getpid(), signal.SIGTERM)
        return toy.plan(contract())["letters"]

    toy.layout.operations_path.write_text(json.dumps({"operations": {}, "provenance": {}}))
    monkeypatch.setattr("yolozu.engine.worker.read_request", read)
    assert main([str(toy.layout.request_path("letters"))]) == 75
    assert "nothing of this stage is kept" in capsys.readouterr().err
    assert not toy.layout.receipt_path("letters").exists()
