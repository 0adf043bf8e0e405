"""What every section of the contract has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A closed, frozen, documented group of contract keys; the defaults live here and nowhere else.

    Scalars are strict: ``true`` is no integer, ``2.9`` no count, NaN and infinity no number. Field names are unique
    over all sections, because the keys a user writes are flat. Every field's docstring is its entry in the reference;
    it is read from the source when asked for (`contract.docs.docstrings`), where pydantic would do so at every start.
    """

    model_config = ConfigDict(
        defer_build=True,  # a command builds what it asks: most sections only within the whole contract
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
    )


@dataclass(frozen=True)
class Form:
    """What a value must look like, in words, where its type alone would say too little or too much.

    Goes into ``Annotated[...]``; errors and the reference read ``must be <words>``.

    Attributes:
        words: the words.
        offers: values to complete to, where others are possible too.
    """

    words: str
    offers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Location:
    """Says that a key tells only *where*: on which device, or where content lies that is an input in its own right.

    Another value is the same result, so the key makes nothing stale and stops no interrupted training from going on.
    Goes into ``Annotated[...]``.
    """


@dataclass(frozen=True)
class FilePath:
    """Says that a text is a path, relative to the working directory, unless it is one of ``words``.

    Goes into ``Annotated[...]``.

    Attributes:
        words: that are no paths.
        or_run: whether a name without a slash is the id of a run, which means the same in every directory.
    """

    words: tuple[str, ...] = ()
    or_run: bool = False


@dataclass(frozen=True)
class Neutral:
    """The value that the absence of a key in an older run stands for, where that is not the key's default.

    Goes into ``Annotated[...]``.
    """

    value: Any


class Conflict(ValueError):
    """Keys that are fine one by one but not together.

    Args:
        keys: the keys, the one to blame first.
        problem: what does not fit.
        fix: the ways out.
        code: the error code it is reported under.
    """

    def __init__(self, *keys: str, problem: str, fix: str, code: str = "YZ105") -> None:
        super().__init__(f"{problem}; {fix}")
        self.keys, self.problem, self.fix, self.code = keys, problem, fix, code

    @property
    def paths(self) -> list[tuple[str, ...]]:
        """The keys as paths: ``model.num_queries`` nests, and so does ``require.NAME``, whatever the name."""
        return [tuple(key.split(".", 1 if key.startswith("require.") else -1)) for key in self.keys]

    def __reduce__(self) -> tuple[object, ...]:
        return _conflict, (self.keys, self.problem, self.fix, self.code)


def _conflict(keys: tuple[str, ...], problem: str, fix: str, code: str) -> Conflict:
    return Conflict(*keys, problem=problem, fix=fix, code=code)
