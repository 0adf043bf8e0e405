"""`yolozu eval-suite`: many predictions files under one pinned protocol."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.cli.outputs import require_writable
from yolozu.cli.render import aligned, counted, number, shortened, show_report, wrapped
from yolozu.contract.overrides import parse_value
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.contract.text.node import Origin
from yolozu.errors import ContractError, Finding, UsageError
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.benchmark.protocol import EvalProtocol

NAME_WIDTH = 24
LEAST_HASH = 12
"""Letters of a digest that tell it from all others one may meet."""
COUNTED_COLUMNS = (("objects", "ground_truth"), ("found", "detections"), ("images", "covered_images"))
BOX_COLUMNS = (("AP", "map50_95"), ("AP.50", "map50"), ("AP.75", "map75"), ("AR.100", "ar100"))
SIZE_COLUMNS = (("small", "map_small"), ("medium", "map_medium"), ("large", "map_large"))
POSE_COLUMNS = (("ADD(-S)", "add_s_01d", 4), ("deg", "rot_deg_median", 1), ("mm", "t_mm_median", 1))


def eval_suite(
    *,
    predictions: Annotated[
        list[Path] | None, typer.Argument(help="Predictions files.", metavar="PRED.json…", show_default=False)
    ] = None,
    dataset: Annotated[Path, typer.Option(help="Directory of the data set.", metavar="ROOT")],
    predictions_glob: Annotated[
        list[str] | None,
        typer.Option(help="More predictions files, in order of name, such as 'reports/pred_*.json'.", metavar="GLOB"),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option(help="Insist on the protocol in this YAML file.", metavar="FILE")
    ] = None,
    write_protocol: Annotated[
        Path | None, typer.Option(help="Write the protocol there, to insist on later.", metavar="FILE")
    ] = None,
    expect_hash: Annotated[
        str | None, typer.Option(help="Insist on the protocol with this digest, or one that begins so.", metavar="HASH")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split; left out, the protocol's, the only one, or val.")] = None,
    max_images: Annotated[int | None, typer.Option(min=1, help="Evaluate only the first so many images.")] = None,
    bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How every file writes boxes; left out, what each says, or cxcywh_norm.")
    ] = None,
    engine: Annotated[
        EvalEngine | None, typer.Option(help="What computes box numbers [default: hotcoco].", show_default=False)
    ] = None,
    poses: Annotated[
        bool | None, typer.Option("--poses/--no-poses", help="Measure poses [default: where the data has any].")
    ] = None,
    allow_missing: Annotated[
        bool | None,
        typer.Option("--allow-missing/--no-allow-missing", help="Count images without an entry as all missed."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(
            help="What the meta of every file must say, such as score_threshold=0.05; =any drops a pin. Pinned are "
            "score_threshold and max_detections, at the contract's defaults, and transform=null: untouched pictures.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read, check and count, but measure nothing.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the report there.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Evaluate many predictions files under one protocol; whatever differs from it is an error."""
    from yolozu.app.datasets import open_evaluated
    from yolozu.evaluation.benchmark.benchmark import evaluate_suite
    from yolozu.evaluation.benchmark.protocol import read_protocol
    from yolozu.evaluation.benchmark.protocol import write_protocol as write
    from yolozu.evaluation.benchmark.report import suite_report

    paths, pins = _named(predictions, predictions_glob), _pins(pin)
    require_writable({"--output": output, "--write-protocol": write_protocol}, paths)
    pinned = None if protocol is None else read_protocol(protocol)
    wanted_split = pinned.data.split if split is None and pinned is not None else split
    opened = open_evaluated(dataset, wanted_split, progress_for(sys.stderr))
    index, models = opened.index, opened.models
    given = {
        "max_images": max_images,
        "engine": engine,
        "bbox_format": bbox_format,
        "poses": poses,
        "allow_missing": allow_missing,
    }
    given = {key: value for key, value in given.items() if value is not None}
    found = _protocol(index, models, pinned, given, pins)
    _insist(found, pinned, protocol, expect_hash)
    rows = evaluate_suite(index, models, paths, found, dry_run=dry_run, progress=progress_for(sys.stderr))
    if write_protocol is not None:
        write(write_protocol, found)
        print(f"protocol: {write_protocol}", file=sys.stderr)
    report = suite_report(rows, found, dry_run=dry_run)
    show_report(report, _lines(report, dataset), output=output, as_json=as_json)


