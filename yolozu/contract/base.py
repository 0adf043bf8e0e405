"""What every section of the contract has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A closed, frozen, documented group of contract keys; the defaults live here and nowhere else.

    Scalars are strict: ``true`` is no integer, ``2.9`` no count, NaN and infinity no number. Field names are unique over
    all sections, because the keys a user writes are flat. Every field's docstring is its entry in the reference.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )
