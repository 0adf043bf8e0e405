"""Outputs are looked at before any work is done for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from yolozu.app.outputs import require_makeable, require_writable
from yolozu.cli.app import main
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


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/proc/x.json", "/proc cannot be written to"),
        ("/proc/deep/x.json", "/proc cannot be written to"),
        ("/sys/x.json", "/sys cannot be written to"),
        ("/dev/null", "is no file, and none may take its place"),
        ("/dev/x.json", "/dev is no place for files"),
        (f"{'a' * 300}.json", "has a name that is too long"),
    ],
)
def test_places_where_no_file_can_be_are_refused_for_root_too(path: str, problem: str) -> None:
    assert refusal({"--output": Path(path)}).startswith(f"--output {path}: YZ727 {problem}\n")
    if path != "/dev/null":
        with pytest.raises(UsageError, match="YZ727"):
            require_makeable("--out", Path(path))


def test_a_directory_to_make_may_be_there_and_may_be_no_file() -> None:
    require_makeable("--out", Path())
    require_makeable("--out", Path("new/deep"))
    Path("a.txt").touch()
    for path in ("a.txt", "a.txt/b"):
        with pytest.raises(UsageError, match=r"--out a\.txt.*: YZ727 .*is no directory"):
            require_makeable("--out", Path(path))
    assert [entry.name for entry in Path().iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    "words",
    [
        "data synth /proc/x",
        "data prepare-coco --coco-root no --split no --out /proc/x",
        "data prepare-bop --bop-root no --split no --out /proc/x",
        "data subset --dataset no --split no --count 1 --out /proc/x",
        "data paste --dataset no --split no --backgrounds no --size 64 --out /proc/x",
        "data corrupt --dataset no --corruption fog --out /proc/x",
        "data fetch coco128 --out /proc/x",
        "init /proc/x",
        "eval-coco --dataset no --predictions no --output /proc/x",
        "eval-pose --dataset no --predictions no --output /proc/x",
        "eval-suite no --dataset no --output /proc/x",
        "compare a b --output /proc/x",
        "convert-predictions no --to list --output /proc/x",
        "export-predictions --dataset no --adapter dummy --output /proc/x",
        "test --dataset no --adapter dummy --output /proc/x",
    ],
)
def test_every_command_refuses_a_place_that_cannot_be_written_before_it_works(words: str, capsys: Any) -> None:
    assert main(words.split()) == 2
    assert "/proc/x: YZ727 /proc cannot be written to" in capsys.readouterr().err
