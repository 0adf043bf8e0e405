"""What Python programs may use of yolozu, by the names that ``yolozu`` exports: everything else is private.

The command line calls the same functions. Nothing here prints, exits or asks; what is wrong is a `YolozuError` that
carries every finding, and what long work says goes to a function of yours. Importing this module loads neither torch
nor numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from yolozu.app.arguments import overrides_of_values, require_in_range
from yolozu.app.sessions import session_for
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.show import leaf_values, to_yaml
from yolozu.engine.run_names import known_run
from yolozu.engine.session import Session
from yolozu.errors import Finding, UsageError
from yolozu.paths import RunLayout
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.planning.receipt import Receipt


@dataclass(frozen=True)
class Contract:
    """A checked contract.

    Attributes:
        path: the file; None where it consists of overrides alone.
        values: dotted key -> JSON value, of every key, defaults filled in.
        origins: dotted key -> where its value was given: ``exp.yaml:12``, ``lr=0.1`` or ``default``.
        warnings: what is wrong without keeping the contract from being used.
        text: the whole contract as YAML, each key with its origin.
        digest: SHA-256 (hex) of the values.
    """

    path: Path | None
    values: Mapping[str, Any]
    origins: Mapping[str, str]
    warnings: tuple[Finding, ...]
    text: str
    digest: str


@dataclass(frozen=True)
class PlannedStage:
    """What a build would do with a stage now.

    Attributes:
        name: of the stage.
        stale: whether it would run; false means that its result stands.
        reasons: why, a line each, with the key, both values and the line of the file, or the file that changed.
    """

    name: str
    stale: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """A run on disk.

    Attributes:
        run_id: its name.
        directory: where it is.
        contract: what it was asked for last.
        artifacts: ``stage.output`` (``train.best``, ``export_onnx.onnx``, ``predict.predictions``) -> the file, of all
            that the contract's stages give; a stage that was not built has no file there yet.
        receipts: stage -> its receipt, of the stages that were built.
    """

    run_id: str
    directory: Path
    contract: Contract
    artifacts: Mapping[str, Path]
    receipts: Mapping[str, Receipt]

    @property
    def metrics(self) -> dict[str, float | None]:
        """The numbers of its evaluation (``map50_95``, ``rot_deg_median``, …); None where the data cannot tell.

        Raises:
            UsageError: YZ851 the run was not evaluated.
        """
        receipt = self.receipts.get("evaluate")
        if receipt is None:
            raise UsageError.one(
                "YZ851",
                where=str(self.directory),
                problem="stage evaluate of this run is not finished",
                fix="build it: yolozu.build(run_id=…)",
            )
        return dict(receipt.numbers)


def validate(contract: str | PathLike[str] | None = None, *, strict: bool = False, **overrides: Any) -> Contract:
    """Check a contract: the file with ``overrides`` on top, and defaults below.

    Args:
        contract: YAML or JSON file; None for overrides and defaults alone.
        strict: strict mode whatever the file says: unknown keys are errors, and keys that decide a run are spelled out.
        overrides: key -> value; a key inside another is dotted: ``**{"model.num_queries": 100}``.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    path = None if contract is None else Path(contract)
    return _contract(load_contract(path, overrides_of_values(overrides), strict=strict))


def plan(
    contract: str | PathLike[str] | None = None,
    *,
    run_id: str | None = None,
    run_dir: str | PathLike[str] | None = None,
    stages: Sequence[str] = (),
    **overrides: Any,
) -> tuple[PlannedStage, ...]:
    """What `build` would do with the same arguments, in order, and why. Nothing is written.

    Args:
        contract: YAML or JSON file; None takes what the run remembers, for a new run the directory's own.
        run_id: name of the run; None takes the contract's, else the UTC time.
        run_dir: directory of the run, whose last component is its name; None takes ``runs/<run_id>``.
        stages: names (``train``) or short names (``eval``) of stages, or one of them, with all they need; empty means
            all.
        overrides: as for `validate`; the run remembers those of earlier builds.

    Raises:
        YolozuError: the contract, the data set or the run cannot be used.
    """
    session, names = _session(contract, run_id, run_dir, stages, overrides, may_begin=True)
    return tuple(
        PlannedStage(
            verdict.node.name, verdict.stale, tuple(reason.render(session.origin) for reason in verdict.reasons)
        )
        for verdict in session.verdicts(names)
    )


