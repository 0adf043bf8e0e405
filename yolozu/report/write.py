"""The page and the sheet as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from yolozu.artifacts.jsonio import atomic_replacement, write_text
from yolozu.report.markup import Markup
from yolozu.report.material import Material
from yolozu.report.page import Section, page
from yolozu.report.registry import SECTIONS
from yolozu.report.sheet import prediction_sheet

SHEET_QUALITY = 88


def write_page(material: Material, path: Path) -> None:
    """Replace the page at ``path``: all sections that have something to show.

    Raises:
        InputError: a file or a picture cannot be read.
    """
    write_text(path, page_text(material))


def page_text(material: Material) -> str:
    """The page of a run."""
    sections = []
    for anchor in SECTIONS:
        make: Callable[[Material], Markup | None] = SECTIONS.load(anchor)
        body = make(material)
        if body is not None:
            sections.append(Section(anchor, anchor.replace("_", " ").capitalize(), body))
    return page(f"Run {material.run}", _lead(material), sections)


def _lead(material: Material) -> list[str]:
    index = material.index
    if index is None:
        return []
    return [f"{index.root if index.root.name else index.root.resolve().name}, split “{index.split}”"]


def write_sheet(material: Material, path: Path) -> None:
    """Replace the picture sheet at ``path``.

    Raises:
        InputError: a picture cannot be read.
    """
    sheet = prediction_sheet(material)
    with atomic_replacement(path) as aside:
        (Image.new("RGB", (1, 1), "white") if sheet is None else sheet).save(aside, "JPEG", quality=SHEET_QUALITY)