def _named(predictions: Sequence[Path] | None, patterns: Sequence[str] | None) -> list[Path]:
    """The files that arguments and patterns mean.

    Raises:
        UsageError: YZ847 a pattern means none, or there are none at all.
    """
    import glob

    paths = [] if predictions is None else list(predictions)
    findings = []
    for pattern in () if patterns is None else patterns:
        matching = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones too
        if not matching:
            fix = "quote the pattern, and write it as seen from here"
            findings.append(Finding("YZ847", "--predictions-glob", f"no file matches {pattern!r}", fix))
        paths += matching
    if not paths and not findings:
        fix = "name files, or --predictions-glob 'reports/pred_*.json'"
        findings.append(Finding("YZ847", "eval-suite", "no predictions file is named", fix))
    if findings:
        raise UsageError(findings)
    return paths


def _protocol(
    index: DataIndex,
    models: ObjectModels,
    pinned: EvalProtocol | None,
    given: dict[str, Any],
    changes: tuple[set[str], dict[str, Any]],
) -> EvalProtocol:
    """The protocol that the command line asks for; what it leaves open, ``pinned`` says, or the defaults."""
    from yolozu.evaluation.benchmark.benchmark import protocol_of
    from yolozu.evaluation.benchmark.protocol import default_pins

    settings: dict[str, Any] = {
        "max_images": None,
        "engine": "hotcoco",
        "bbox_format": None,
        "poses": True,
        "allow_missing": False,
    }
    pins = default_pins()
    if pinned is not None:
        settings = {
            "max_images": pinned.data.max_images,
            "engine": pinned.boxes.engine,
            "bbox_format": pinned.boxes.bbox_format,
            "poses": pinned.poses is not None,
            "allow_missing": pinned.coverage == "any",
        }
        pins = pinned.predictions
    dropped, added = changes
    pins = {key: value for key, value in {**pins, **added}.items() if key not in dropped}
    return protocol_of(index, models, **{**settings, **given}, pins=pins)


def _pins(words: Sequence[str] | None) -> tuple[set[str], dict[str, Any]]:
    """Keys that are not pinned, and values of those that are.

    Raises:
        UsageError: YZ848 words are no KEY=VALUE.
    """
    dropped: set[str] = set()
    added: dict[str, Any] = {}
    findings: list[Finding] = []
    for word in () if words is None else words:
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
    return dropped, added


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


def _lines(report: dict[str, Any], dataset: Path) -> Iterator[str]:
    protocol, files = report["protocol"], report["files"]
    data = protocol["data"]
    yield f"{dataset} {data['split']}: {counted(data['images'], 'image')}, {protocol['boxes']['engine']}"
    yield f"protocol sha256 {report['protocol_sha256']}"
    yield ""
    yield from _table(report)
    for file in files:
        for warning in file["warnings"]:
            yield wrapped(f"warning: {file['file']}: {warning}", indent="", hanging="  ")


def _table(report: dict[str, Any]) -> Iterator[str]:
    """One row a file, in the order they were named."""
    posed = report["protocol"]["poses"] is not None
    extra = [title for title, *_ in (POSE_COLUMNS if posed else SIZE_COLUMNS)]
    titles = [title for title, _ in BOX_COLUMNS] + extra
    if report["dry_run"]:
        titles = [title for title, _ in COUNTED_COLUMNS]
    width = max(NAME_WIDTH, 80 - 8 * len(titles))
    yield aligned("file", titles, width, 8)
    names = shortened([file["file"] for file in report["files"]], width - 1)
    for name, file in zip(names, report["files"], strict=True):
        yield aligned(name, _cells(file, dry_run=report["dry_run"], posed=posed), width, 8)


def _cells(file: dict[str, Any], *, dry_run: bool, posed: bool) -> list[str]:
    boxes, poses = file["boxes"], file["poses"]
    if dry_run:
        return [str(boxes["counts"][key]) for _, key in COUNTED_COLUMNS]
    columns = BOX_COLUMNS if posed else (*BOX_COLUMNS, *SIZE_COLUMNS)
    cells = [number(boxes["metrics"][key]) for _, key in columns]
    return cells + [number(poses["metrics"][key], decimals) for _, key, decimals in POSE_COLUMNS] if posed else cells
