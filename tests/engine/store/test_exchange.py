"""What is fetched from a remote store instead of being built, and what is uploaded there."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import contract
from tests.engine.store.test_turn import ALL, StoringRun
from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.store import file_system
from yolozu.engine.store.exchange import forget_trouble
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.store import Store
from yolozu.errors import Interrupted
from yolozu.paths import RunLayout, store_path


@pytest.fixture
def there(tmp_path):
    """Directory of the remote store."""
    return tmp_path / "there"


@pytest.fixture
def run(tmp_path, monkeypatch, there):
    """A run on a machine of its own, with this remote store."""

    def make(machine, *, write=False, url=f"file://{there}", **operations):
        (tmp_path / machine).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / machine)
        keys = {"store_remote": url, "store_remote_write": write, **operations}
        return StoringRun(RunLayout.of("exp"), OperationsSection(**keys))

    return make


@pytest.fixture
def uploaded(run):
    """A run that has uploaded all its results, from another machine."""
    made = run("uploads", write=True)
    made.build(contract())
    return made


def said(line: str) -> str:
    """A line without the time it tells."""
    return line.rpartition(" in ")[0]


def record_of(there: Path, stage: str) -> Path:
    (found,) = (path for path in there.glob("??/*.json") if json.loads(path.read_text())["receipt"]["stage"] == stage)
    return found


def object_of(there: Path, stage: str) -> Path:
    record = record_of(there, stage)
    ((_, file),) = json.loads(record.read_text())["files"].items()
    return record.with_suffix("") / file["sha256"]


@pytest.mark.effect("store_remote", "store_remote_write")
@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("asked", [True, False])
def test_what_one_machine_uploads_another_one_fetches(run, there, write, asked):
    there.mkdir()
    run("first", write=write).build(contract())
    second = run("second", url=f"file://{there}" if asked else None)
    second.build(contract())
    assert second.ran_here() == ([] if write and asked else ALL)
    assert second.text("out/praise.txt") == "well said: HELLO 1"
    assert second.reasons(contract()) == {}


def test_a_line_tells_what_was_fetched_and_the_receipt_who_made_it(run, uploaded, there):
    second = run("second")
    second.build(contract())
    assert said(second.lines[0]) == f"letters: fetched from file://{there}: 5 B"
    assert second.receipt("shout").ran_on["store"] == "exp"
    assert Store(store_path()).has(next(RemoteStore(f"file://{there}").all_keys()))


def test_what_the_own_store_has_is_not_fetched(run, uploaded, there):
    run("second").build(contract())
    third = run("second")
    shutil.rmtree("runs/exp")
    shutil.rmtree(there)
    third.build(contract())
    assert (third.ran_here(), third.lines) == ([], [])


def test_what_the_own_store_has_is_uploaded_where_the_remote_one_lacks_it(run, there):
    run("first", url=None).build(contract())
    shutil.rmtree("runs/exp")
    run("first", write=True).build(contract())
    assert len(list(RemoteStore(f"file://{there}").all_keys())) == len(ALL)


def test_directories_come_along_and_empty_ones_too(run, there):
    run("first", write=True).build(contract(split="with_extra"))
    second = run("second")
    second.build(contract(split="with_extra"))
    assert second.ran_here() == []
    assert second.text("data/extra/one.txt") == "1"


def test_a_record_is_written_last_so_half_an_upload_is_not_there(run, uploaded, there):
    record_of(there, "shout").unlink()
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    assert [line for line in second.lines if "shout" in line] == []


DAMAGE = {
    "out/loud.txt has another SHA-256 than its record says": lambda path: path.write_bytes(b"HELLO 7"),
    "out/loud.txt is cut short: 3 of 7 bytes are missing": lambda path: path.write_bytes(b"HELL"),
    "out/loud.txt is longer than its record says": lambda path: path.write_bytes(b"HELLO 1 and more"),
    "out/loud.txt is missing": Path.unlink,
}


@pytest.mark.parametrize("problem", DAMAGE)
def test_what_is_damaged_is_told_of_and_built_and_uploaded_anew_by_who_may(run, uploaded, there, problem):
    broken = object_of(there, "shout")
    DAMAGE[problem](broken)
    for write in (False, True):
        shutil.rmtree("../second", ignore_errors=True)
        second = run("second", write=write)
        second.build(contract())
        assert second.ran_here() == ["shout"]
        name = record_of(there, "shout").relative_to(there)
        told = f"shout: file://{there}/{name}: YZ745 the result there is damaged, and not used: {problem}"
        assert [line for line in second.lines if "shout" in line] == [told]
        assert not list(store_path().glob("??/.*/"))
    assert broken.read_bytes() == b"HELLO 1"
    third = run("third")
    third.build(contract())
    assert third.ran_here() == []


RECORDS = {
    "cannot be read as JSON: line 1, column 2: expecting property name enclosed in double quotes": b"{",
    "is no record of this version": b'{"schema_version": 2}',
}


@pytest.mark.parametrize("problem", RECORDS)
def test_a_record_that_cannot_be_read_is_told_of_and_the_stage_is_built(run, uploaded, there, problem):
    record_of(there, "shout").write_bytes(RECORDS[problem])
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    assert (
        sum(line.endswith(f"YZ745 the result there is damaged, and not used: {problem}") for line in second.lines) == 1
    )


@pytest.mark.parametrize("path", ["../../../evil", "/tmp/evil", "out/../../evil", "out/loud.txt/below", "."])
def test_nothing_of_a_record_leaves_the_store(run, uploaded, there, path, tmp_path):
    place = record_of(there, "shout")
    record = json.loads(place.read_text())
    evil = b"evil"
    digest = hashlib.sha256(evil).hexdigest()
    (place.with_suffix("") / digest).write_bytes(evil)
    record["files"][path] = {"sha256": digest, "size": len(evil)}
    place.write_text(json.dumps(record))
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    assert sum("YZ745" in line for line in second.lines) == 1
    assert not [found for found in tmp_path.rglob("*evil*") if there not in found.parents]
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("outputs", [{"../evil": "0" * 64}, {"out/other.txt": "0" * 64}])
def test_a_receipt_with_other_outputs_than_the_stage_has_is_not_followed(run, uploaded, there, outputs):
    place = record_of(there, "shout")
    record = json.loads(place.read_text())
    record["receipt"]["outputs"] |= outputs
    place.write_text(json.dumps(record))
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]


def test_a_record_of_files_that_are_not_the_receipts_is_damaged(run, uploaded, there):
    place = record_of(there, "shout")
    other = b"HELLO 2"
    (place.with_suffix("") / hashlib.sha256(other).hexdigest()).write_bytes(other)
    record = json.loads(place.read_text())
    record["files"]["out/loud.txt"] = {"sha256": hashlib.sha256(other).hexdigest(), "size": len(other)}
    place.write_text(json.dumps(record))
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    assert "out/loud.txt is not what its receipt says" in "\n".join(second.lines)


def test_what_the_disk_has_no_room_for_is_built(run, uploaded, there):
    place = record_of(there, "shout")
    record = json.loads(place.read_text())
    record["files"]["out/loud.txt"]["size"] = 1 << 60
    place.write_text(json.dumps(record))
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    (line,) = (line for line in second.lines if "shout" in line)
    assert line.startswith(f"shout: not fetched from file://{there}: it has {1 << 60} bytes, and ")


def warning(url: str, problem: str) -> str:
    return f"{url}: warning: YZ743 the remote store is not used in this build: {problem}"


@pytest.mark.parametrize("write", [True, False])
def test_one_that_cannot_be_reached_is_told_of_once_and_the_build_goes_on(run, tmp_path, write):
    (tmp_path / "file").write_text("")
    url = f"file://{tmp_path}/file/store"
    mine = run("first", url=url, write=write)
    mine.build(contract())
    assert mine.ran_here() == ALL
    assert len(mine.lines) == 1
    assert mine.lines[0].startswith(warning(url, ""))


def test_the_next_build_tries_again(run, uploaded, there):
    there.rename(there.with_name("away"))
    second = run("second")
    second.execute(contract(), "letters")
    assert second.lines == [warning(f"file://{there}", "there is no such place, or nothing in it")]
    there.with_name("away").rename(there)
    second.execute(contract(), "shout")
    assert second.ran_here() == ["letters", "shout"]
    forget_trouble(second.layout)
    second.execute(contract(), "count")
    assert second.ran_here() == ["letters", "shout"]


def test_no_answer_is_waited_for_without_end(run, uploaded, monkeypatch):
    monkeypatch.setattr(file_system, "ANSWER_S", 0.05)
    monkeypatch.setattr(
        "fsspec.implementations.local.LocalFileSystem.open", lambda *_, **__: __import__("time").sleep(9)
    )
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ALL
    assert [line.rpartition(": ")[2] for line in second.lines] == ["no answer within 0 s"]


def test_a_driver_that_raises_what_it_likes_is_a_store_that_cannot_be_reached(run, uploaded, monkeypatch):
    class OddError(Exception):
        pass

    def refuse(*_, **__):
        raise OddError("403: no such luck\n<html>")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.open", refuse)
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ALL
    assert [line.rpartition("build: ")[2] for line in second.lines] == ["403: no such luck <html>"]


def test_fetching_is_stopped_between_blocks(run, uploaded):
    second = run("second")
    with pytest.raises(Interrupted, match="stopped on request, while its result was fetched"):
        second.execute(contract(), "letters", stopping=True)
    assert not second.layout.receipt_path("letters").exists()


def test_what_a_process_keeps_in_memory_is_a_store_too(run):
    url = "memory://yolozu/store"
    run("first", url=url, write=True).build(contract())
    second = run("second", url=url)
    second.build(contract())
    assert second.ran_here() == []


@pytest.mark.slow
def test_nothing_of_fsspec_is_imported_unless_the_key_is_set(tmp_path):
    text = """
import sys
from tests.engine.store.test_turn import StoringRun
from tests.engine.conftest import contract
from yolozu.contract.sections.operations import OperationsSection
from yolozu.paths import RunLayout
for number, keys in enumerate(({}, {"store_remote": "file://there", "store_remote_write": True})):
    StoringRun(RunLayout.of(f"exp{number}"), OperationsSection(**keys)).build(contract(str(number)))
    print("fsspec" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
