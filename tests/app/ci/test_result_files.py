"""Files for continuous integration: written however the command ends."""

from xml.etree import ElementTree as ET

import pytest

from yolozu.app.ci.cases import Case, Results
from yolozu.app.ci.result_files import ResultFiles, told
from yolozu.errors import UsageError

RESULTS = Results("a", "a: exp.yaml", (Case("a", "train", "passed"),))


def test_the_summary_grows_and_the_test_cases_are_replaced(tmp_path):
    files = ResultFiles(tmp_path / "out/junit.xml", tmp_path / "out/summary.md")
    files.check()
    files.write(RESULTS)
    first = (files.junit.read_text(), files.summary.read_text())
    files.write(RESULTS)
    assert files.summary.read_text() == 2 * first[1]
    assert len(files.junit.read_text()) == len(first[0])


def test_nothing_is_written_where_nothing_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not ResultFiles().asked
    ResultFiles().write(RESULTS)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_begin_is_told_too(tmp_path):
    files = ResultFiles(tmp_path / "junit.xml")
    with pytest.raises(UsageError), told(files):
        raise UsageError.one("YZ324", where="run_id=x", problem="there is no such run", fix="name one")
    (error,) = ET.parse(files.junit).getroot().iter("error")
    assert (error.get("type"), error.get("message")) == ("YZ324", "run_id=x: there is no such run")
    assert error.text == "run_id=x: YZ324 there is no such run\n  fix: name one"


def test_a_file_that_cannot_be_written_is_told_before_anything_is_done(tmp_path):
    with pytest.raises(UsageError, match="YZ727"), told(ResultFiles(tmp_path)):
        raise AssertionError("begun")
