"""Whether a JSON file can be meant as predictions at all."""

from __future__ import annotations

from pathlib import Path

from yolozu.artifacts.predictions.stream import BrokenJson, JsonText


def is_other_report(path: Path) -> bool:
    """Whether a file is a JSON object of another kind: a report, with single values and without ``predictions``.

    Files that cannot be read are not told apart: what checks them says what is wrong. Of predictions, only the part
    before the first list is read.
    """
    try:
        with path.open("rb") as file:
            text = JsonText(file, note_repeated=False)
            return text.peek() == "{" and _has_no_predictions(text)
    except (OSError, BrokenJson):
        return False


def _has_no_predictions(text: JsonText) -> bool:
    """Whether the object that starts here has other values than lists, and no list of predictions."""
    others = False
    for key in text.members():
        is_list = text.peek() == "["
        if is_list and (key == "predictions" or not others):
            return False
        others = True
        text.value()
    return others
