"""What `yolozu export-predictions` means: flags over a contract over defaults, and the run whose files stand in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import DeviceSection
from yolozu.contract.strict.slots import flat_json, flat_values, slots_of
from yolozu.contract.text.scalars import write_flow
from yolozu.contract.text.source import read_source
from yolozu.devices import check_device
from yolozu.engine.default_contract import default_contract
from yolozu.engine.run_names import RESOLVED, runs_hint, runs_in
from yolozu.errors import Finding, UsageError, YolozuError
from yolozu.model.onnx_runtime import providers_for
from yolozu.paths import BEST_CHECKPOINT, RUNS_DIR, RunLayout

SECTIONS = (PredictSection, CorruptionSection, TtaSection, TttSection, DeviceSection)
"""Sections whose keys are what prediction is told."""

ADAPTER_OF = {"checkpoint": "rtdetr_pose", "onnx": "onnxruntime", "predictions": "precomputed"}
"""File that is given -> the adapter that is meant by it."""

OF_A_RUN = {"checkpoint": BEST_CHECKPOINT, "onnx": "exports/model.onnx"}
"""File -> where a run has it."""

OF_PICTURES = frozenset(
    {"max_images", *(key for section in (CorruptionSection, TtaSection, TttSection) for key in slots_of(section))}
)
"""Keys that say which pictures are predicted and what is done to them."""

INDEX = "data/predict.json"
"""Where a run has the images it predicts."""

MODELS = "data/models.json"
"""Where a run has the models of the classes."""

_NO_TRAINING = (Override("max_steps", 1, "max_steps"), Override("enable_mim", True, "enable_mim"))
"""Stands for the training behind the model, which alone can tell what it has learned."""


@dataclass(frozen=True)
class Meant:
    """A command line of prediction, resolved.

    Attributes:
        settings: a contract of which the keys of `SECTIONS` count.
        warnings: flags without effect.
        behind: the contract of the run or of ``--config``; None where neither is meant.
        run: the run whose files stand in for those that are not given; None where none is meant.
        told: path of ``--config``; None without it.
        model_only: the architecture in ``--config`` where that holds nothing else.
        notes: what of the contract is done to the pictures, or is not.
    """

    settings: Contract
    warnings: tuple[Finding, ...]
    behind: LoadedContract | None
    run: RunLayout | None
    told: Path | None
    model_only: ModelConfig | None
    notes: tuple[str, ...] = ()


def meant_by(
    flags: Sequence[Override],
    *,
    config: Path | None,
    run_id: str | None,
    files: Mapping[str, Path],
    has_dataset: bool,
    split: str | None = None,
) -> Meant:
    """What is meant by a command line.

    What a contract does to pictures (`OF_PICTURES`) is meant for those that it names itself: of others only flags
    decide, and a contract that ``--config`` names.

    Args:
        flags: keys of `SECTIONS`.
        config: contract file, or file of a model's map.
        run_id: name of a run below ``runs/``, or its directory.
        files: those of `ADAPTER_OF` that are given.
        has_dataset: whether the data set is given.
        split: the split, where one is given.

    Raises:
        ContractError: everything that is wrong with the contract, or then with the flags.
        UsageError: YZ627 there is no such run.
    """
    model_only = None if config is None else _model_in(config)
    contract_file = config if model_only is None else None
    run = _run_of(run_id, contract_file, files)
    if run is None and config is None and not files and not has_dataset:
        contract_file = Path(default_contract())
        run = _named_in(contract_file)
    behind = None
    if contract_file is not None:
        behind = load_contract(contract_file)
    elif run is not None:
        behind = load_contract(run.root / RESOLVED)
    told = _behind(behind)
    named = {flag.key for flag in flags}
    of_pictures = [override for override in told if override.key in OF_PICTURES and override.key not in named]
    own = not has_dataset and (behind is None or split in (None, behind.contract.dataset.predicted_split))
    if not own and (config is None or model_only is not None):
        told = [override for override in told if override.key not in OF_PICTURES]
    loaded = load_contract(None, [*_NO_TRAINING, *told, *_with_adapter(flags, files)])
    warnings = tuple(warning for warning in loaded.warnings if warning.where.startswith("--"))
    notes = _notes(of_pictures, run, own=own) if config is None else ()
    return Meant(loaded.contract, warnings, behind, run, config, model_only, notes)


def _notes(of_pictures: Sequence[Override], run: RunLayout | None, *, own: bool) -> tuple[str, ...]:
    """A line on what a contract does to pictures, or nothing."""
    if not of_pictures:
        return ()
    whose = "the contract" if run is None else run.run_id
    keys = ", ".join(f"{override.key}={write_flow(override.value)}" for override in of_pictures)
    if own:
        return (f"{whose}: its pictures are predicted with {keys}, as it says; flags of this command win",)
    return (f"{whose}: {keys} are meant for its own pictures and do nothing to these; flags of this command do",)


def _run_of(run_id: str | None, contract_file: Path | None, files: Mapping[str, Path]) -> RunLayout | None:
    """The run that is named; else that of the contract, or the one a given file lies in.

    Raises:
        UsageError: YZ627.
    """
    if run_id is None:
        around = None if contract_file is not None else next(filter(None, map(_run_around, files.values())), None)
        return around if contract_file is None else _named_in(contract_file)
    run = RunLayout.at(run_id) if (Path(run_id) / RESOLVED).is_file() else RunLayout.of(run_id)
    if contract_file is None and not (run.root / RESOLVED).is_file():
        raise UsageError.one(
            "YZ627",
            where=f"--run-id {run_id}",
            problem=f"there is no such run in {RUNS_DIR}",
            fix=runs_hint(run_id, runs_in(RUNS_DIR)) or f"build it first: yolozu run CONFIG run_id={run_id}",
        )
    return run


def _named_in(contract_file: Path) -> RunLayout | None:
    run_id = load_contract(contract_file).contract.run.run_id
    return None if run_id is None else RunLayout.of(run_id)


def _run_around(path: Path) -> RunLayout | None:
    """The run that a file lies in."""
    root = next((parent for parent in path.parents if (parent / RESOLVED).is_file()), None)
    return None if root is None else RunLayout(root)


def _model_in(path: Path) -> ModelConfig | None:
    """The architecture in a file that holds nothing else: its map, or that under ``model``; None for a contract.

    Raises:
        ContractError: everything that is wrong with the file.
    """
    root, _ = read_source(path)
    written = set(root.value)
    if written and written <= set(slots_of(ModelConfig)):
        model: Any = str(path)
    elif written in ({"model"}, {"model_config"}):
        model = root.value[written.pop()].plain()
    else:
        return None
    return load_contract(None, [_NO_TRAINING[0], Override("model", model, f"{path}: model")]).contract.model.model


def _behind(loaded: LoadedContract | None) -> list[Override]:
    """What the contract says of prediction, other than the defaults."""
    if loaded is None:
        return []
    defaults = {key: slot.default for section in SECTIONS for key, slot in slots_of(section).items()}
    values, texts = flat_values(loaded.contract), flat_json(loaded.contract)
    return [
        Override(key, texts[key], loaded.origin_of(key)) for key, default in defaults.items() if values[key] != default
    ]


def _with_adapter(flags: Sequence[Override], files: Mapping[str, Path]) -> list[Override]:
    """The flags, with the adapter that the given files mean where none is named."""
    if any(flag.key == "adapter" for flag in flags):
        return list(flags)
    return [*(Override("adapter", ADAPTER_OF[name], f"--{name}") for name in list(files)[:1]), *flags]


def model_files(meant: Meant, uses: Collection[str], given: Mapping[str, Path]) -> dict[str, Path]:
    """The files that the adapter reads: those given, else the run's or the contract's; whether they are there or not.

    Args:
        meant: the command line.
        uses: options that the adapter reads.
        given: files that are given.
    """
    files = dict(given)
    if meant.run is not None:
        files = {name: meant.run.root / path for name, path in OF_A_RUN.items() if name in uses} | files
    served = meant.settings.predict.predictions
    if served is not None and "predictions" in uses:
        files["predictions"] = Path(served)
    return files


def require_device(adapter: str, device: str) -> None:
    """Refuse a device that the adapter cannot have here, before any picture is read.

    Raises:
        UsageError: YZ501 torch has no such device, YZ615 ONNX Runtime is not built for it.
    """
    if device == "cpu":
        return
    if adapter == "rtdetr_pose":
        check_device(device)
    if adapter == "onnxruntime":
        providers_for(device)


def origin_of(meant: Meant, files: Mapping[str, Path], given: Collection[str]) -> dict[str, Path]:
    """The checkpoint that must be behind the exported file, where both are the run's."""
    if meant.run is None or "onnx" not in files or "onnx" in given:
        return {}
    checkpoint = meant.run.root / OF_A_RUN["checkpoint"]
    return {"checkpoint": checkpoint} if checkpoint.is_file() else {}


