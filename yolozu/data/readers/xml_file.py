"""XML files of annotation tools, and what stands in them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from yolozu.artifacts.jsonio import explain_read_error


def read_xml(path: Path, root: str) -> ET.Element:
    """The root element of an XML file, which must be called ``root``.

    Raises:
        ValueError: the file cannot be read, is no XML, or holds something else; the message says so in a line.
    """
    try:
        found = ET.fromstring(path.read_bytes())  # noqa: S314 - expat 2.4.1 and later stops exploding entities
    except (ET.ParseError, LookupError) as error:  # the latter for an encoding that nobody knows
        raise ValueError(f"is no XML: {error}") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot be read: {explain_read_error(error)}") from error
    if found.tag != root:
        raise ValueError(f"holds <{found.tag[:40]}> where <{root}> is expected")
    return found


def text_at(element: ET.Element, place: str) -> str:
    """The text of a child.

    Raises:
        ValueError: there is no such child, or no text in it.
    """
    found = element.findtext(place)
    if found is None or not found.strip():
        raise ValueError(f"has no {place}")
    return found.strip()
