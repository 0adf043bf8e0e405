"""The plan drawn: stages, the files between them, and how each stage stands."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yolozu.planning.plan import Node

GROUPS = {
    "done": ("#d7f0d7", ("up to date",)),
    "open": ("#fff2c4", ("stale", "in progress", "interrupted")),
    "bad": ("#f8d0d0", ("failed", "refused", "unreadable")),
    "new": ("#ffffff", ("not built",)),
}
"""How stages are colored -> the color, and the states that have it."""


@dataclass(frozen=True)
class Drawing:
    """What the two languages of graphs draw.

    Attributes:
        stages: id -> lines of its box, and the group of its state.
        files: id -> path.
        edges: pairs of ids, from what is made to what reads it, and whether it is a gate that must have passed.
    """

    stages: Mapping[str, tuple[tuple[str, str], str]]
    files: Mapping[str, str]
    edges: Sequence[tuple[str, str, bool]]


def drawing_of(nodes: Sequence[Node], states: Mapping[str, str]) -> Drawing:
    """The graph of ``nodes``, whose states are as in `yolozu status`."""
    groups = {state: group for group, (_, found) in GROUPS.items() for state in found}
    numbers = {node.name: f"s{number}" for number, node in enumerate(nodes, 1)}
    paths = dict.fromkeys(path for node in nodes for path in (*node.inputs.values(), *node.outputs.values()))
    ids = {path: f"f{number}" for number, path in enumerate(paths, 1)}
    edges = []
    for node in nodes:
        number = numbers[node.name]
        edges += [(ids[path], number, False) for path in node.inputs.values()]
        edges += [(ids[path], number, True) for path in node.gates.values()]
        edges += [(number, ids[path], False) for path in node.outputs.values()]
    stages = {numbers[node.name]: ((node.name, states[node.name]), groups[states[node.name]]) for node in nodes}
    return Drawing(stages, {number: path for path, number in ids.items()}, edges)


def as_mermaid(drawing: Drawing) -> Iterator[str]:
    """Lines of a Mermaid flowchart: boxes are stages, rounded ones files, dashed arrows gates that must pass."""
    yield "flowchart TD"
    for number, (lines, group) in drawing.stages.items():
        label = "<br/>".join(map(_in_mermaid, lines))
        yield f'  {number}["{label}"]:::{group}'
    for number, path in drawing.files.items():
        yield f'  {number}(["{_in_mermaid(path)}"])'
    for start, end, gate in drawing.edges:
        yield f"  {start} {'-. must pass .->' if gate else '-->'} {end}"
    for group in dict.fromkeys(group for _, group in drawing.stages.values()):
        yield f"  classDef {group} fill:{GROUPS[group][0]},stroke:#555555,color:#000000"


def as_dot(drawing: Drawing) -> Iterator[str]:
    """Lines of a graph in Graphviz' language, drawn alike."""
    yield "digraph plan {"
    for number, (lines, group) in drawing.stages.items():
        label = r"\n".join(map(_in_dot, lines))
        yield f'  {number} [label="{label}", shape=box, style=filled, fillcolor="{GROUPS[group][0]}"];'
    for number, path in drawing.files.items():
        yield f'  {number} [label="{_in_dot(path)}", shape=box, style=rounded];'
    for start, end, gate in drawing.edges:
        style = ' [style=dashed, label="must pass"]' if gate else ""
        yield f"  {start} -> {end}{style};"
    yield "}"


def as_text(nodes: Sequence[Node], states: Mapping[str, str], width: int) -> Iterator[str]:
    """Lines of at most ``width`` columns: each stage, how it stands, what it reads from whom, what it makes."""
    made_by = {path: node.name for node in nodes for path in node.outputs.values()}
    column = max(len(node.name) for node in nodes)
    for node in nodes:
        yield f"{node.name:<{column}}  {states[node.name]}"
        read: dict[str, list[str]] = {}
        for path in node.inputs.values():
            origin = made_by.get(path)
            read.setdefault("reads" if origin is None else f"from {origin}:", []).append(path)
        for path in node.gates.values():
            read.setdefault("once passed:", []).append(path)
        optional = node.optional_outputs
        read["makes"] = [path for path in node.outputs.values() if path not in optional]
        read["may make"] = [path for path in node.outputs.values() if path in optional]
        for word, paths in read.items():
            yield from _listed(word, paths, width) if paths else ()


def _listed(word: str, paths: Sequence[str], width: int) -> list[str]:
    """``word`` and the paths behind it, broken between them."""
    text = f"{word} {', '.join(paths)}"
    return textwrap.wrap(
        text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _in_mermaid(text: str) -> str:
    """``text`` within quotes: Mermaid would end, number or mark up at these."""
    entities = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(entities.get(letter, letter) for letter in text)


def _in_dot(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")
