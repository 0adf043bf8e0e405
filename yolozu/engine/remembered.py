"""What a run was given on the command line, kept with it: a later `doit run_id=exp01 eval` means the same run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import pretty, read_json
from yolozu.artifacts.record import typed
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.paths import RunLayout

FORGET_ALL = "all"


@dataclass(frozen=True)
class _Stored:
    """The file's form."""

    config: str | None
    overrides: dict[str, Any]
    strict: bool | None = None


@dataclass(frozen=True)
class Remembered:
    """The contract file and the overrides of a run.

    Attributes:
        config: path of the contract file as it was given; None before the first build.
        overrides: flat (or dotted) key -> JSON value.
        strict: whether the run is read in strict mode; None before the first build.
    """

    config: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    strict: bool | None = None

    @classmethod
    def read(cls, layout: RunLayout) -> Remembered:
        """What is remembered for a run; nothing for a new one.

        Raises:
            InputError: YZ309.
        """
        path = layout.overrides_path
        if not path.is_file():
            return cls()
        fix = "delete it and give the overrides again"
        value = read_json(path, code="YZ309", fix=fix)
        stored = typed(_Stored, value, what="memory of a run", code="YZ309", where=str(path), fix=fix)
        return cls(stored.config, stored.overrides, stored.strict)

    def text(self) -> str:
        """The JSON file's text."""
        return pretty({"schema_version": 1, "config": self.config, "overrides": self.overrides, "strict": self.strict})

    def forget(self, keys: Sequence[str]) -> Remembered:
        """Without ``keys``; without any for ``all``.

        Raises:
            UsageError: YZ310, a key is not remembered.
        """
        if list(keys) == [FORGET_ALL]:
            return replace(self, overrides={})
        unknown = [key for key in keys if key not in self.overrides]
        if unknown:
            known = ", ".join(self.overrides)
            raise UsageError.one(
                "YZ310",
                where=f"forget={','.join(keys)}",
                problem=f"{', '.join(unknown)}: not remembered",
                fix=f"remembered are: {known}" if known else "nothing is remembered for this run",
            )
        return replace(self, overrides={key: value for key, value in self.overrides.items() if key not in keys})

    def with_given(self, config: str | None, given: Sequence[Override]) -> Remembered:
        """With what the command line says now, which wins."""
        replaced = {override.path for override in given}
        kept = {key: value for key, value in self.overrides.items() if Override(key, value, "").path not in replaced}
        now = {override.key: override.value for override in given}
        return replace(self, config=self.config if config is None else config, overrides={**kept, **now})

    def with_strict(self, *, asked: bool) -> Remembered:
        """Strict if ``asked``; but a run that began without strict mode stays readable as it is."""
        return replace(self, strict=asked and self.strict is not False)

    def as_overrides(self, given: Sequence[Override]) -> list[Override]:
        """All overrides: those just ``given`` with their own origin, the others as remembered."""
        now = {override.key: override for override in given}
        return [
            now.get(key, Override(key, value, f"{key}={shown(value)} (remembered)"))
            for key, value in self.overrides.items()
        ]

    def headline(self, run_id: str, given: Sequence[Override]) -> str:
        """``exp01: configs/x.yaml + lr=0.001 (remembered)``."""
        now = {override.key for override in given}
        fresh = [f"{key}={shown(value)}" for key, value in self.overrides.items() if key in now]
        old = [f"{key}={shown(value)} (remembered)" for key, value in self.overrides.items() if key not in now]
        return " + ".join([f"{run_id}: {self.config}", *fresh, *old])


def shown(value: Any) -> str:
    """A value as it would be typed after ``key=``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return ",".join(shown(entry) for entry in value)
    return str(value)
