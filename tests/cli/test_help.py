"""Help of commands with many options: every name in full, and room for words, on 80 columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from typer.testing import CliRunner

from yolozu.cli.app import main
from yolozu.cli.help import Command

APP = typer.Typer(rich_markup_mode="markdown")
PANEL = "What is done with `it`"


@APP.command(cls=Command)
def sample(
    *,
    plain: Annotated[int, typer.Option(help="A number.")] = 3,
    stop: Annotated[
        bool | None,
        typer.Option("--stop-on-what-is-no-number/--no-stop-on-what-is-no-number", help="End.", rich_help_panel=PANEL),
    ] = None,
) -> None:
    """Do it."""


def test_options_are_listed_panel_by_panel():
    said = CliRunner().invoke(APP, ["sample", "--help"], env={"COLUMNS": "80"}).output
    assert "Options:\n  --plain <int>" in said
    assert "  A number.  [default: 3]\n" in said
    assert said.endswith(
        "What is done with it:\n  --stop-on-what-is-no-number / --no-stop-on-what-is-no-number\n"
        "                                  End.\n"
    )


def test_no_flag_is_cut_off(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("export-predictions", "train"):
        assert main([command, "--help"]) == 0
        said = capsys.readouterr().out
        assert "…" not in re.sub(r"(run_id|run_dir|forget)=…", "", said)
        assert max(map(len, said.splitlines())) <= 80


def test_choices_are_shown_where_they_are_few_and_told_where_they_are_many(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["export-predictions", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--ttt-preset safe|adapter_only|mim_safe Method" in said
    assert "--corruption NAME Corruption of every image" in said
    assert "Default: null. One of gaussian_noise, shot_noise, " in said


@APP.command(cls=Command)
def reads(
    places: Annotated[list[Path], typer.Argument()],
    *,
    output: Annotated[Path | None, typer.Option()] = None,
    model: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Say what is read."""
    print(*places, output, model)


def test_paths_may_start_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    words = ["reads", "~/a", "b~", "--output=~/c", "--model", "~/m"]
    assert CliRunner().invoke(APP, words).output.split() == [
        f"{tmp_path}/a", "b~", f"{tmp_path}/c", f"{tmp_path}/m",
    ]  # fmt: skip
    assert CliRunner().invoke(APP, ["reads", "$A", "--model", "~"]).output.split() == ["$A", "None", "~"]


def test_a_home_that_is_not_there_is_said(capsys):
    assert main(["data", "check", "~no-such-user/a"]) == 2
    assert "root: YZ292 ~no-such-user/a: there is no home directory ~no-such-user" in capsys.readouterr().err