def build(
    contract: str | PathLike[str] | None = None,
    *,
    run_id: str | None = None,
    run_dir: str | PathLike[str] | None = None,
    stages: Sequence[str] = (),
    resume: bool = False,
    say: Callable[[str], None] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    **overrides: Any,
) -> Run:
    """Build what is stale of a run, each stage in a process of its own, and return the run with its receipts.

    The directory ``runs/`` is that of the working directory. In a main thread, Ctrl-C lets a training save and ends the
    build by `Interrupted`; the same call goes on from there.

    Args:
        contract: as for `plan`.
        run_id: as for `plan`.
        run_dir: as for `plan`.
        stages: as for `plan`.
        resume: insist on going on with an interrupted training: rather than start afresh, fail and name the changes.
        say: called with each line that a terminal would show; None shows nothing.
        on_event: called with each event, a dictionary as `yolozu run --json` prints it and
            ``contracts/v1/build_events.schema.json`` describes it: stages that begin and end, and
            progress with its numbers, which then is no line for ``say``.
        overrides: as for `plan`.

    Raises:
        ContractError: the contract says nothing that can be run.
        UsageError: the run, the machine or the arguments do not allow it.
        InputError: data, weights or predictions cannot be used.
        GateFailed: parity, the predictions or a requirement said no; reports are written all the same.
        Interrupted: stopped on request, or a stage's process was killed.
        BuildError: a mistake of ours.
    """
    from yolozu.app.building import build_or_raise

    session, names = _session(contract, run_id, run_dir, stages, overrides, may_begin=True)
    build_or_raise(session, names, resume=resume, say=say, on_event=on_event)
    return _run(session.layout, session.loaded)


def open_run(run: str | PathLike[str]) -> Run:
    """A run that is there: its name below ``runs/``, or its directory.

    Raises:
        UsageError: YZ850 there is no such run.
        YolozuError: its files cannot be read.
    """
    layout = known_run(str(run))
    session, _ = session_for([], run_dir=str(layout.root), may_begin=False)
    return _run(layout, session.loaded)


