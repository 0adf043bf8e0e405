"""Outputs are looked at before any work is done for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from yolozu.cli.outputs import require_writable
from yolozu.errors import UsageError


def refusal(outputs: dict[str, Path | None], inputs: tuple[Path | None, ...] = ()) -> str:
    with pytest.raises(UsageError) as caught:
        require_writable(outputs, inputs)
    return str(caught.value)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_new_file_an_old_one_and_none_are_fine() -> None:
    Path("old.json").write_text("{}", encoding="utf-8")
    require_writable({"--output": Path("new/deep/a.json"), "--log": None}, [None, Path("read.json")])
    require_writable({"--output": Path("old.json")})
    assert sorted(Path().iterdir()) == [Path("old.json")]


def test_a_directory_is_no_file() -> None:
    Path("reports").mkdir()
    assert refusal({"--output": Path("reports")}) == (
        "--output reports: YZ727 is a directory\n  fix: name a file, such as reports/FILE"
    )


def test_a_file_is_no_directory() -> None:
    Path("a.yaml").write_text("", encoding="utf-8")
    assert refusal({"--output": Path("a.yaml/deep/o.json")}) == (
        f"--output a.yaml/deep/o.json: YZ727 {Path.cwd() / 'a.yaml'} is no directory\n  fix: name a file in a directory"
    )


def test_a_directory_that_nobody_may_write_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refusal({"--output": Path("new/o.json")}) == (
        f"--output new/o.json: YZ727 {Path.cwd()} cannot be written to\n"
        "  fix: choose a file in a directory that can be written to"
    )


def test_what_is_read_is_not_overwritten_and_nothing_is_written_twice() -> None:
    outputs = {"--output": Path("runs/../best.pt"), "--log": Path("a.json"), "--other": Path("./a.json")}
    assert refusal(outputs, (Path("best.pt"),)) == (
        "--output runs/../best.pt: YZ905 this command reads it\n  fix: name another file\n"
        "--other a.json: YZ905 --log writes it, too\n  fix: name another file"
    )
