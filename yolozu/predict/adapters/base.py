"""What predicts: one protocol for checkpoints, exported files, finished predictions and code of others."""

# Shapes: B images of a batch, H and W of the network input in px.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol, Self

from yolozu.contract.sections.predict import InferencePrecision, PredictSection, TtaSection
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from yolozu.data.transform import ImageTransform
    from yolozu.errors import YolozuError
    from yolozu.predict.model_check import ToldModel
    from yolozu.progress import Progress
    from yolozu.structures.classes import ClassTable
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.predictions import ImagePredictions

KEPT = PredictSection()
"""What is kept of an image where nothing is said."""


@dataclass(frozen=True)
class AdapterRequest:
    """All that adapters are opened with; each reads what its ``uses`` names, and the rest.

    Attributes:
        classes: class table of the data set that is predicted; None when it has none, and any model will do.
        checkpoint: checkpoint file; for an adapter that reads an exported file, the one that must be behind it.
        onnx: exported file.
        predictions: predictions file.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: images the network sees at once.
        intrinsics: fx, fy, cx, cy in px of images whose camera is not known, pixel borders counted from 0.
        score_threshold: detections below it are left out.
        max_detections: most detections per image.
        transform: what is done to each picture before the network sees it.
        views: several views of each picture, fused (test-time augmentation in ``tta_mode: model``).
        inference_precision: what it computes in.
        told: what a contract says of the network, which must be so; None where none says anything.
        progress: where progress is shown.
    """

    classes: ClassTable | None
    progress: Progress
    checkpoint: Path | None = None
    onnx: Path | None = None
    predictions: Path | None = None
    device: str = "cpu"
    batch_size: int = 8
    intrinsics: tuple[float, float, float, float] | None = None
    score_threshold: float = KEPT.score_threshold
    max_detections: int = KEPT.max_detections
    transform: ImageTransform | None = None
    views: TtaSection | None = None
    inference_precision: InferencePrecision = KEPT.inference_precision
    told: ToldModel | None = None


class Adapter(Protocol):
    """Something that gives detections for images.

    Attributes:
        uses: which of the request's ``checkpoint``, ``onnx``, ``predictions``, ``device``, ``batch_size``,
            ``inference_precision``, ``intrinsics``, ``transform`` and ``views`` it reads; the others have no effect
            on it.
    """

    uses: ClassVar[frozenset[str]]

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:
        """The adapter, ready to predict. Files that ``uses`` names are given."""
        ...

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """One entry per record, in their order; boxes normalized to the original image, best score first."""
        ...

    def supports_ttt(self) -> bool:
        """Whether `get_model` and `build_loader` give something whose weights can be adapted before predicting."""
        ...

    def get_model(self) -> nn.Module:
        """The network that `predict` runs, so that changes to its weights count.

        Raises:
            UsageError: YZ613 there is none.
        """
        ...

    def build_loader(self, records: Sequence[ImageRecord], batch_size: int) -> Iterable[Tensor]:
        """Network inputs of the records, (B, 3, H, W) float32 on the device; iterating again starts again.

        Raises:
            UsageError: YZ613 there is no network to feed.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What predicted, for the record: JSON values that are the same for the same request."""
        ...


def classes_of(adapter: Adapter) -> ClassTable | None:
    """The classes of an adapter's model, as its attribute ``classes`` says; None where it does not say them."""
    classes: ClassTable | None = getattr(adapter, "classes", None)
    return classes


def gives_poses(adapter: Adapter) -> bool:
    """Whether an adapter may give poses, as its attribute ``has_poses`` says; one that does not say so may."""
    has_poses: bool = getattr(adapter, "has_poses", True)
    return has_poses


class WithoutModel:
    """What adapters without a torch model say when one is asked of them.

    Attributes:
        name: of the adapter.
    """

    name: ClassVar[str]

    def supports_ttt(self) -> bool:
        """False: there is nothing to adapt."""
        return False

    def get_model(self) -> NoReturn:
        """There is no torch model: YZ613."""
        raise self._without_model()

    def build_loader(self, records: Sequence[ImageRecord], batch_size: int) -> NoReturn:  # noqa: ARG002 - the protocol's
        """There is no torch model to feed: YZ613."""
        raise self._without_model()

    def _without_model(self) -> YolozuError:
        return UsageError.one(
            "YZ613",
            where=f"adapter {self.name!r}",
            problem="it has no torch model",
            fix="use the adapter rtdetr_pose with a checkpoint",
        )
