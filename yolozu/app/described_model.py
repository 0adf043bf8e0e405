"""The detector that a command line means, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import Override, parse_assignments
from yolozu.contract.rules_of_adapters import freezes_base
from yolozu.engine.default_contract import default_contract
from yolozu.errors import Finding, UsageError

if TYPE_CHECKING:
    from yolozu.model.detector import Detector
    from yolozu.model.profile import Latency, Profile

CONTRACTS = (".yaml", ".yml", ".json")
CHECKPOINTS = (".pt", ".pth")
ASSUMED_CLASSES = 80
"""Classes where neither the contract nor the command line says a number: COCO's."""


@dataclass(frozen=True)
class Subject:
    """A detector to describe.

    Attributes:
        source: where it is from.
        detector: without values where they were not asked for.
        backbone: its backbone's name.
        height: of the network input in px.
        width: likewise.
        num_classes: classes it tells apart.
        assumed: whether nobody said how many.
        poses: whether it has heads of poses; None where the data decide, and none are counted.
        device: name of the device to measure on.
    """

    source: str
    detector: Detector
    backbone: str
    height: int
    width: int
    num_classes: int
    assumed: bool
    poses: bool | None
    device: str


@dataclass(frozen=True)
class MeantModel:
    """A contract or a checkpoint that tells a detector.

    Attributes:
        path: the file.
        loaded: the contract; None for a checkpoint.
        image_size: side of the network input in px; None for the file's own.
        latency_of: images at once of which the time is measured; None measures none.
    """

    path: Path
    loaded: LoadedContract | None
    image_size: int | None
    latency_of: int | None

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is wrong with the contract without keeping it from being used."""
        return () if self.loaded is None else self.loaded.warnings

    def described(self) -> tuple[Subject, Profile, Latency | None]:
        """The detector, its parameters and FLOPs, and its time where that is asked for.

        Raises:
            YolozuError: the checkpoint cannot be used, or there is no such device.
        """
        from yolozu.model.device import device_named
        from yolozu.model.profile import latency_of, profile_of

        if self.loaded is None:
            subject = _of_checkpoint(self.path, self.image_size)
        else:
            subject = _of_contract(self.path, self.loaded, with_values=self.latency_of is not None)
        size = {"height": subject.height, "width": subject.width}
        profile = profile_of(subject.detector, **size)
        if self.latency_of is None:
            return subject, profile, None
        device = device_named(subject.device)
        return subject, profile, latency_of(subject.detector, **size, batch_size=self.latency_of, device=device)


def model_meant_by(
    words: Sequence[str], *, image_size: int | None, num_classes: int | None, batch_size: int | None, latency: bool
) -> MeantModel:
    """What is meant by a contract or checkpoint and KEY=VALUE pairs.

    Raises:
        ContractError: everything that is wrong with the contract.
        UsageError: YZ310, YZ411 words and options that cannot be meant, all of them.
    """
    paths = [word for word in words if "=" not in word]
    assignments = [word for word in words if "=" in word]
    refused = _refused(paths, assignments, num_classes=num_classes, batch_size=batch_size, latency=latency)
    if refused:
        raise UsageError(refused)
    measured = None if not latency else 1 if batch_size is None else batch_size
    if paths and paths[0].endswith(CHECKPOINTS):
        return MeantModel(Path(paths[0]), None, image_size, measured)
    flags = {"image_size": ("--image-size", image_size), "model.num_classes": ("--num-classes", num_classes)}
    overrides = [Override(key, value, flag) for key, (flag, value) in flags.items() if value is not None]
    path = Path(paths[0] if paths else default_contract())
    return MeantModel(path, load_contract(path, [*parse_assignments(assignments), *overrides]), image_size, measured)


def _refused(
    paths: list[str], assignments: list[str], *, num_classes: int | None, batch_size: int | None, latency: bool
) -> list[Finding]:
    """What cannot be meant."""
    findings = [
        Finding("YZ310", word, "is no contract (.yaml, .yml, .json), checkpoint (.pt) or KEY=VALUE", "correct the word")
        for word in paths
        if not word.endswith((*CONTRACTS, *CHECKPOINTS))
    ]
    findings += [Finding("YZ310", word, "is a second model", "describe one at a time") for word in paths[1:]]
    if any(word.endswith(CHECKPOINTS) for word in paths):
        fixed = [*assignments, *(["--num-classes"] if num_classes is not None else [])]
        findings += [
            Finding("YZ411", word, "a checkpoint says so itself", "leave it out, or describe a contract")
            for word in fixed
        ]
    if batch_size is not None and not latency:
        findings.append(Finding("YZ411", "--batch-size", "only time depends on it", "leave it out, or add --latency"))
    return findings


def _of_contract(path: Path, loaded: LoadedContract, *, with_values: bool) -> Subject:
    import torch

    from yolozu.contract.sections.train import MimSection
    from yolozu.contract.sections.trained_model import with_additions
    from yolozu.model.detector import build_detector
    from yolozu.training.trainable import freeze_base

    contract, config = loaded.contract, loaded.contract.model.model
    size = contract.preprocess.image_size
    height, width = (size, size) if isinstance(size, int) else size
    num_classes = ASSUMED_CLASSES if config.num_classes is None else config.num_classes
    torch.manual_seed(contract.seed.seed)
    with torch.device("cpu" if with_values else "meta"):
        detector = build_detector(with_additions(config, MimSection(), contract.lora), num_classes=num_classes)
    if freezes_base(contract):
        freeze_base(detector, biases=contract.lora.lora_train_bias)
    assumed = config.num_classes is None
    poses, device = None if config.pose == "auto" else config.pose, contract.device.device
    return Subject(str(path), detector, config.backbone.name, height, width, num_classes, assumed, poses, device)


def _of_checkpoint(path: Path, image_size: int | None) -> Subject:
    from yolozu.artifacts.checkpoint import read_checkpoint
    from yolozu.data.preprocess import Preprocess
    from yolozu.model.loading import detector_from

    checkpoint = read_checkpoint(path)
    preprocess = Preprocess.from_json(checkpoint.preprocess)
    height, width = (preprocess.height, preprocess.width) if image_size is None else (image_size, image_size)
    detector = detector_from(checkpoint)  # which holds the architecture against what is known of such
    backbone = checkpoint.model_config["backbone"]["name"]
    poses = detector.k_head is not None
    return Subject(str(path), detector, backbone, height, width, len(checkpoint.classes), False, poses, "cpu")
