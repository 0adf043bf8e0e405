"""Many predictions files under one protocol: the files and the protocol that a command line means."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.overrides import parse_value
from yolozu.contract.text.node import Origin
from yolozu.errors import ContractError, Finding, UsageError

if TYPE_CHECKING:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.benchmark.protocol import EvalProtocol
    from yolozu.progress import Progress

LEAST_HASH = 12
"""Letters of a digest that tell it from all others one may meet."""
DEFAULTS = {"max_images": None, "engine": "hotcoco", "bbox_format": None, "poses": True, "allow_missing": False}
"""Settings of a protocol where neither the command line nor a protocol file says them."""


@dataclass(frozen=True)
class Pins:
    """What ``--pin`` changes.

    Attributes:
        dropped: keys that are not pinned.
        added: key -> value that the meta of every file must have.
    """

    dropped: frozenset[str]
    added: Mapping[str, Any]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Pins:
        """The pins of ``KEY=VALUE`` words; ``KEY=any`` drops one.

        Raises:
            UsageError: YZ848 words are no KEY=VALUE.
        """
        dropped: set[str] = set()
        added: dict[str, Any] = {}
        findings: list[Finding] = []
        for word in words:
            key, sign, text = word.partition("=")
            if not key or not sign:
                fix = "write KEY=VALUE, such as score_threshold=0.05"
                findings.append(Finding("YZ848", f"--pin {word}", "is no pin", fix))
            elif text == "any":
                dropped.add(key)
            else:
                try:
                    added[key] = parse_value(key, text, Origin(2, "", len(added), f"--pin {word}"))
                except ContractError as error:
                    findings += [Finding("YZ848", f"--pin {word}", one.problem, one.fix) for one in error.findings]
        if findings:
            raise UsageError(findings)
        return cls(frozenset(dropped), added)

    def of(self, pins: Mapping[str, Any]) -> dict[str, Any]:
        """``pins`` with the changes."""
        return {key: value for key, value in {**pins, **self.added}.items() if key not in self.dropped}


def predictions_files(paths: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    """The files that arguments and patterns mean.

    Raises:
        UsageError: YZ847 a pattern means none, or there are none at all.
    """
    found, findings = list(paths), []
    for pattern in patterns:
        matching = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones too
        if not matching:
            fix = "quote the pattern, and write it as seen from here"
            findings.append(Finding("YZ847", "--predictions-glob", f"no file matches {pattern!r}", fix))
        found += matching
    if not found and not findings:
        fix = "name files, or --predictions-glob 'reports/pred_*.json'"
        findings.append(Finding("YZ847", "eval-suite", "no predictions file is named", fix))
    if findings:
        raise UsageError(findings)
    return found


def without_reports(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Those of ``paths`` that may be predictions, and those that are reports: ``reports/*.json`` means both.

    Raises:
        UsageError: YZ847 all of them are reports.
    """
    from yolozu.artifacts.predictions.recognize import is_other_report

    reports = [path for path in paths if is_other_report(path)]
    kept = [path for path in paths if path not in reports]
    if not kept:
        problem = f"{', '.join(map(str, reports))}: no predictions in there"
        raise UsageError.one("YZ847", where="eval-suite", problem=problem, fix="name files of predictions")
    return kept, reports


def benchmark(
    paths: Sequence[Path],
    dataset: Path,
    split: str | None,
    *,
    settings: Mapping[str, Any],
    pins: Pins,
    protocol: Path | None,
    expect_hash: str | None,
    write_protocol: Path | None,
    dry_run: bool,
    progress: Progress,
) -> dict[str, Any]:
    """The report of ``eval_suite.json``; of ``settings`` what is None, the protocol file says, or `DEFAULTS`.

    Raises:
        UsageError: YZ841, YZ842 the protocol is another than is insisted on.
        YolozuError: a file or the data set cannot be used, or does not fit the protocol.
    """
    from yolozu.app.datasets import open_evaluated
    from yolozu.evaluation.benchmark.protocol import read_protocol
    from yolozu.evaluation.benchmark.protocol import write_protocol as write
    from yolozu.evaluation.benchmark.run import evaluate_suite

    pinned = None if protocol is None else read_protocol(protocol)
    opened = open_evaluated(dataset, pinned.data.split if split is None and pinned is not None else split, progress)
    index, models = opened.index, opened.models
    given = {key: value for key, value in settings.items() if value is not None}
    found = _protocol(index, models, pinned, given, pins)
    _insist(found, pinned, protocol, expect_hash)
    report = evaluate_suite(index, models, paths, found, dry_run=dry_run, progress=progress)
    if write_protocol is not None:
        write(write_protocol, found)
    return report.model_dump(mode="json")


def _protocol(
    index: DataIndex, models: ObjectModels, pinned: EvalProtocol | None, given: Mapping[str, Any], pins: Pins
) -> EvalProtocol:
    """The protocol that is asked for; what ``given`` leaves open, ``pinned`` says, or the defaults."""
    from yolozu.evaluation.benchmark.protocol import default_pins
    from yolozu.evaluation.benchmark.run import protocol_of

    if pinned is None:
        return protocol_of(index, models, **{**DEFAULTS, **given}, pins=pins.of(default_pins()))
    settings = {
        "max_images": pinned.data.max_images,
        "engine": pinned.boxes.engine,
        "bbox_format": pinned.boxes.bbox_format,
        "poses": pinned.poses is not None,
        "allow_missing": pinned.coverage == "any",
    }
    return protocol_of(index, models, **{**settings, **given}, pins=pins.of(pinned.predictions))


def _insist(found: EvalProtocol, pinned: EvalProtocol | None, path: Path | None, expected: str | None) -> None:
    """Hold the protocol against what is insisted on.

    Raises:
        UsageError: YZ841, YZ842 it is another.
    """
    from yolozu.evaluation.benchmark.protocol import mismatches

    findings = []
    if pinned is not None:
        fix = "evaluate what is pinned, or pin anew with --write-protocol"
        findings += mismatches(pinned, found, where=str(path), fix=fix)
    if expected is not None and (len(expected) < LEAST_HASH or not found.sha256.startswith(expected.lower())):
        short = len(expected) < LEAST_HASH
        problem = f"has less than {LEAST_HASH} letters" if short else f"the protocol's digest is {found.sha256}"
        fix = "give the digest that eval-suite prints; --protocol with the protocol's file says what differs"
        findings.append(Finding("YZ842", f"--expect-hash {expected}", problem, fix))
    if findings:
        raise UsageError(findings)
