"""`yolozu trace`: what made a file."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.cli.options import Json
from yolozu.cli.render import counted, say, say_json, show_findings, table, wrapped
from yolozu.errors import EXIT_DONE, EXIT_REFUSED, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.trace.lineage import Parent, TracedStage
    from yolozu.app.trace.traced import TracedArtifact

SHORT = 12
"""Digits of a digest in the tree; the report has all of them."""


def trace(
    artifacts: Annotated[
        list[Path], typer.Argument(help="Files of runs, where they are or copied anywhere.", metavar="ARTIFACT…")
    ],
    *,
    runs: Annotated[
        Path | None,
        typer.Option(help="Runs whose receipts are looked through, at any depth; left out, runs.", metavar="DIR"),
    ] = None,
    store: Annotated[
        list[Path] | None, typer.Option(help="Another store of results to look through; several times.", metavar="DIR")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 unless a receipt proves every file.")] = False,
    as_json: Json = False,
) -> int:
    """What made a file: contract, data, code, command, machine, and all that came before it.

    A receipt that names the file's SHA-256 proves it; what only the file itself says is told as such. Exit 1: a file
    was changed after it was made, or nobody is known to have made it.
    """
    from yolozu.app.trace.trace import trace as traced

    found = traced(artifacts, runs_dir=runs, store_dirs=[] if store is None else store)
    if as_json:
        say_json(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    else:
        say("\n\n".join("\n".join(_lines(one)) for one in found.artifacts), end="\n" if found.artifacts else "")
    show_findings((*found.warnings, *found.unreadable, *(one for file in found.artifacts for one in file.findings)))
    if found.unreadable:
        return EXIT_USAGE
    return EXIT_REFUSED if found.refused or (check and not found.all_proved) else EXIT_DONE


def _lines(one: TracedArtifact) -> Iterator[str]:
    yield str(one.path)
    yield f"  {_what(one)}"
    yield f"  SHA-256 {one.sha256}"
    yield from _verdict(one)
    if one.verdict != "made" and (one.statement.said or one.stated):
        yield from _said(one)
    if one.stages:
        yield ""
        yield from _Tree(one).lines()
        yield from _training(one)
        yield from _contract(one)


def _what(one: TracedArtifact) -> str:
    kind = "of a kind that says nothing of itself" if one.statement.kind is None else one.statement.kind
    return "directory" if one.size is None else f"{kind}, {counted(one.size, 'byte')}"


def _verdict(one: TracedArtifact) -> Iterator[str]:
    match one.verdict:
        case "made":
            first = one.proof[0]
            yield from _paragraph(f"proved: {first.stage} of {first.run} made these bytes, says {first.receipt}")
            others = list(
                dict.fromkeys(f"{named.run} ({named.path})" for named in one.proof[1:] if named.path != first.path)
            )
            if others:
                yield from _paragraph(f"the same bytes: {', '.join(others)}")
        case "read":
            first = one.readers[0]
            yield from _paragraph(f"read by {first.stage} of {first.run} as {first.path}, says {first.receipt}")
        case "changed":
            yield "  changed: these are not the bytes that were made"
            yield from _nearest(one)
        case "claimed":
            yield "  not proved: no receipt here names these bytes"
            yield from _nearest(one)
        case "unknown":
            yield "  unknown: nothing says who made it"


def _nearest(one: TracedArtifact) -> Iterator[str]:
    """What was made instead, with its whole digest."""
    if one.nearest:
        first = one.nearest[0]
        yield from _paragraph(f"{first.stage} of {first.run} made {first.path} as")
        yield f"          {first.sha256}"


def _said(one: TracedArtifact) -> Iterator[str]:
    told = [f"{key.replace('_', ' ')} {_short(value)}" for key, value in one.statement.said.items()]
    if told:
        yield from _paragraph(f"says of itself: {', '.join(told)}")
    if one.statement.training is not None:
        yield from _paragraph(f"says it is of the training with the spec {one.statement.training[:SHORT]}")
    for parent in one.stated:
        found = "no receipt here names it" if parent.made_by is None else f"{_producer(one, parent)} made that"
        yield from _paragraph(f"says it was made of the {parent.name} {_short(parent.sha256)}: {found}")


def _producer(one: TracedArtifact, parent: Parent) -> str:
    for stage in one.stages:
        if stage.known.path.as_posix() == parent.made_by:
            return f"{stage.known.stage} of {stage.known.made_by}"
    return str(parent.made_by)


TOGETHER = "\u00a0"
"""A space at which no line is broken."""


class _Tree:
    """Stages, and what each has read; a stage that has been shown is only named the next time."""

    def __init__(self, one: TracedArtifact) -> None:
        self._stages = {stage.known.path.as_posix(): stage for stage in one.stages}
        self._shown: set[str] = set()
        self._root = one.stages[0]

    def lines(self) -> Iterator[str]:
        yield _stage(self._root)
        yield from self._below(self._root, "")

    def _below(self, stage: TracedStage, indent: str) -> Iterator[str]:
        self._shown.add(stage.known.path.as_posix())
        groups = self._grouped(stage)
        for place, parents in enumerate(groups):
            last = place == len(groups) - 1
            branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
            text = ", ".join(map(_parent, parents))
            lines = wrapped(text, indent=f"{indent}{branch}", hanging=f"{indent}{below}").splitlines()
            yield from (line.replace(TOGETHER, " ") for line in lines)
            made_by = parents[0].made_by
            if made_by is None:
                continue
            maker = self._stages[made_by]
            if made_by in self._shown:
                yield f"{indent}{below}{maker.known.stage} of {maker.known.made_by}, as above"
            else:
                yield f"{indent}{below}{_stage(maker)}"
                yield from self._below(maker, f"{indent}{below}")

    def _grouped(self, stage: TracedStage) -> list[list[Parent]]:
        """What one stage gave stands together; those with the longest way back come first, to be told in full."""
        groups: dict[str, list[Parent]] = {}
        for place, parent in enumerate(stage.parents):
            groups.setdefault(str(place) if parent.made_by is None else parent.made_by, []).append(parent)
        depth = {key: place for place, key in enumerate(self._stages)}
        return sorted(groups.values(), key=lambda group: depth.get(str(group[0].made_by), len(depth)))


def _stage(stage: TracedStage) -> str:
    known, receipt = stage.known, stage.known.receipt
    host = receipt.ran_on.get("host")
    where = "" if host is None else f" on {host}"
    job = f", {receipt.ran_on['executor']} job {receipt.ran_on['job']}" if "job" in receipt.ran_on else ""
    at = receipt.started_at[:19].replace("T", " ")
    taken = f" ({known.run} took it from the store)" if known.made_by != known.run else ""
    return f"{known.stage} of {known.made_by}{taken}, {at}, {receipt.seconds:.1f} s{where}{job}"


def _parent(parent: Parent) -> str:
    if parent.path is not None:
        return f"{parent.path} {_short(parent.sha256)}".replace(" ", TOGETHER)
    if parent.ground is not None:
        return f"{parent.name}: {_ground(parent)}"
    return " ".join(filter(None, [parent.name, _short(parent.sha256), f"({parent.note})"]))


def _ground(parent: Parent) -> str:
    assert parent.ground is not None
    said = parent.ground.said
    if parent.name == "data":
        files = f", {counted(said['files'], 'file')}, {counted(said['bytes'], 'byte')}" if said["files"] else ""
        return f"{said['dataset_root']}{files}, digest {_short(said['digest'])}"
    if list(said) == ["seed"]:
        return f"none; from the seed {said['seed']}"
    told = [f"{key} {_short(value)}" for key, value in said.items() if value is not None]
    return ", ".join([*told, *([] if parent.sha256 is None else [_short(parent.sha256)])])


def _training(one: TracedArtifact) -> Iterator[str]:
    trained = next((stage.known.receipt for stage in one.stages if stage.known.stage == "train"), None)
    if trained is None:
        return
    yield ""
    meta = one.training
    if meta is None:
        text = (
            "training: reports/run_meta.json as its receipt names it is not here any more: nothing proves its command, "
            "code and machine"
        )
        yield from wrapped(text, indent="", hanging="  ").splitlines()
        return
    yield "training"
    hardware, runtime, git = meta["hardware"], meta["runtime"], meta["git"]
    argv = [Path(word).name if place == 0 else word for place, word in enumerate(meta["command"]["argv"])]
    changed = ", changed files" if git is not None and git["dirty"] else ""
    state = "no repository" if git is None else f"commit {git['sha'][:SHORT]}{changed}"
    gpus = f", {', '.join(hardware['gpus'])}" if hardware["gpus"] else ""
    threads = counted(runtime["torch_threads"], "thread")
    processes = counted(runtime["processes"], "process", "processes")
    python = meta["dependency_lock"]["python_version"]
    yield from _entry("command", f"{shlex.join(argv)} (in {meta['command']['cwd']})")
    yield from _entry("code", f"yolozu {trained.software.get('yolozu', '?')}, {state} in the working directory")
    yield from _entry("software", f"Python {python}, torch {runtime['torch']}, {runtime['platform']}")
    yield from _entry("machine", f"{hardware['processor']}, {hardware['cpu_count']} CPUs{gpus}")
    yield from _entry("ran on", f"{runtime['device']}, {threads}, {processes}")
    yield from _entry("data", f"digest {meta['dataset_digest'][:SHORT]}")


def _contract(one: TracedArtifact) -> Iterator[str]:
    contract, *others = one.contracts
    file = "no file" if contract["file"] is None else contract["file"]
    digest = "" if contract["digest"] is None else f", digest {contract['digest'][:SHORT]}"
    yield ""
    yield from wrapped(f"contract of {contract['run']}: {file}{digest}", indent="", hanging="  ").splitlines()
    rows = [(f"  {row['key']}", _json(row["value"]), _set_by(row)) for row in contract["keys"]]
    yield from table(("  key", "value", "set by"), rows).splitlines()
    for other in others:
        yield f"the contract of {other['run']} is in --json"


def _set_by(row: dict[str, Any]) -> str:
    return "not noted any more" if row["origin"] is None else str(row["origin"])


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _entry(title: str, text: str) -> list[str]:
    return wrapped(text, indent=f"  {title:<10}", hanging=" " * 12).splitlines()


def _paragraph(text: str) -> list[str]:
    return wrapped(text, indent="  ", hanging="    ").splitlines()


def _short(value: Any) -> str:
    text = str(value)
    return text[:SHORT] if len(text) == 64 else text
