"""One command for all that a GPU decides: what it refuses, how rows stay apart, what the table says."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch

from benchmarks import cuda
from benchmarks.cuda import ROWS, Row
from benchmarks.gpu.row import NotHereError, Outcome, Place

ABOUT = {"device": "cpu", "name": "a GPU", "cores": 16, "torch": "2.13", "cuda": "13.0", "python": "3.12"}


def good(place):
    outcome = Outcome(["1 | 2 ms"], {"ms": 1.5})
    outcome.check(place.rehearses, "it is a rehearsal")
    return outcome


def bad(place):
    outcome = Outcome(["3 ms"])
    outcome.check(False, "the same bits")
    return outcome


def broken(place):
    raise RuntimeError("no kernel\nfor this device")


def lacking(place):
    raise NotHereError("torchao is not here")


@pytest.fixture
def own_functions(monkeypatch):
    found = {"good": good, "bad": bad, "broken": broken, "lacking": lacking}

    class Functions:
        def __getattr__(self, name):
            return found[name]

    monkeypatch.setattr(cuda.importlib, "import_module", lambda _: Functions())
    monkeypatch.setattr(cuda, "ROWS", {name: Row(f"own:{name}") for name in found})


@pytest.mark.usefixtures("own_functions")
def test_whatever_a_row_does_is_its_result(tmp_path, capsys):
    found = {name: cuda.measured(name, "cpu", tmp_path) for name in cuda.ROWS}
    assert found["good"] == {
        "verdict": "ok",
        "figures": ["1 | 2 ms", "checked: it is a rehearsal"],
        "numbers": {"ms": 1.5},
    }
    assert found["bad"] == {"verdict": "FAILED", "figures": ["not so: the same bits", "3 ms"], "numbers": {}}
    assert found["broken"] == {"verdict": "ERROR", "figures": ["RuntimeError: no kernel", "for this device"]}
    assert found["lacking"] == {"verdict": "not here", "figures": ["torchao is not here"]}
    assert "Traceback" in capsys.readouterr().err  # in the row's log


def results(monkeypatch, by_name, *, seconds=0.0):
    """Rows without processes."""

    def in_process(name, keep, device, limit_s):
        time.sleep(seconds)
        return by_name[name]

    monkeypatch.setattr(cuda, "ROWS", {name: Row("own:row") for name in by_name})
    monkeypatch.setattr(cuda, "in_process", in_process)
    monkeypatch.setattr(cuda, "machine", lambda device: {**ABOUT, "device": device})


def test_the_table_and_the_numbers_are_there_behind_every_row(monkeypatch, tmp_path, capsys):
    rows = {
        "a step": {"verdict": "ok", "figures": ["1 | 2 ms"], "numbers": {"ms": 1}},
        "bits": {"verdict": "FAILED", "figures": ["not so: the same bits", "3 ms"]},
    }
    results(monkeypatch, rows)
    assert cuda.main(["--rehearse", "--keep", str(tmp_path)]) == 1
    assert (tmp_path / "table.md").read_text() == (
        "a GPU, 16 cores, torch 2.13 (CUDA 13.0), Python 3.12\n"
        "\n"
        "| row | verdict | s | what came out |\n"
        "|---|---|---:|---|\n"
        "| a step | ok | 0 | 1 \\| 2 ms |\n"
        "| bits | FAILED | 0 | not so: the same bits<br>3 ms |\n"
    )
    assert json.loads((tmp_path / "numbers.json").read_text())["rows"]["a step"]["numbers"] == {"ms": 1}
    assert "bits: FAILED (0 s)\n  not so: the same bits\n  3 ms\n" in capsys.readouterr().out


def test_what_is_there_stays_and_what_failed_is_tried_again(monkeypatch, tmp_path, capsys):
    first = {name: {"verdict": verdict, "figures": []} for name, verdict in (("a", "ok"), ("b", "ERROR"))}
    results(monkeypatch, first)
    assert cuda.main(["--rehearse", "--keep", str(tmp_path)]) == 1
    results(monkeypatch, {"a": {"verdict": "ERROR", "figures": []}, "b": {"verdict": "ok", "figures": []}})
    assert cuda.main(["--rehearse", "--keep", str(tmp_path)]) == 0
    assert "a: is there already" in capsys.readouterr().out
    monkeypatch.setattr(cuda, "kept", lambda keep, device: {})  # noqa: ARG005 - another device's are not looked at
    assert cuda.main(["--rehearse", "--keep", str(tmp_path), "b"]) == 0


def test_rehearsed_rows_are_none_of_the_gpu(tmp_path):
    cuda.write(tmp_path / "numbers.json", json.dumps({"machine": ABOUT, "rows": {"a": {"verdict": "ok"}}}))
    assert cuda.kept(tmp_path, "cpu") == {"a": {"verdict": "ok"}}
    assert cuda.kept(tmp_path, "cuda") == {}


def test_what_has_no_time_left_is_told_and_is_no_failure(monkeypatch, tmp_path):
    results(monkeypatch, {"a": {"verdict": "ok", "figures": []}})
    assert cuda.main(["--rehearse", "--keep", str(tmp_path), "--minutes", "0.1"]) == 0
    assert json.loads((tmp_path / "numbers.json").read_text())["rows"]["a"]["verdict"] == "no time"


def test_a_process_that_dies_or_takes_too_long_is_a_result(monkeypatch, tmp_path):
    monkeypatch.setattr(cuda, "ROWS", {"a row": Row("no_such_module:row")})
    died = cuda.in_process("a row", tmp_path, "cpu", 60.0)  # the row is none of the process's own table
    assert died["verdict"] == "ERROR"
    assert died["figures"][0] == "its process ended with 2"
    assert cuda.in_process("a row", tmp_path, "cpu", 0.01) == {
        "verdict": "ERROR",
        "figures": ["took longer than 0 s"],
    }


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_cuda_it_says_what_is_needed(tmp_path, capsys):
    assert cuda.main(["--keep", str(tmp_path / "new")]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"benchmarks.cuda: torch {torch.__version__} of ")
    assert "fix: run it with a Python whose torch is built for CUDA" in told
    assert not (tmp_path / "new").exists()


def test_a_part_of_a_package_that_is_not_there_is_not_there():
    assert [cuda.is_there(name) for name in ("json", "benchmarks.no_such", "no_such.yaml")] == [True, False, False]


def test_missing_packages_are_named_at_once(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cuda, "is_there", lambda module: module not in ("doit", "hotcoco"))
    assert cuda.main(["--keep", str(tmp_path)]) == 2
    assert "lacks doit, hotcoco\n  fix: pip install -c constraints.txt doit hotcoco" in capsys.readouterr().err


def test_an_unknown_row_is_refused(tmp_path, capsys):
    assert cuda.main(["--keep", str(tmp_path), "stepp"]) == 2
    assert "no row is named stepp\n  fix: name some of: step in bf16, " in capsys.readouterr().err


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_a_function_that_says_what_it_shows(name):
    module, _, function = ROWS[name].function.partition(":")
    assert callable(getattr(cuda.importlib.import_module(f"benchmarks.gpu.{module}"), function))


def test_all_limits_leave_time_for_the_rows_that_matter_most():
    assert sum(row.limit_s for row in list(ROWS.values())[:10]) < 25 * 60


def test_turns_of_contenders_and_memory_in_a_rehearsal():
    calls = []
    place = Place("cpu", Path())
    found = place.in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=5)
    assert calls == ["a", "b", "a", "b"]
    assert found.keys() == {"a", "b"}
    assert place.peak_mib(lambda: calls.append("c")) == 0.0
    assert calls[-1] == "c"
