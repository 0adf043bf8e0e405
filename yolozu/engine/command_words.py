"""The words of a command line that names a run: ``exp.yaml eval run_id=exp01 lr=0.1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yolozu.contract.expansion import UnclearPathError, expanded
from yolozu.contract.overrides import Override, parse_assignments
from yolozu.errors import UsageError
from yolozu.registry import nearest
from yolozu.stages.registry import GROUPS, STAGES

SUFFIXES = (".yaml", ".yml", ".json")
ASKS = ("run_id", "run_dir", "config", "forget", "paranoid")
"""Words ``key=…`` that say which run is meant and how it is looked at, and are no keys of its contract."""

PATHS = ("run_dir", "config")
"""Those of them that are paths."""


@dataclass(frozen=True)
class CommandWords:
    """What the words of a command line ask for.

    Attributes:
        config: contract file.
        run_id: name of the run.
        run_dir: directory of the run.
        names: stages to build.
        given: overrides of contract keys.
        forget: remembered overrides to drop.
        paranoid: whether every file is read, whatever its size and time say.
    """

    config: str | None
    run_id: str | None
    run_dir: str | None
    names: list[str]
    given: list[Override]
    forget: list[str]
    paranoid: bool


def parse_words(words: Sequence[str]) -> CommandWords:
    """Sort words into a contract file, ``run_id=`` and the like (`ASKS`), overrides and stage names.

    Raises:
        UsageError: YZ310, a word is none of these, or says twice what may be said once; YZ856 of ``paranoid``.
        ContractError: an override cannot be parsed.
    """
    asked: dict[str, str] = {}
    names: list[str] = []
    assignments: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in ASKS:
            _ask_once(asked, key, at_home(key, value))
        elif equals:
            assignments.append(word)
        elif word.endswith(SUFFIXES):
            _ask_once(asked, "config", word)
        else:
            names.append(_stage(word))
    forget = [key for key in asked.get("forget", "").split(",") if key]
    given = parse_assignments(assignments)
    return CommandWords(
        asked.get("config"), asked.get("run_id"), asked.get("run_dir"), names, given, forget, is_paranoid(asked)
    )


def is_paranoid(asked: Mapping[str, str]) -> bool:
    """What ``paranoid=`` says.

    Raises:
        UsageError: YZ856, it says neither true nor false.
    """
    said = asked.get("paranoid", "false")
    if said not in ("true", "false"):
        raise UsageError.one(
            "YZ856",
            where=f"paranoid={said}",
            problem="is neither true nor false",
            fix="write paranoid=true to have every file read, or leave it out",
        )
    return said == "true"


def at_home(key: str, value: str) -> str:
    """The value of a word of `ASKS`, with ``~`` replaced where it is a path.

    Raises:
        UsageError: YZ292 there is no such home, or what is meant is unclear.
    """
    try:
        return expanded(value, variables=False) if key in PATHS else value
    except UnclearPathError as error:
        raise UsageError.one("YZ292", where=f"{key}={value}", problem=error.problem, fix=error.fix) from error


def _ask_once(asked: dict[str, str], key: str, value: str) -> None:
    if key in asked:
        raise UsageError.one(
            "YZ310",
            where=f"{key}={value}",
            problem=f"{key} is given twice, also as {asked[key]!r}",
            fix="leave one of them out",
        )
    asked[key] = value


def _stage(word: str) -> str:
    if word in STAGES:
        return word
    if word in GROUPS:
        return GROUPS[word]
    known = [*STAGES, *GROUPS]
    guess = nearest(word, known)
    raise UsageError.one(
        "YZ310",
        where=word,
        problem="is no contract file (.yaml, .yml, .json), no KEY=VALUE and no stage",
        fix=f"did you mean {guess!r}?" if guess else f"stages and short names are: {', '.join(dict.fromkeys(known))}",
    )
