"""Why the model finds nearly nothing, where it does."""

from __future__ import annotations

from yolozu.artifacts.jsonio import read_json
from yolozu.artifacts.torch_archive import MALFORMED
from yolozu.errors import InputError
from yolozu.report.markup import Markup, element
from yolozu.report.material import FIX, Material
from yolozu.training.diagnosis import Ended, diagnose


def causes(material: Material) -> Markup | None:
    """Each cause with its numbers and what to do; None of a model that finds something, or was not trained here."""
    receipts = material.files.receipts
    if material.boxes is None or receipts is None or material.files.train_metrics is None:
        return None
    trained, data = (
        read_json(receipts / f"{stage}.json", code="YZ855", fix=FIX) for stage in ("train", "prepare_data")
    )
    metrics = {**material.boxes.metrics, **({} if material.poses is None else material.poses.metrics)}
    try:
        found = diagnose(Ended(trained["spec"], data["numbers"], material.train_rows, material.val_rows, metrics))
    except MALFORMED as error:
        problem = f"are no receipts of train and prepare_data ({type(error).__name__}: {error})"
        raise InputError.one("YZ855", where=str(receipts), problem=problem, fix=FIX) from error
    if not found:
        return None
    return element("ul", *(element("li", f"{cause.problem}: {_fix(cause.advice, cause.words)}") for cause in found))


def _fix(advice: str, words: tuple[str, ...]) -> str:
    return f"{advice} ({' '.join(words)})" if words else advice
