"""What the command line says over the file, and older spellings of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yolozu.contract.strict.slots import slot_at
from yolozu.contract.text.node import BROKEN, KeyPath, Node, Origin, Problem, dotted, printable
from yolozu.contract.text.structure import strange_text
from yolozu.errors import ContractError, Finding

ALIASES: dict[str, KeyPath] = {
    "grad_accum": ("gradient_accumulation_steps",),
    "use_amp": ("amp",),
    "model_config": ("model",),
    "num_queries": ("model", "num_queries"),
}
"""Other spelling -> the key it means."""

_AMP_OF_USE_AMP = {True: "fp16", False: "none"}


@dataclass(frozen=True)
class Override:
    """One key set outside the file.

    Attributes:
        key: flat key, or a dotted one for what nests (``model.backbone.name``).
        value: plain JSON value.
        origin: how it was given: ``--lr``, ``lr=0.001``; flags start with ``--`` and win over the others.
    """

    key: str
    value: Any
    origin: str

    @property
    def is_flag(self) -> bool:
        """Whether it was given as a flag."""
        return self.origin.startswith("--")

    @property
    def path(self) -> KeyPath:
        """The key it means, aliases replaced."""
        return _path_of(self.key)


def parse_assignments(words: Sequence[str]) -> list[Override]:
    """Overrides of ``KEY=VALUE`` words; values are YAML, and plain text where the key is a text.

    Raises:
        ContractError: all words that cannot be used: YZ112 no ``KEY=``, or a key given twice; YZ106 and YZ107 no YAML.
    """
    problems: list[Problem] = []
    overrides: list[Override] = []
    for position, word in enumerate(words, start=1):
        key, equals, text = word.partition("=")
        origin = Origin(1, "", position, word)
        if not equals or not key.strip():
            problems.append(Problem.at(origin, (), "YZ112", "is no KEY=VALUE", "write it like lr=0.001"))
            continue
        try:
            overrides.append(Override(key.strip(), parse_value(key.strip(), text, origin), word))
        except ContractError as error:
            problems += [Problem.at(origin, (), found.code, found.problem, found.fix) for found in error.findings]
    findings = [*(problem.finding for problem in problems), *given_twice(overrides)]
    if findings:
        raise ContractError(findings)
    return overrides


def override_nodes(overrides: Sequence[Override]) -> tuple[list[tuple[KeyPath, Node]], list[Problem]]:
    """Overrides in the order they apply: KEY=VALUE before flags, maps before what is inside them; later wins."""
    problems: list[Problem] = []
    nodes: list[tuple[int, KeyPath, Node]] = []
    for position, override in enumerate(overrides, start=1):
        layer = 2 if override.is_flag else 1
        node = _node_of(override.value, Origin(layer, "", position, override.origin))
        strange = strange_text(override.value, node.origin, override.path)
        problems += [] if strange is None else [strange]
        node.value = BROKEN if strange is not None else node.value
        if override.key == "use_amp":
            node, found = amp_of_use_amp(node)
            problems += found
        nodes.append((layer, override.path, node))
    nodes.sort(key=lambda entry: (entry[0], len(entry[1])))
    return [(path, node) for _, path, node in nodes], problems


def replace_aliases(root: Node, *, nested: bool) -> list[Problem]:
    """Move what the file says under other spellings to the keys they mean: flat ones, or those inside a map."""
    problems: list[Problem] = []
    for alias, target in ALIASES.items():
        node = root.value.pop(alias, None) if (len(target) > 1) == nested else None
        if node is None:
            continue
        existing = root.find(target)
        if existing is not None:
            problem = f"{alias} is another spelling of {'.'.join(map(str, target))}, set on line {existing.origin.line}"
            problems.append(Problem.at(node.origin, (alias,), "YZ110", problem, "keep one of the two"))
            continue
        if alias == "use_amp":
            node, found = amp_of_use_amp(node)
            problems += found
        root.put(target, node)
    return problems


def amp_of_use_amp(node: Node) -> tuple[Node, list[Problem]]:
    """What ``use_amp`` means for ``amp``."""
    if node.value is BROKEN:
        return node, []
    if isinstance(node.value, bool):
        return Node(_AMP_OF_USE_AMP[node.value], node.origin), []
    problem = Problem.at(node.origin, ("use_amp",), "YZ103", "must be true or false", "write amp: none, bf16 or fp16")
    return Node(BROKEN, node.origin), [problem]


def _path_of(key: str) -> KeyPath:
    first, *rest = key.split(".")
    return (*ALIASES.get(first, (first,)), *rest)


def parse_value(key: str, text: str, origin: Origin) -> Any:
    """The JSON value that ``text`` means for ``key``: YAML, and the text itself where the key is a text.

    Raises:
        ContractError: YZ106 and YZ107, it is no YAML.
    """
    from yolozu.contract.text.yaml import read_yaml_value

    slot = slot_at(_path_of(key))
    if slot is not None and slot.is_text and not text.startswith(('"', "'")):
        return None if slot.nullable and text in {"", "~", "null"} else text
    node, problems = read_yaml_value(text, origin.text)
    if problems:
        raise ContractError([problem.finding for problem in problems])
    return None if node is None else node.plain()


def given_twice(overrides: Sequence[Override]) -> list[Finding]:
    """A finding (code YZ112) for each key that is given again, maybe by another spelling."""
    first: dict[KeyPath, Override] = {}
    findings: list[Finding] = []
    for override in overrides:
        earlier = first.setdefault(override.path, override)
        if earlier is not override:
            problem = f"{dotted(override.path)} was given before, as {earlier.origin}"
            findings.append(Finding("YZ112", printable(override.origin), printable(problem), "give it once"))
    return findings


def _node_of(value: Any, origin: Origin) -> Node:
    if isinstance(value, dict):
        return Node({str(key): _node_of(entry, origin) for key, entry in value.items()}, origin)
    if isinstance(value, list | tuple):
        return Node([_node_of(entry, origin) for entry in value], origin)
    return Node(value, origin)
