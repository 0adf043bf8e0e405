"""Contracts held against the rules and against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.errors import ContractError, Finding, UsageError

if TYPE_CHECKING:
    from yolozu.contract.diff import KeyDifference
    from yolozu.planning.plan import Plan


CHECKOUT = ("yolozu/contract", "contracts/v1", "docs/reference")
"""Directories that a checkout has."""


@dataclass(frozen=True)
class CheckedContract:
    """A contract file and what was found.

    Attributes:
        path: the file.
        loaded: the contract; None where it cannot be used.
        findings: errors and warnings.
    """

    path: Path
    loaded: LoadedContract | None
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True)
class ChangedKey:
    """A key that two contracts resolve to differently.

    Attributes:
        difference: the key, and both values with their origins.
        stale: stages that read the key.
        then: stages that read what those give.
        by_content: whether the stages ask for the content of a file that the key names.
    """

    difference: KeyDifference
    stale: list[str]
    then: list[str]
    by_content: bool


def checked_contracts(words: Sequence[str], *, strict: bool) -> list[CheckedContract]:
    """Contract files, with the KEY=VALUE pairs among ``words`` over each; ``strict`` makes errors of warnings.

    Raises:
        ContractError: a pair is none.
        UsageError: YZ310 no file is named.
    """
    paths = [Path(word) for word in words if "=" not in word or Path(word).is_file()]
    if not paths:
        raise UsageError.one(
            "YZ310", where=words[0], problem="overrides no contract", fix="name a contract file too, such as exp.yaml"
        )
    overrides = parse_assignments([word for word in words if Path(word) not in paths])
    checked = []
    for path in paths:
        try:
            loaded = load_contract(path, overrides, strict=strict)
        except ContractError as error:
            checked.append(CheckedContract(path, None, tuple(error.findings)))
        else:
            found = (replace(finding, severity="error") if strict else finding for finding in loaded.warnings)
            checked.append(CheckedContract(path, loaded, tuple(found)))
    return checked


def require_checkout(option: str) -> None:
    """Refuse to write generated files where the working directory is no checkout of yolozu.

    Raises:
        UsageError: YZ116.
    """
    if not all(Path(place).is_dir() for place in CHECKOUT):
        problem = f"writes into a checkout of yolozu, and {Path.cwd()} is none"
        fix = "leave it out: yolozu contract schema > FILE"
        raise UsageError.one("YZ116", where=option, problem=problem, fix=fix)


def changed_keys(before: LoadedContract, after: LoadedContract) -> list[ChangedKey]:
    """Keys that two contracts resolve to differently, and the stages of the second that the change makes stale."""
    from yolozu.contract.diff import differences
    from yolozu.contract.path_keys import path_keys
    from yolozu.planning.compiler import compile_plan, registered_stages

    plan, paths = compile_plan(after.contract, registered_stages()), path_keys()
    found = [(entry, *stale_stages(entry.key, entry.section, plan)) for entry in differences(before, after)]
    return [ChangedKey(entry, direct, then, (entry.key,) in paths) for entry, direct, then in found]


def stale_stages(key: str, section: str, plan: Plan) -> tuple[list[str], list[str]]:
    """Stages of ``plan`` that a changed ``key`` of ``section`` makes stale, and those that read what they give."""
    from yolozu.contract.spec_history import decides_nothing
    from yolozu.stages.base import links

    if decides_nothing(key):
        return [], []
    direct: list[str] = []
    then: list[str] = []
    for stage in (node.stage for node in plan.nodes):
        sources = {link.target.partition(".")[0] for link in links(stage.inputs).values() if link.kind == "needs"}
        if section in stage.spec.model_fields:
            direct.append(stage.name)
        elif sources & {*direct, *then}:
            then.append(stage.name)
    return direct, then
