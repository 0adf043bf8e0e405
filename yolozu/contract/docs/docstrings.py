"""Attribute docstrings of sections, read from the source when somebody wants to see them."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel


def docstrings_of(section: type[BaseModel]) -> dict[str, str]:
    """Field name -> its docstring, as one paragraph."""
    return _docstrings_in(section.__module__)[section.__qualname__]


def summary_of(section: type[BaseModel]) -> str:
    """The section's own docstring, as one paragraph."""
    assert section.__doc__ is not None, f"{section.__name__} has no docstring"
    return _paragraph(section.__doc__)


@cache
def _docstrings_in(module: str) -> dict[str, dict[str, str]]:
    path = sys.modules[module].__file__
    assert path is not None
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return {entry.name: _attributes(entry) for entry in tree.body if isinstance(entry, ast.ClassDef)}


def _attributes(definition: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        said = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
        if named and said:
            found[field.target.id] = _paragraph(text.value.value)  # type: ignore[attr-defined]
    return found


def _paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split())
