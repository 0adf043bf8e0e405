"""Names of images that cannot be written into JSON, or not shown in a line."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import is_text
from yolozu.data.checking.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.survey import Survey


def name_no_text(survey: Survey) -> Iterator[Violation]:
    """Images whose names are no UTF-8: an archive of another system was unpacked without converting them."""
    for split, image in survey.images():
        if not is_text(image.labeled.image):
            yield Violation(split.name, image, str(image.labeled.path), "its name is no UTF-8", whole_image=True)


def control_character(survey: Survey) -> Iterator[Violation]:
    """Images with a line break, tab or other control character in their names, which lists cannot hold."""
    for split, image in survey.images():
        name = image.labeled.image
        strange = next((char for char in name if unicodedata.category(char) == "Cc"), None)
        if strange is not None:
            problem = f"its name holds the control character U+{ord(strange):04X}"
            yield Violation(split.name, image, str(image.labeled.path), problem)