def require_built(meant: Meant, files: Mapping[str, Path], given: Collection[str], *, has_dataset: bool) -> None:
    """Refuse a run that does not have what is taken from it.

    Args:
        meant: the command line.
        files: what `model_files` gives.
        given: those of them that are not taken from the run.
        has_dataset: whether the images are not taken from the run.

    Raises:
        UsageError: YZ628, naming all of it; YZ629 no data set is named.
    """
    if not has_dataset and meant.behind is None:
        fix = "give --dataset ROOT, or a contract or run that has one: --config FILE, --run-id ID"
        raise UsageError.one("YZ629", where="export-predictions", problem="no data set is named", fix=fix)
    missing = [name for name in OF_A_RUN if name in files and name not in given and not files[name].is_file()]
    if not has_dataset and needs_index(meant) and (meant.run is None or not (meant.run.root / INDEX).is_file()):
        missing.append("dataset")
    if missing:
        raise _not_built(meant, missing)


def needs_index(meant: Meant) -> bool:
    """Whether the run alone has the images: it renders them."""
    return meant.behind is not None and meant.behind.contract.dataset.dataset_root == SYNTHETIC


def _not_built(meant: Meant, missing: Sequence[str]) -> YolozuError:
    options = {"checkpoint": "--checkpoint FILE", "onnx": "--onnx FILE", "dataset": "--dataset ROOT"}
    give = " and ".join(options[name] for name in missing)
    if meant.run is None:
        assert meant.behind is not None, "a contract says that images are rendered"
        problem = "its images are rendered by a run, and it names none"
        return UsageError.one("YZ628", where=str(meant.behind.path), problem=problem, fix=f"give {give} or --run-id ID")
    lacking = " and no ".join({**OF_A_RUN, "dataset": INDEX}[name] for name in missing)
    config = "" if meant.told is None or meant.model_only is not None else f"{meant.told} "
    return UsageError.one(
        "YZ628",
        where=str(meant.run.root),
        problem=f"this run has no {lacking}",
        fix=f"give {give}, or build the run first: yolozu run {config}{meant.run.word}",
    )
