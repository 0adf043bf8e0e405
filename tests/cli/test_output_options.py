"""An output that cannot be written is refused before the work, by every command that has one."""

from __future__ import annotations

import pytest

from tests.cli.test_help import command_of
from tests.fixtures.projects import CONTRACT
from yolozu.cli.app import COMMANDS, main

READ = {
    "--run-dir", "--config", "--bundle", "--coco-root", "--instances", "--bop-root", "--from", "--dataset",
    "--backgrounds", "--checkpoint", "--onnx", "--annotations", "--predictions", "--models", "--targets", "--protocol",
    "plot-metrics --jsonl", "trace --runs", "trace --store", "data shard --order",
}  # fmt: skip
"""Options whose files are read, with the command where another one writes a file of that name."""

READ_ARGUMENTS = {
    "bundle", "config", "before", "after", "root", "dataset", "image", "file", "predictions", "setting", "photos",
    "checkpoint", "base", "adapters", "artifacts", "files",
}  # fmt: skip
BESIDE = {
    "data subset": ["--count", "3"],
    "data corruptions": ["image.png"],
    "export-predictions": ["--checkpoint", "best.pt"],
    "predict": ["--checkpoint", "best.pt"],
    "convert-predictions": ["--to", "coco"],
    "data corrupt": ["--corruption", "fog"],
    "data fetch": ["coco128"],
    "plot-metrics": ["--jsonl", "no.jsonl"],
    "eval-suite": ["p.json"],
    "test": ["--dataset", "data", "--predictions", "p.json"],
}
"""Command -> words that it needs beside an output, and that do not follow from its options."""


def needed(name, option):
    """Words for everything that a command requires but ``option``; what they name is not there."""
    given = BESIDE.get(name, [])
    for parameter in command_of(name).params:
        is_option = parameter.param_type_name == "option"
        is_output = option == parameter.opts[0] if is_option else option is None
        if parameter.required and not is_output and not {parameter.opts[0], "coco128"} & {*given}:
            value = "64" if parameter.opts[0] == "--size" else f"no-{parameter.name}"
            yield from [parameter.opts[0], value] if is_option else [value]
    yield from given


def outputs_of(name):
    """Options and arguments of a command that name what it writes."""
    for parameter in command_of(name).params:
        kind = getattr(parameter, "type_descriptor", None)
        if kind is None or "Path" not in str(kind.annotation):
            continue
        option = parameter.param_type_name == "option"
        read = {parameter.opts[0], f"{name} {parameter.opts[0]}"} & READ if option else parameter.name in READ_ARGUMENTS
        if not read:
            yield parameter.opts[0] if option else None


OUTPUTS = [(name, option) for name in COMMANDS for option in outputs_of(name)]


@pytest.mark.parametrize(("name", "option"), OUTPUTS, ids=[f"{name} {option}" for name, option in OUTPUTS])
def test_it_is_refused_before_anything_else_is_looked_at(tmp_path, monkeypatch, capsys, name, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT.replace("dataset_root: scenes", "dataset_root: synthetic"))
    (tmp_path / "taken").write_text("mine")
    pictures = ["photos"] if name == "predict" and option not in {"--output", "--ttt-log-out"} else []
    outputs = ["taken/x.png"] if option is None else [option, "taken/x.png"]
    assert main([*name.split(), *pictures, *needed(name, option), *outputs]) == 2
    said = capsys.readouterr().err
    assert "taken/x.png: YZ727 " in said
    assert (tmp_path / "taken").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exp.yaml", "taken"]
