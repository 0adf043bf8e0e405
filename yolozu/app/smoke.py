"""Whether every size of the detector goes all the way from pictures to predictions that can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.building import build_or_raise
from yolozu.app.sessions import session_for
from yolozu.errors import EXIT_REFUSED, Finding, InputError, Interrupted, UsageError, YolozuError
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yolozu.engine.session import Session
    from yolozu.progress import Progress

BUCKETS = ("n", "s", "m", "l", "x")
CONTRACTS = "configs/yolo26_rtdetr_pose"
COCO128 = Path("data/coco128")
BUILT = ["validate_predictions"]
"""All that comes before evaluating: data, training, ONNX, parity, predictions."""

IMAGES = 8
"""Pictures that are validated and predicted; training takes as many."""

SMALL = {
    "device": "cpu",
    "amp": "none",
    "image_size": "128",
    "batch_size": "2",
    "max_steps": "3",
    "lr_warmup_steps": "1",
    "train_max_images": str(IMAGES),
    "val_max_images": str(IMAGES),
    "max_images": str(IMAGES),
    "parity_images": "2",
    "num_workers": "0",
}
"""What makes a contract for days on a GPU one of seconds on a CPU; its network is as it was."""

SCENES = {
    "dataset_root": "synthetic",
    "split": "train",
    "val_split": "val",
    "synth_images": str(IMAGES),
    "synth_val_images": str(IMAGES),
    "synth_size": SMALL["image_size"],
}


@dataclass(frozen=True)
class Passed:
    """How a bucket went.

    Attributes:
        bucket: its letter.
        run_id: its run.
        parameters: of the network; None where it was not built.
        seconds: that its stages took when they were built.
        parity: whether ONNX Runtime computes what torch does; None where it was not compared.
        findings: why it failed; empty where it did not.
    """

    bucket: str
    run_id: str
    parameters: int | None
    seconds: float
    parity: bool | None
    findings: tuple[Finding, ...] = ()


def buckets_of(text: str) -> list[str]:
    """The buckets in a list with commas, each once.

    Raises:
        UsageError: YZ461, some are none.
    """
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    fix = f"choose of {','.join(BUCKETS)}"
    wrong = [
        Finding("YZ461", "--buckets", f"there is no bucket {name!r}", fix) for name in names if name not in BUCKETS
    ]
    if wrong:
        raise UsageError(wrong)
    return names


def smoke_data(dataset: Path | None, *, synthetic: bool, progress: Progress) -> dict[str, str]:
    """The keys that say what is trained on: scenes, the data set that is named, or COCO128, fetched where missing.

    Raises:
        UsageError: YZ461, two data sets are named.
        InputError: there is no such data set, or it cannot be fetched.
    """
    if synthetic and dataset is not None:
        raise UsageError.one("YZ461", where="--synthetic", problem="and --dataset name two data sets", fix="drop one")
    if synthetic:
        return SCENES
    root = COCO128 if dataset is None else dataset
    if dataset is None and not root.exists():
        _fetch(root, progress)
    from yolozu.data.layouts.layout import find_layout

    layout = find_layout(root)
    splits = layout.separate_splits
    train, val = (layout.meant(name) for name in ("train", "val"))
    train = splits[0] if train is None else train
    return {"dataset_root": str(root), "split": train, "val_split": train if val is None else val}


def run_bucket(bucket: str, data: dict[str, str], say: Callable[[str], None], progress: Progress) -> Passed:
    """How a bucket goes in its run ``smoke-<bucket>``; what is up to date there is not built again.

    Raises:
        Interrupted: it was asked to stop.
    """
    run_id = f"smoke-{bucket}"
    passed = Passed(bucket, run_id, None, 0.0, None)
    session = None
    try:
        session = _session(bucket, run_id, data)
        build_or_raise(session, BUILT, resume=False, say=say)
        _evaluate_dry(session, data, progress)
        parameters = _parameters(session)
        passed = replace(passed, parameters=parameters)
    except Interrupted:
        raise
    except YolozuError as error:
        passed = replace(passed, findings=tuple(error.findings))
    if session is None:
        return passed
    return replace(passed, seconds=_seconds(session), parity=_parity(session))


def exit_code_of(rows: Sequence[Passed]) -> int:
    """1 where one failed."""
    return EXIT_REFUSED if any(row.findings for row in rows) else 0


def _fetch(root: Path, progress: Progress) -> None:
    from yolozu.data.fetch.published import PUBLISHED, FetchPlan, fetch

    progress.say(f"fetching coco128 into {root}")
    try:
        fetch(FetchPlan("coco128", root, PUBLISHED["coco128"].urls), progress)
    except InputError as error:
        other = "or take another data set: --dataset DIR, or --synthetic, which needs none"
        raise InputError(replace(finding, fix=f"{finding.fix}; {other}") for finding in error.findings) from error


def _session(bucket: str, run_id: str, data: dict[str, str]) -> Session:
    contract = Path(CONTRACTS) / f"{bucket}.yaml"
    if not contract.is_file():
        contract = Path(str(files("yolozu"))) / contract
    words = [f"{key}={value}" for key, value in {**SMALL, **data}.items()]
    return session_for([f"config={contract}", f"run_id={run_id}", *words])[0]


def _evaluate_dry(session: Session, data: dict[str, str], progress: Progress) -> None:
    """Read predictions and data as `eval-suite --dry-run` does, with every check that it makes."""
    from yolozu.app.benchmark import Pins, benchmark

    root = session.layout.root
    rendered = data["dataset_root"] == SCENES["dataset_root"]
    benchmark(
        [root / "predictions/predictions.json"],
        root / "data/rendered" if rendered else Path(data["dataset_root"]),
        data["val_split"],
        settings={"max_images": IMAGES},
        pins=Pins.parse([]),
        protocol=None,
        expect_hash=None,
        write_protocol=None,
        dry_run=True,
        progress=progress,
    )


def _parameters(session: Session) -> int:
    from yolozu.app.described_model import model_meant_by

    best = str(session.layout.root / "checkpoints/best.pt")
    meant = model_meant_by([best], image_size=None, num_classes=None, batch_size=None, latency=False)
    return meant.described()[1].total.parameters


def _seconds(session: Session) -> float:
    nodes = session.plan.needed_for(BUILT)
    receipts = (Receipt.readable(session.layout.receipt_path(node.name)) for node in nodes)
    return sum(receipt.seconds for receipt in receipts if receipt is not None)


def _parity(session: Session) -> bool | None:
    from yolozu.artifacts.parity_report import read_parity_report

    path = session.layout.root / "reports/onnx_parity.json"
    return read_parity_report(path).passed if path.is_file() else None


def as_json(row: Passed) -> dict[str, Any]:
    """A row with its findings as texts."""
    return {**vars(row), "findings": [finding.render() for finding in row.findings], "ok": not row.findings}
