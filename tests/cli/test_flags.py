from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from yolozu.cli.flags import contract_flags, overrides_of, section_flags, unlisted_contract_flags
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import ALIASES, Override
from yolozu.contract.sections.predict import PredictSection
from yolozu.contract.strict.slots import keys
from yolozu.errors import ContractError

SEEN: list[tuple[Path | None, str | None, bool, list[Override]]] = []


@contract_flags
def sample(
    config: Annotated[Path | None, typer.Argument(help="Contract.")] = None,
    run_id: Annotated[str | None, typer.Option(help="Name of the run.")] = None,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Insist.")] = False,
    overrides: list[Override],
) -> None:
    """A command with every key."""
    SEEN.append((config, run_id, resume, overrides))


APP = typer.Typer(rich_markup_mode="markdown")
APP.command()(sample)


def called(*arguments):
    SEEN.clear()
    result = CliRunner().invoke(APP, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return SEEN[0]


def test_only_what_was_given_is_an_override():
    assert called("exp.yaml") == (Path("exp.yaml"), None, False, [])


def test_flags_become_overrides_with_their_flag_as_origin():
    config, run_id, resume, overrides = called(
        "exp.yaml", "--run-id", "exp01", "--resume", "--lr", "0", "--no-use-ema", "--wd-exclude-bias", "--image-size",
        "320,640", "--optimizer", "sgd", "--require", '{map50: ">= 0.3"}', "--dataset-root", "a: b", "--max-steps",
        "null",        "--no-ddp", "--use-amp", "--num-queries", "9",
    )  # fmt: skip
    assert (config, run_id, resume) == (Path("exp.yaml"), "exp01", True)
    assert {(override.key, str(override.value), override.origin) for override in overrides} == {
        ("lr", "0", "--lr"),
        ("use_ema", "False", "--no-use-ema"),
        ("wd_exclude_bias", "True", "--wd-exclude-bias"),
        ("image_size", "320,640", "--image-size"),
        ("optimizer", "sgd", "--optimizer"),
        ("require", "{'map50': '>= 0.3'}", "--require"),
        ("dataset_root", "a: b", "--dataset-root"),
        ("max_steps", "None", "--max-steps"),
        ("ddp", "False", "--no-ddp"),
        ("use_amp", "True", "--use-amp"),
        ("num_queries", "9", "--num-queries"),
    }


def test_what_a_flag_says_is_checked_like_a_contract():
    overrides = called("--lr", "fast", "--task-aligner", "nono", "--epochs", "2", "--seed", "-1")[3]
    with pytest.raises(ContractError) as caught:
        load_contract(None, overrides)
    assert str(caught.value) == (
        "--seed: YZ104 must be a whole number of at least 0, got -1\n"
        "  fix: correct it, or drop seed for its default, 0\n"
        "--lr: YZ103 must be a number of at least 0, got fast\n  fix: correct it, or drop lr for its default, 0.0001\n"
        "--task-aligner: YZ104 must be none or uncertainty, got nono\n  fix: did you mean 'none'?"
    )


def test_flags_that_cannot_be_read_are_named_all_at_once():
    with pytest.raises(ContractError) as caught:
        overrides_of({"lr": "[", "require": "{", "model": "a.yaml", "model_config": "b.yaml"})
    assert [finding.where for finding in caught.value.findings] == ["--lr", "--require", "--model-config"]


def test_every_key_is_a_flag_with_its_docstring_under_its_section():
    text = CliRunner().invoke(APP, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    for key in {*keys(), *ALIASES} - {"run_id"}:
        assert f"--{key.replace('_', '-')} " in text
    assert "--no-use-ema" in text
    assert "Base learning rate. Default: 0.0001." in text
    assert "none|uncertainty" in text
    assert "[height, width]" in text
    assert "How the learning rate moves" in text


@section_flags(PredictSection)
def part(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, overrides: list[Override]
) -> None:
    """A command with the keys of one section."""
    SEEN.append((None, None, as_json, overrides))


def test_a_command_may_have_the_keys_of_some_sections():
    app = typer.Typer(rich_markup_mode="markdown")
    app.command()(part)
    result = CliRunner().invoke(app, ["--score-threshold", "0.5", "--json"], catch_exceptions=False)
    assert (result.exit_code, SEEN.pop()[2:]) == (0, (True, [Override("score_threshold", 0.5, "--score-threshold")]))
    help_text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert "rtdetr_pose|onnxruntime|openvino|precomputed|dummy|NAME" in help_text
    assert "--lr" not in help_text


@unlisted_contract_flags
def question(
    words: Annotated[list[str] | None, typer.Argument(help="Words.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    overrides: list[Override],
) -> None:
    """A command that takes every key, and lists none."""
    SEEN.append((words, None, as_json, overrides))


@pytest.mark.parametrize(
    ("words", "keys_given"),
    [
        (["a", "--json"], []),
        (["a", "--epochs", "3", "--no-ddp"], [("ddp", False), ("epochs", 3)]),
        (["--lr=1"], [("lr", 1)]),
    ],
)
def test_a_command_may_take_every_key_without_listing_them(words, keys_given):
    SEEN.clear()
    app = typer.Typer()
    app.command()(question.for_words(words))
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert sorted((override.key, override.value) for override in SEEN[0][3]) == keys_given
    assert "--epochs" not in CliRunner().invoke(app, ["--help"]).output


def test_options_that_nobody_gives_are_not_made():
    assert question.for_words(["a", "--json", "lr=1", "--help"]) is question
