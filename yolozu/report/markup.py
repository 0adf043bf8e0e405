"""HTML and SVG that cannot be broken by what they show: text is escaped unless it was built here."""

from __future__ import annotations

import html
from dataclasses import dataclass

VOID = frozenset({"img", "meta", "link", "br", "hr"})
"""Elements that have no end tag."""


@dataclass(frozen=True)
class Markup:
    """Text that is HTML already; only `element`, `joined` and constants of this package make any."""

    text: str

    def __str__(self) -> str:
        return self.text


Child = str | Markup | None
Attribute = str | int | float | bool | None
NOTHING = Markup("")


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element with its children.

    Args:
        name: of the element.
        children: text, which is escaped; markup, which is taken as it is; None, which is nothing.
        attributes: a trailing ``_`` is dropped and others become ``-``; True is an attribute without a value, and
            with None or False there is none.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if name in VOID:
        assert not children, f"{name} has no content"
        return Markup(start)
    return Markup(f"{start}{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """The children one after the other."""
    return Markup("".join(_text(child) for child in children if child is not None))


def _text(child: str | Markup) -> str:
    return child.text if isinstance(child, Markup) else html.escape(_shown(child), quote=False)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(_shown(str(value)))}"'


def _shown(text: str) -> str:
    """Characters that HTML does not have, or that turn the direction of text, as escapes."""
    return "".join(sign if sign in "\n\t" or _is_harmless(sign) else f"\\u{ord(sign):04x}" for sign in text)


def _is_harmless(sign: str) -> bool:
    code = ord(sign)
    turns = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return code >= 0x20 and not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xE000 and not turns
