"""The page as one text: header, table of contents, sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yolozu import __version__
from yolozu.report.markup import Child, Markup, element
from yolozu.report.style import STYLE

ICON = "data:,"
"""An icon that is nothing: without one, browsers ask the server for it."""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        anchor: its place in the page's address.
        title: as people read it.
        body: its content.
    """

    anchor: str
    title: str
    body: Markup


def page(title: str, lead: Sequence[Child], sections: Sequence[Section]) -> str:
    """A whole HTML document that needs no other file.

    Args:
        title: what the page is about.
        lead: paragraphs below it.
        sections: in their order.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"yolozu {__version__}"),
        element("link", rel="icon", href=ICON),
        element("title", f"{title} · yolozu"),
        element("style", STYLE),
    )
    entries = [element("li", element("a", one.title, href=f"#{one.anchor}")) for one in sections]
    header = element("header", element("h1", title), *(element("p", line) for line in lead))
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element(
            "div",
            header,
            element("nav", element("ol", *entries), aria_label="Contents"),
            element("main", *map(_section, sections), id="content"),
            element("footer", f"Made by yolozu {__version__}. This page needs no network and holds all it shows."),
            class_="page",
        ),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _section(one: Section) -> Markup:
    heading = element("h2", one.title, id=f"{one.anchor}-title")
    return element("section", heading, one.body, id=one.anchor, aria_labelledby=f"{one.anchor}-title")


def note(*text: Child) -> Markup:
    """A remark beside the matter."""
    return element("p", *text, class_="note")


def warning(text: str) -> Markup:
    """A remark that a reader should not miss."""
    return element("p", text, class_="warn")


def figure(caption: str, *content: Child) -> Markup:
    """A picture or a chart with its name above it."""
    return element("figure", element("figcaption", caption), *content)


def side_by_side(figures: Sequence[Markup]) -> Markup:
    """Figures in columns where there is room."""
    return element("div", *figures, class_="grid2")


def table(head: Sequence[str], rows: Sequence[Sequence[Child]], *, name: str, texts: int = 1) -> Markup:
    """A table whose first columns are texts and whose others are numbers; a narrow screen scrolls it by itself.

    Args:
        head: names of the columns.
        rows: a cell a column.
        name: what is in it, for those who cannot see it.
        texts: columns of text; the first of a row is its heading.
    """

    def cell(place: int, content: Child) -> Markup:
        kind = None if place < texts else "n"
        return element("th", content, scope="row", class_=kind) if place == 0 else element("td", content, class_=kind)

    titles = [element("th", one, scope="col", class_=None if place < texts else "n") for place, one in enumerate(head)]
    lines = [element("tr", *(cell(place, content) for place, content in enumerate(row))) for row in rows]
    whole = element("table", element("thead", element("tr", *titles)), element("tbody", *lines))
    return element("div", whole, class_="scroll", role="region", aria_label=name, tabindex=0)


def details(summary: str, *content: Child) -> Markup:
    """What is there for who asks for it."""
    return element("details", element("summary", summary), *content)


def number(value: float | None, form: str = ".3f") -> str:
    """A number in a table; a dash where nothing was measured."""
    return "–" if value is None else format(value, form)
