"""Help of commands with many options: every name in full, and room for words, on 80 columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from yolozu.cli.app import COMMANDS, GROUPS, build_app, main
from yolozu.cli.flags import COMMON
from yolozu.cli.help import Command

APP = typer.Typer(rich_markup_mode="markdown")
PANEL = "What is done with `it`"


def command_of(name):
    """The command as typer has it."""
    found = typer.main.get_command(build_app(name))
    for word in name.split():
        found = found.commands[word]
    return found


@APP.command(cls=Command)
def sample(
    *,
    plain: Annotated[int, typer.Option(help="A number.", min=1)] = 3,
    stop: Annotated[
        bool | None,
        typer.Option("--stop-on-what-is-no-number/--no-stop-on-what-is-no-number", help="End.", rich_help_panel=PANEL),
    ] = None,
) -> None:
    """Do it."""


def test_options_are_listed_panel_by_panel():
    said = CliRunner().invoke(APP, ["sample", "--help"], env={"COLUMNS": "80"}).output
    assert said.startswith(
        "Usage: root sample [OPTIONS]\n\n  Do it.\n\nOptions:\n  --plain INTEGER  A number.  [default: 3; at least 1]"
    )
    assert said.endswith(
        "What is done with it:\n  --stop-on-what-is-no-number / --no-stop-on-what-is-no-number\n"
        "                                  End.\n"
    )


def test_a_pair_of_names_that_is_too_long_takes_two_lines(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    APP(["sample", "--help"], standalone_mode=False)
    assert "  --stop-on-what-is-no-number /\n  --no-stop-on-what-is-no-number\n" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_is_named_in_full(capsys, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([*name.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if len(line) > columns] == []
    assert "│" not in said
    assert re.findall(r"<(?:str|int|float|bool|list|file|path)\b", said) == []
    words = set(re.split(r"[\s,]+", said))
    for parameter in command_of(name).params:
        names = [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else []
        assert [flag for flag in names if flag not in words] == []


@pytest.mark.parametrize("words", [[], *([group] for group in GROUPS)])
def test_groups_list_their_commands_with_whole_sentences_and_first(capsys, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "60")
    assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.index("Commands:") < said.index("Options:")
    flat = " ".join(said.split())
    own = [(name, entry) for name, entry in COMMANDS.items() if name.split()[:-1] == words]
    assert own
    assert [name for name, entry in own if f" {name.split()[-1]} {entry.help} " not in f"{flat} "] == []


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("compare", "A B"),
        ("test", "[SETTING]"),
        ("predict", "[SOURCE]…"),
        ("contract validate", "CONFIG…"),
        ("contract show", "CONFIG [KEY=VALUE]…"),
        ("run", "[CONFIG|STAGE|KEY=VALUE]…"),
        ("eval-suite", "[PRED.json]…"),
    ],
)
def test_the_usage_says_what_may_be_left_out_and_what_may_be_several(capsys, name, usage):
    assert main([*name.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: yolozu {name} [OPTIONS] {usage}\n")


def test_a_training_names_first_what_is_given_most_often(capsys):
    assert main(["train", "--help"]) == 0
    said = capsys.readouterr().out
    panels = re.findall(r"^(\S.*):$", said, re.MULTILINE)
    assert panels[:3] == ["Arguments", "Options", "Common keys of the contract"]
    common = said.partition(f"{panels[2]}:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  --(\S+)", common, re.MULTILINE) == [key.replace("_", "-") for key in COMMON]


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
