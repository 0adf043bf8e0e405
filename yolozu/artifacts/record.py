"""Typed records as JSON files: reports and the like that others read by their schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.errors import Finding, InputError

SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"


class Record(BaseModel):
    """A closed, frozen record or a part of one; the docstrings of its fields are its schema's descriptions."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


AnyRecord = TypeVar("AnyRecord", bound=Record)
Typed = TypeVar("Typed")


def write_record(path: Path, record: Record) -> None:
    """Replace the file at ``path``, whole or not at all."""
    write_text(path, pretty(record.model_dump(mode="json")))


def read_record(path: Path, kind: type[AnyRecord], *, code: str, fix: str) -> AnyRecord:
    """The record at ``path``.

    Raises:
        InputError: ``code``, with ``fix``: missing or not of this form; one finding per field.
    """
    value = read_json(path, code=code, fix=fix)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise InputError(
            Finding(code, f"{path}: {'.'.join(str(part) for part in entry['loc'])}", entry["msg"], fix)
            for entry in error.errors()
        ) from error


def typed(kind: type[Typed], value: Any, *, what: str, code: str, where: str, fix: str) -> Typed:
    """``value``, from JSON, as a ``kind`` of dataclass; fields that it does not know are passed over.

    Raises:
        InputError: ``code``, with ``fix``, at ``where``: fields are missing or of another type than ``what`` has.
    """
    try:
        return _adapter(kind).validate_json(json.dumps(value), strict=True)  # type: ignore[no-any-return, arg-type]
    except ValidationError as error:
        raise InputError.one(code, where=where, problem=f"is no {what}: {in_a_line(error)}", fix=fix) from error


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Built once: that takes longer than reading a file with it."""
    return TypeAdapter(kind)


def in_a_line(error: ValidationError) -> str:
    """What is wrong with which fields."""
    return "; ".join(": ".join((*map(str, entry["loc"]), entry["msg"])) for entry in error.errors())


def schema_of(kind: type[Record]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a kind of record, as committed under ``contracts/``."""
    return {"$schema": SCHEMA_URL, **kind.model_json_schema()}
