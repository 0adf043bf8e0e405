"""Every command line that a page shows can be typed: it parses as shell, and its options, keys and stages are there."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import textwrap
from pathlib import Path

import pytest
import typer
import typer.exceptions
from ruamel.yaml import YAML

from yolozu.cli.app import GROUPS, asked_command, build_app, with_default
from yolozu.contract.overrides import parse_assignments
from yolozu.contract.strict.slots import slot_at
from yolozu.engine.command_words import ASKS, parse_words
from yolozu.errors import YolozuError
from yolozu.stages.registry import GROUPS as SHORT_NAMES
from yolozu.stages.registry import STAGES

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(?:bash|sh|shell|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
STEP = re.compile(r"^ *- (?:run: )?(yolozu .*)$", re.MULTILINE)
"""A step of a pipeline."""
CHORES = {"list", "lint", "types", "suite", "reference"}
"""What `doit` knows besides stages: its own commands, and this repository's chores."""

RUN_WORDS = {"CONFIG|STAGE|KEY=VALUE", "CONFIG|KEY=VALUE"}
"""How commands call words that name a contract, stages and keys."""

OPERATORS = {"|", "||", "&&", ";", ">", ">>", "2>", "<", "&"}


def blocks_of(page):
    text = page.read_text()
    return [*BLOCK.findall(text), *(step for block in YAML_BLOCK.findall(text) for step in STEP.findall(block))]


def commands_of(block):
    """The words of each command in a block, up to a redirection."""
    for line in re.sub(r"\\\n\s*", " ", block).splitlines():
        words: list[str] = []
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        for word in [*lexer, ";"]:
            if word in OPERATORS:
                yield words
                words = []
            else:
                words.append(word)


def ours_in(block):
    """The commands of a block that are `yolozu` or `doit`, with or without `./dev` before them."""
    for words in commands_of(block):
        command = words[1:] if words[:1] == ["./dev"] else words
        if command and command[0] in {"yolozu", "doit"}:
            yield command


LINES = [(page, words) for page in PAGES for block in blocks_of(page) for words in ours_in(block)]


def check_pairs(assignments):
    for override in parse_assignments(assignments):
        assert slot_at(override.path) is not None, f"{override.origin}: no such key"


def check_yolozu(words):
    if words[0] in {"--version", "--help", "--install-completion"} or words in [[group] for group in GROUPS]:
        return
    words = with_default(words)
    name = asked_command(words)
    assert name is not None, "no such command"
    command = typer.main.get_command(build_app(name, words))
    for word in name.split():
        command = command.commands[word]
    values = command.make_context(name, words[len(name.split()) :]).params
    if getattr(command.params[0], "metavar", None) in RUN_WORDS:
        for override in parse_words(values["words"] or []).given:
            assert slot_at(override.path) is not None, f"{override.origin}: no such key"


def check_doit(words):
    pairs = [word for word in words if "=" in word]
    assert {word for word in words if word not in pairs and not word.startswith("-")} <= {
        *STAGES,
        *SHORT_NAMES,
        *CHORES,
    }
    check_pairs([word for word in pairs if word.partition("=")[0] not in ASKS])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_shell_block_parses(page):
    for block in blocks_of(page):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


@pytest.mark.parametrize(("page", "words"), LINES, ids=[f"{page.name}: {' '.join(words)}" for page, words in LINES])
def test_every_command_of_ours_is_one(page, words):
    program, *rest = words
    (check_yolozu if program == "yolozu" else check_doit)(rest)


@pytest.mark.parametrize(
    "line",
    ["yolozu rnu", "yolozu run --epoch 3", "yolozu run lrr=1", "yolozu run evla", "yolozu eval-coco --dataset d",
     "doit evla", "doit lrr=1", "./dev doit lrr=1", "yolozu data synth"],
)  # fmt: skip
def test_a_command_that_is_none_is_found(line):
    ((program, *rest),) = ours_in(line)
    with pytest.raises((AssertionError, YolozuError, typer.exceptions.TyperException)):
        (check_yolozu if program == "yolozu" else check_doit)(rest)


def test_steps_of_pipelines_are_looked_at_too_and_pipelines_are_yaml():
    page = REPOSITORY / "docs/how-to/ci.md"
    steps = [words for block in blocks_of(page) for words in ours_in(block)]
    assert ["yolozu", "contract", "validate", "exp.yaml", "--strict"] in steps
    _, actions, gitlab = (YAML(typ="safe").load(block) for block in YAML_BLOCK.findall(page.read_text()))
    assert {"uses", "run"} >= {next(iter(step)) for step in actions["jobs"]["model"]["steps"]}
    assert gitlab["model"]["artifacts"]["reports"] == {"junit": "junit.xml"}


def test_lines_are_read_as_a_shell_reads_them():
    block = "yolozu run \\\n  lr=1 # why\nA=1 yolozu x && yolozu plan | head >f; ./dev doit eval\n"
    assert list(ours_in(block)) == [["yolozu", "run", "lr=1"], ["yolozu", "plan"], ["doit", "eval"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_python_block_parses(page):
    for block in PYTHON.findall(page.read_text()):
        entry = re.match(r'"\w+": ', block)  # a line of a table, to be put into one
        ast.parse(f"{{{block}}}" if entry else textwrap.dedent(block))
