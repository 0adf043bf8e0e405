"""A stage that several processes run together: who watches, who does what, who tells."""

import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.engine.conftest import OPERATIONS
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.contract.sections.train import LoopSection
from yolozu.engine import worker
from yolozu.engine.processes.failures import Failure
from yolozu.engine.processes.rendezvous import Rendezvous
from yolozu.engine.processes.torchrun import GroupEnd
from yolozu.errors import InputError
from yolozu.paths import RunLayout
from yolozu.planning.plan import Node
from yolozu.stages.base import Stage, StageSpec, gives


class ChorusSpec(StageSpec):
    loop: LoopSection

    def runs_as_several(self):
        return self.loop.ddp


@dataclass(frozen=True)
class ChorusInputs:
    pass


@dataclass(frozen=True)
class ChorusOutputs:
    song: Path = gives("out/song.txt")


class Told:
    """What the stage was called with, and the error it then raises."""

    contexts: ClassVar[list] = []
    error = None


def sing(spec, inputs, outputs, context):
    Told.contexts.append(context)
    if Told.error is not None:
        raise Told.error
    if os.environ.get("RANK", "0") == "0":
        outputs.song.write_text("la")
    return {"verses": 1}


CHORUS = Stage("chorus", 1, ChorusSpec, ChorusInputs, ChorusOutputs, sing, title="Sing")


@pytest.fixture
def request_path(tmp_path, monkeypatch):
    """The request of a run's only stage, sung with `ddp` and two processes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "read_request", lambda _: node)
    monkeypatch.setattr(Told, "contexts", [])
    layout = RunLayout.of("a")
    node = Node(CHORUS, {"loop": LoopSection(ddp=True).model_dump(mode="json")}, {}, {}, {"song": "out/song.txt"}, ())
    operations = {**OPERATIONS, "operations": {**OPERATIONS["operations"], "nproc_per_node": 2, "max_restarts": 0}}
    write_text(layout.operations_path, pretty(operations))
    return layout.request_path("chorus")


def groups(monkeypatch, failures):
    """Let a group end with ``failures``; returns the list of how groups were started."""
    started = []

    def run_group(command, *, num_processes, directory, stopping, rendezvous, attempt):
        assert (directory, rendezvous, attempt) == (Path("runs/a/scratch/chorus.torchrun"), Rendezvous(), 0)
        started.append((command[1:], num_processes, stopping()))
        return GroupEnd({0: failures})

    monkeypatch.setattr(worker, "run_group", run_group)
    return started


def failed_record():
    path = Path("runs/a/receipts/chorus.failed.json")
    return json.loads(path.read_text()) if path.exists() else None


@pytest.mark.effect("ddp", "nproc_per_node")
def test_the_worker_lets_several_processes_run_the_stage_and_only_watches(request_path, monkeypatch):
    started = groups(monkeypatch, [])
    assert worker.main([str(request_path), "--insist-on-resume"]) == 0
    words = ["-m", "yolozu.engine.worker", str(request_path), "--member-of", str(os.getpid()), "--insist-on-resume"]
    assert started == [(words, 2, False)]
    assert Told.contexts == []
    assert failed_record() is None


def test_it_tells_once_what_stopped_them_and_ends_with_that_exit_code(request_path, monkeypatch, capsys):
    text = "exp.yaml: YZ101 is missing\n  fix: make it"
    groups(monkeypatch, [Failure(1, 2, 5.0, "InputError", text), Failure(0, 75, 6.0, "LostPeerError", "gone")])
    assert worker.main([str(request_path)]) == 2
    assert capsys.readouterr().err == f"{text}\n"
    assert {key: failed_record()[key] for key in ("kind", "text")} == {"kind": "InputError", "text": text}


def test_a_mistake_of_ours_is_told_in_short(request_path, monkeypatch, capsys):
    groups(monkeypatch, [Failure(0, 70, 5.0, "InternalError", "Traceback …")])
    assert worker.main([str(request_path)]) == 70
    assert capsys.readouterr().err.startswith("a: chorus: YZ305 internal error, our mistake; details in ")
    assert failed_record()["text"] == "Traceback …"


@pytest.mark.effect("max_restarts")
def test_lost_processes_are_an_interruption(request_path, monkeypatch, capsys):
    groups(monkeypatch, [Failure(1, -9, 5.0, "", "")])
    assert worker.main([str(request_path)]) == 75
    assert capsys.readouterr().err.startswith("a: chorus: YZ315 process 1 was killed by SIGKILL, and max_restarts: 0 ")
    assert failed_record()["kind"] == "Interrupted"


def be_one_of_two_nodes(monkeypatch, failures, *, tells):
    """Let the processes of two nodes fail so; returns the list of where they met, and where torchrun's files lay."""
    operations = json.loads(Path("runs/a/plan/operations.json").read_text())
    operations["operations"] |= {"nnodes": 2, "rdzv_endpoint": "gpu1:29400"}
    write_text(Path("runs/a/plan/operations.json"), pretty(operations))
    met = []

    def run_group(command, *, num_processes, directory, stopping, rendezvous, attempt):
        met.append((rendezvous, directory))
        return GroupEnd(failures, num_nodes=2, tells=tells)

    monkeypatch.setattr(worker, "run_group", run_group)
    return met


