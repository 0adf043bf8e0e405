"""What a reader of labels does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from yolozu.data.labels import SplitLabels
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.structures.classes import ClassTable


class SplitReader(Protocol):
    """Reads the labels of one split. Constructing it opens what there is; nothing is checked or left out."""

    def __init__(self, layout: Layout, split: Split) -> None:
        """The reader of ``split``."""
        ...

    def stated_classes(self) -> ClassTable | None:
        """The classes the labels themselves name; None where the format does not."""
        ...

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """Images and labels; ``classes`` maps categories to network indices where the format has categories."""
        ...
