"""YAML text -> nodes with lines, by the events of ruamel's parser.

Only what a contract needs: maps, lists, scalars of the YAML 1.2 core schema, and aliases of scalars. Tags, merge keys,
shared collections, directives and further documents are refused where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yolozu.artifacts.plain_yaml import PARSER_ERRORS
from yolozu.contract.text.node import BROKEN, KeyPath, Node, Origin, Problem
from yolozu.contract.text.scalars import resolve
from yolozu.contract.text.structure import MAX_DEPTH, StructureError, duplicate, strange_text, too_deep, top_level
from yolozu.contract.text.yaml_errors import syntax_problem
from yolozu.errors import ContractError


def read_yaml_text(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The map in a YAML text.

    Raises:
        ContractError: YZ106 where it is no YAML, YZ107 where reading cannot go on after what is refused, YZ113 where it
            holds no map.
    """
    node, problems = read_yaml_value(text, file)
    if node is None or not isinstance(node.value, dict):
        if node is not None and node.value is BROKEN:
            raise ContractError([problem.finding for problem in sorted(problems)])
        raise ContractError([top_level(node, file).finding])
    return node, problems


def read_yaml_value(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """Whatever a YAML text holds; None for an empty one.

    Raises:
        ContractError: as `read_yaml_text`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = _Reader(file)
    try:
        return reader.document(YAML(typ="safe", pure=True).parse(text)), reader.problems
    except StructureError as stop:
        found = sorted([*reader.problems, stop.problem])
        raise ContractError([problem.finding for problem in found]) from stop
    except (YAMLError, *PARSER_ERRORS) as error:
        raise ContractError([syntax_problem(error, file).finding]) from error


class _Reader:
    """Builds nodes from parser events, one document."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, Node | None] = {}
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Any]) -> Node | None:
        """The only document; None when there is none."""
        self._events = events
        next(events)  # the start of the stream
        start = next(events)
        if _kind(start) == "StreamEndEvent":
            return None
        self._check_directives(start)
        node = self._node(next(events), (), depth=0)
        next(events)  # the end of the document
        after = next(events)
        if _kind(after) != "StreamEndEvent":
            fix = "keep one contract a file; remove the '---' or '...' line"
            raise StructureError(Problem.at(self._origin(after), (), "YZ107", "a second document starts here", fix))
        return node

    def _check_directives(self, start: Any) -> None:
        origin = Origin.in_file(self._file, 1)
        if start.version is not None and tuple(start.version) != (1, 2):
            version = ".".join(str(part) for part in start.version)
            problem = f"the %YAML {version} directive changes what values mean"
            raise StructureError(Problem.at(origin, (), "YZ107", problem, "remove it: contracts are YAML 1.2"))
        if start.tags:
            raise StructureError(
                Problem.at(origin, (), "YZ107", "a %TAG directive; tags have no place here", "remove it")
            )

    def _node(self, event: Any, path: KeyPath, depth: int) -> Node:
        kind, origin = _kind(event), self._origin(event)
        if depth > MAX_DEPTH:
            raise StructureError(too_deep(origin, path))
        if kind == "AliasEvent":
            return self._alias(event, origin, path)
        node = Node(self._value(event, kind, origin, path, depth), origin)
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(origin, path, f"the tag {shown} is refused: a contract is plain data", f"remove {shown}")
            node.value = BROKEN
        if event.anchor is not None:
            self._remember(event.anchor, node, path)
        return node

    def _value(self, event: Any, kind: str, origin: Origin, path: KeyPath, depth: int) -> Any:
        if kind == "MappingStartEvent":
            return self._map(path, depth)
        if kind == "SequenceStartEvent":
            return self._list(path, depth)
        quoted = event.style is not None
        value = event.value if quoted else resolve(event.value)
        problem = strange_text(value, origin, path)
        if problem is None:
            return value
        self.problems.append(problem)
        return BROKEN

    def _map(self, path: KeyPath, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while _kind(event := next(self._events)) != "MappingEndEvent":
            key = self._key(event, path)
            origin = self._origin(event)
            node = self._node(next(self._events), (*path, key), depth + 1)
            node = Node(node.value, origin)
            strange = strange_text(key, origin, (*path, key))
            if strange is not None:
                self.problems.append(strange)
            elif key == "<<" and event.style is None:
                self._refuse(origin, path, "a merge key (<<) hides what is set where", "write the keys out")
            elif key in entries:
                self.problems.append(duplicate(entries[key].origin, origin, (*path, key)))
            else:
                entries[key] = node
        return entries

    def _list(self, path: KeyPath, depth: int) -> list[Node]:
        entries: list[Node] = []
        while _kind(event := next(self._events)) != "SequenceEndEvent":
            entries.append(self._node(event, (*path, len(entries)), depth + 1))
        return entries

    def _key(self, event: Any, path: KeyPath) -> str:
        if _kind(event) != "ScalarEvent" or event.tag is not None:
            problem = Problem.at(
                self._origin(event), path, "YZ107", "a key that is no plain word", "write 'key: value'"
            )
            raise StructureError(problem)
        return str(event.value)

    def _remember(self, anchor: str, node: Node, path: KeyPath) -> None:
        if isinstance(node.value, dict | list):
            self._refuse(node.origin, path, f"the anchor &{anchor} on a collection is refused", "write the values out")
            self._anchors[anchor] = None
        else:
            self._anchors[anchor] = node

    def _alias(self, event: Any, origin: Origin, path: KeyPath) -> Node:
        if event.anchor not in self._anchors:
            problem = f"*{event.anchor} stands for nothing: there is no &{event.anchor} above"
            self._refuse(origin, path, problem, "quote the value if it starts with '*'")
        target = self._anchors.get(event.anchor)
        return Node(BROKEN if target is None else target.value, origin)

    def _refuse(self, origin: Origin, path: KeyPath, problem: str, fix: str) -> None:
        self.problems.append(Problem.at(origin, path, "YZ107", problem, fix))

    def _origin(self, event: Any) -> Origin:
        return Origin.in_file(self._file, event.start_mark.line + 1)


def _kind(event: Any) -> str:
    return type(event).__name__