def evaluate(
    predictions: str | PathLike[str],
    dataset: str | PathLike[str],
    *,
    split: str | None = None,
    max_images: int | None = None,
    engine: Literal["hotcoco", "pycocotools"] = "hotcoco",
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Boxes of a predictions file held against a data set by the COCO protocol.

    Args:
        predictions: the file, in any layout that ``docs/how-to/exchange-predictions.md`` describes.
        dataset: directory of the data set, or its ``data.yaml``.
        split: None takes the only one, or ``val``.
        max_images: only the first so many images.
        engine: what computes; both give the same numbers.
        say: called with each line of progress and warning; None shows nothing.

    Returns:
        The report, as ``contracts/v1/eval_coco.schema.json`` describes it: ``metrics``, ``per_class``, ``counts``, ….

    Raises:
        YolozuError: the file or the data set cannot be used; everything that is wrong with the file.
    """
    from yolozu.app.evaluation import evaluate_boxes

    require_in_range(max_images=max_images)
    report, _ = evaluate_boxes(
        Path(predictions),
        Path(dataset),
        split,
        bbox_format=None,
        max_images=max_images,
        engine=engine,
        dry_run=False,
        progress=_progress(say),
    )
    return report


def evaluate_poses(
    predictions: str | PathLike[str],
    dataset: str | PathLike[str],
    *,
    split: str | None = None,
    max_images: int | None = None,
    targets: str | None = None,
    camera: str | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """6DoF poses of a predictions file, or of BOP results (``.csv``), held against a data set.

    Args:
        predictions: the file.
        dataset: directory of the data set.
        split: None takes the only one, or ``val``.
        max_images: only the first so many images.
        targets: file of the objects to be found, or ``none``; None takes the ``test_targets_bop19.json`` of a BOP
            test split.
        camera: of several cameras, evaluate the images of this one.
        say: called with each line of progress and warning; None shows nothing.

    Returns:
        The report, as ``contracts/v1/eval_pose.schema.json`` describes it; lengths in mm, angles in degrees.

    Raises:
        YolozuError: the file or the data set cannot be used.
    """
    from yolozu.app.evaluation import evaluate_poses as evaluate_files

    require_in_range(max_images=max_images)
    report, _ = evaluate_files(
        Path(predictions),
        Path(dataset),
        split,
        models=None,
        models_unit="mm",
        targets=targets,
        camera=camera,
        max_images=max_images,
        bop_csv=None,
        progress=_progress(say),
    )
    return report


def compare(
    a: str | PathLike[str],
    b: str | PathLike[str],
    *,
    dataset: str | PathLike[str] | None = None,
    split: str | None = None,
    max_images: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """What ``b`` does better or worse than ``a``, and whether chance explains it: paired bootstrap over images.

    Args:
        a: name or directory of a run, or a predictions file.
        b: likewise.
        dataset: data set that both predict; runs bring their own.
        split: of ``dataset``; None takes the only one, or ``val``.
        max_images: only the first so many images.
        resamples: data sets drawn for the intervals, 100 to 100,000.
        seed: of the drawing.
        confidence: of the intervals, .5 to .999.
        say: called with each line of progress; None shows nothing.

    Returns:
        The report, as ``contracts/v1/eval_compare.schema.json`` describes it.

    Raises:
        YolozuError: a side cannot be used, or they predict different data.
    """
    from yolozu.app.compared_sides import compare_sides

    require_in_range(max_images=max_images, resamples=resamples, seed=seed, confidence=confidence)
    return compare_sides(
        (str(a), str(b)),
        dataset=None if dataset is None else Path(dataset),
        split=split,
        max_images=max_images,
        resamples=resamples,
        seed=seed,
        confidence=confidence,
        progress=_progress(say),
    )


def _session(
    contract: str | PathLike[str] | None,
    run_id: str | None,
    run_dir: str | PathLike[str] | None,
    stages: Sequence[str],
    overrides: Mapping[str, Any],
    *,
    may_begin: bool,
) -> tuple[Session, list[str]]:
    words = [*([] if contract is None else [f"config={contract}"]), *([stages] if isinstance(stages, str) else stages)]
    directory = None if run_dir is None else str(run_dir)
    return session_for(words, run_id, overrides_of_values(overrides), run_dir=directory, may_begin=may_begin)


def _contract(loaded: LoadedContract) -> Contract:
    values = dict(leaf_values(loaded.contract))
    origins = {key: loaded.origin_of(key) for key in values}
    digest = contract_digest(loaded.contract)
    return Contract(loaded.path, values, origins, loaded.warnings, to_yaml(loaded), digest)


def _run(layout: RunLayout, loaded: LoadedContract) -> Run:
    nodes = compile_plan(loaded.contract, registered_stages()).nodes
    receipts = {node.name: Receipt.read(layout.receipt_path(node.name)) for node in nodes}
    return Run(
        run_id=layout.run_id,
        directory=layout.root,
        contract=_contract(loaded),
        artifacts={f"{node.name}.{name}": layout.root / path for node in nodes for name, path in node.outputs.items()},
        receipts={name: receipt for name, receipt in receipts.items() if receipt is not None},
    )


def _progress(say: Callable[[str], None] | None) -> Any:
    from yolozu.app.building import Lines
    from yolozu.progress import PlainProgress, SilentProgress

    return SilentProgress() if say is None else PlainProgress(Lines(say))  # type: ignore[arg-type]