@pytest.mark.effect("nnodes", "rdzv_endpoint")
def test_the_worker_of_each_node_meets_the_others(request_path, monkeypatch, capsys):
    met = be_one_of_two_nodes(monkeypatch, {0: [], 1: []}, tells=True)
    assert worker.main([str(request_path)]) == 0
    own = Path(f"runs/a/scratch/chorus.torchrun-{socket.gethostname()}-{os.getpid()}")
    assert met == [(Rendezvous(2, "c10d", "gpu1:29400", "a-chorus"), own)]
    assert capsys.readouterr().err == "a: chorus: waiting at gpu1:29400 until all 2 nodes are there\n"


def test_a_job_whose_result_stands_starts_no_processes(request_path, monkeypatch, capsys):
    monkeypatch.setenv("YOLOZU_JOB", "17")
    monkeypatch.setattr(worker, "is_done_for_job", lambda node, _: node.name == "chorus")
    assert worker.main([str(request_path)]) == 0
    assert capsys.readouterr().err == "a: chorus: is done already, and this job has nothing left to do\n"


@pytest.mark.parametrize("failures", [{0: [Failure(0, 2, 5.0, "InputError", "no")], 1: []}, {1: []}, {0: [], 1: []}])
def test_one_node_tells_for_all_and_all_end_alike(request_path, monkeypatch, capsys, failures):
    ends = []
    for tells in (False, True):
        be_one_of_two_nodes(monkeypatch, failures, tells=tells)
        code = worker.main([str(request_path)])
        ends.append((code, len(capsys.readouterr().err.splitlines()) > 1, failed_record() is not None))
    (code, *_), _ = ends
    assert ends == [(code, False, False), (code, code != 0, code != 0)]


def test_a_record_of_an_earlier_failure_is_cleared_by_the_node_that_tells(request_path, monkeypatch):
    kept = []
    be_one_of_two_nodes(monkeypatch, {1: []}, tells=True)
    assert worker.main([str(request_path)]) == 75
    for tells in (False, True):
        be_one_of_two_nodes(monkeypatch, {0: [], 1: []}, tells=tells)
        assert worker.main([str(request_path)]) == 0
        kept.append(failed_record() is not None)
    assert kept == [True, False]


class PlayedMember:
    """A member whose first process says ``word``; remembers what it says itself."""

    said: ClassVar[list] = []
    word = True

    def __init__(self):
        self.rank = int(os.environ["RANK"])

    def let_others_run(self):
        self.said.append("go")
        return self.word

    def let_others_end(self):
        self.said.append("end")

    def wait_for_first(self, _):
        return self.word


@pytest.fixture
def be(request_path, monkeypatch, tmp_path):
    """Be the process of a rank; returns the exit code."""
    monkeypatch.setattr(worker, "Rank", PlayedMember)
    monkeypatch.setattr(PlayedMember, "said", [])
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    before = signal.getsignal(signal.SIGTERM)

    def start(rank):
        monkeypatch.setenv("RANK", str(rank))
        return worker.main([str(request_path), "--member-of", str(os.getppid())])

    yield start
    signal.signal(signal.SIGTERM, before)


def test_the_first_process_does_what_a_worker_does(be):
    assert be(0) == 0
    assert PlayedMember.said == ["go", "end"]
    assert Told.contexts[0].one_of_several
    assert Path("runs/a/out/song.txt").read_text() == "la"
    assert json.loads(Path("runs/a/receipts/chorus.json").read_text())["numbers"] == {"verses": 1}


def test_what_was_finished_before_a_stop_at_once_is_only_published(be, monkeypatch):
    def stopped_at_once(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("yolozu.engine.execute_stage._finish", stopped_at_once)
        assert be(0) == 75
    PlayedMember.said.clear()
    assert be(0) == 0
    assert PlayedMember.said == ["end"]
    assert len(Told.contexts) == 1


def test_the_others_only_run_the_stage(be):
    assert be(1) == 0
    (context,) = Told.contexts
    assert context.one_of_several
    assert not Path("runs/a/scratch").exists()
    assert not Path("runs/a/receipts").exists()


def test_the_others_end_where_there_is_nothing_to_do(be, monkeypatch):
    monkeypatch.setattr(PlayedMember, "word", False)
    assert be(1) == 0
    assert Told.contexts == []


def test_the_first_process_ends_where_another_was_stopped_before_it_began(be, monkeypatch, tmp_path):
    monkeypatch.setattr(PlayedMember, "word", False)
    assert be(0) == 75
    assert "YZ311 stopped on request, before all its processes were there" in (tmp_path / "error.json").read_text()
    assert (Told.contexts, failed_record()) == ([], None)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_failure_is_left_to_the_watching_process(be, monkeypatch, tmp_path, capsys, rank):
    error = InputError.one("YZ211", where="7.png", problem="changed", fix="again")
    monkeypatch.setattr(Told, "error", error)
    assert be(rank) == 2
    report = json.loads((tmp_path / "error.json").read_text())
    assert (report["kind"], report["message"]) == ("InputError", str(error))
    assert capsys.readouterr().err == ""
    assert failed_record() is None


def test_who_watches_may_be_gone_before_a_process_has_begun(be, request_path, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    assert worker.main([str(request_path), "--member-of", "1"]) == 0
    assert Told.contexts[0].stopping()
