"""A file and its overrides -> a contract in which every key knows where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yolozu.contract.expansion import expand, expand_file
from yolozu.contract.overrides import Override, override_nodes, replace_aliases
from yolozu.contract.path_keys import rebase_file
from yolozu.contract.required_keys import asked_by, missing_keys
from yolozu.contract.rules import RULES
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.fit import fit, unknown_key
from yolozu.contract.strict.slots import slot_at
from yolozu.contract.strict.validate import conflict_problem, validate
from yolozu.contract.text.node import BROKEN, DEFAULT_ORIGIN, KeyPath, Node, Origin, Problem
from yolozu.contract.text.source import read_source
from yolozu.contract.unused_keys import unused_keys
from yolozu.contract.versions import current_version, other_version
from yolozu.errors import ContractError, Finding

COMMAND_LINE = "command line"
"""Stands for the file where a contract consists of overrides alone."""


@dataclass(frozen=True)
class LoadedContract:
    """A contract and how it came about.

    Attributes:
        path: the file; None where there is none.
        contract: every key, typed, defaults filled.
        explicit: dotted key -> value as given, of what was given.
        source: dotted key -> where it was given; keys that are not here have their default.
        warnings: what is wrong without keeping the contract from being used.
        strict: whether strict mode was on.
        hidden: dotted key -> value and place in the file that an override has replaced by another value.
    """

    path: Path | None
    contract: Contract
    explicit: Mapping[str, Any]
    source: Mapping[str, Origin]
    warnings: tuple[Finding, ...]
    strict: bool
    hidden: Mapping[str, tuple[Any, Origin]] = field(default_factory=dict)

    def origin_of(self, key: str) -> str:
        """Where ``key`` (dotted where it nests) was given: ``exp.yaml:12``, ``lr=0.1``, ``--lr``; else ``default``.

        The entries of a map may have been given at several places.
        """
        if key in self.source:
            return self.source[key].text
        inside = dict.fromkeys(origin.text for leaf, origin in self.source.items() if leaf.startswith(f"{key}."))
        return ", ".join(inside) if inside else DEFAULT_ORIGIN.text


def load_contract(
    path: Path | None, overrides: Sequence[Override] = (), *, strict: bool = False, base: Path | None = None
) -> LoadedContract:
    """The contract in a YAML or JSON file with ``overrides`` on top.

    Args:
        path: the file; None for overrides and defaults alone.
        overrides: flags win over KEY=VALUE, which win over the file; within one kind the later one wins.
        strict: strict mode whatever the file says.
        base: directory that the paths in the file are relative to; None means the working directory.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    root, problems = (Node({}, Origin.of_file(COMMAND_LINE)), []) if path is None else read_source(path)
    another = other_version(root, current_version())
    if another is not None:
        raise ContractError([another.finding])
    root = Node(root.value, Origin.of_file(root.origin.file))
    problems += replace_aliases(root, nested=False)
    if base is not None:
        rebase_file(root, base, Path.cwd())
    problems += expand_file(root)
    problems += _expand_model(root, path) + replace_aliases(root, nested=True)
    written = Node(dict(root.value), root.origin)
    hidden = _hidden(root, overrides)
    problems += _apply(root, overrides, path)
    asked = asked_by(root)
    strict = strict or asked is not None
    if strict:
        problems += missing_keys(written if path is not None else root, asked)
    unknown = fit(root)
    contract, invalid, bad = validate(root)
    problems += [*unknown, *invalid, *_broken_rules(contract, root, bad)]
    warnings = [problem for problem in unknown if not strict and problem.origin.layer == 0]
    if len(problems) > len(warnings):
        tolerated = {id(problem) for problem in warnings}
        raise ContractError(_as_warning(problem, id(problem) in tolerated) for problem in sorted(problems))
    warnings += unused_keys(root, contract)
    leaves = {_key(leaf): node for leaf, node in root.leaves() if leaf}
    return LoadedContract(
        path=path,
        contract=contract,
        explicit={key: node.plain() for key, node in leaves.items()},
        source={key: node.origin for key, node in leaves.items()},
        warnings=tuple(_as_warning(problem, tolerated=True) for problem in sorted(warnings)),
        strict=strict,
        hidden=hidden,
    )


def contract_digest(contract: Contract) -> str:
    """SHA-256 (hex) of what the contract says about results: without run's name, copies, report, operational keys."""
    from yolozu.artifacts.digest import digest_of

    values = contract.model_dump(
        mode="json", exclude={"run": {"run_id", "run_contract"}, "report": True, "files": True, "operations": True}
    )
    return digest_of(values)


def _expand_model(root: Node, contract_path: Path | None) -> list[Problem]:
    """Put the map that ``model: PATH`` names in the path's place."""
    node = root.find(("model",))
    if node is None or not isinstance(node.value, str):
        return []
    path, origin = Path(node.value), node.origin
    try:
        read, problems = read_source(path)
    except ContractError as error:
        node.value = BROKEN
        beside = None if contract_path is None else contract_path.parent / path
        hint = "paths are relative to the working directory: write {}"
        fix = hint.format(beside) if beside is not None and beside.is_file() and not path.is_file() else None
        return [
            Problem.at(
                origin, ("model",), found.code, f"{found.where}: {found.problem}", found.fix if fix is None else fix
            )
            for found in error.findings
        ]
    root.value["model"] = Node(read.value, origin)
    return problems


def _apply(root: Node, overrides: Sequence[Override], contract_path: Path | None) -> list[Problem]:
    nodes, problems = override_nodes(overrides)
    for path, node in nodes:
        if slot_at(path) is None:
            problems.append(unknown_key(node.origin, path))
            continue
        problems += expand(path, node)
        root.put(path, node)
        if path == ("model",):
            problems += _expand_model(root, contract_path)
    return problems


def _hidden(root: Node, overrides: Sequence[Override]) -> dict[str, tuple[Any, Origin]]:
    """What the file says under keys to which ``overrides`` give another value."""
    found = {path: (root.find(path), node) for path, node in override_nodes(overrides)[0]}
    return {
        _key(path): (written.plain(), written.origin)
        for path, (written, node) in found.items()
        if written is not None and written.plain() != node.plain()
    }


def _broken_rules(contract: Contract, root: Node, bad: set[KeyPath]) -> Iterable[Problem]:
    """Problems of the rules whose keys could all be read."""
    for rule in RULES:
        for conflict in rule(contract):
            if not any(path[: len(gone)] == gone for path in conflict.paths for gone in bad):
                yield conflict_problem(conflict, root)


def _key(path: KeyPath) -> str:
    return ".".join(str(part) for part in path)


def _as_warning(problem: Problem, tolerated: bool) -> Finding:
    return replace(problem.finding, severity="warning") if tolerated else problem.finding
