"""What a run was given on the command line, kept with it: a later `doit run_id=exp01 eval` means the same run."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import pretty, read_json
from yolozu.artifacts.record import typed
from yolozu.contract.overrides import Override
from yolozu.contract.path_keys import rebased
from yolozu.contract.text.node import dotted
from yolozu.engine.run_names import source_of
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from yolozu.contract.loader import LoadedContract
    from yolozu.paths import RunLayout

FORGET_ALL = "all"


@dataclass(frozen=True)
class _Stored:
    """The file's form."""

    config: str | None
    overrides: dict[str, Any]
    strict: bool | None = None
    directory: str | None = None
    directory_from_run: str | None = None


@dataclass(frozen=True)
class RunOverrides:
    """The contract file and the overrides of a run.

    Attributes:
        config: path of the contract file as it was given; None before the first build, and where there is no file.
        overrides: flat (or dotted) key -> JSON value.
        strict: whether the run is read in strict mode; None before the first build.
        directory: the working directory that ``config`` and the paths in contract and overrides are relative to; None
            in runs of early releases.
        directory_from_run: the same, relative to the run's directory: both may have been moved together.
    """

    config: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    strict: bool | None = None
    directory: str | None = None
    directory_from_run: str | None = None

    @classmethod
    def read(cls, layout: RunLayout) -> RunOverrides:
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
        return cls(**asdict(stored))

    def text(self) -> str:
        """The JSON file's text."""
        return pretty({"schema_version": 1, **asdict(self)})

    def base(self, layout: RunLayout) -> Path:
        """The working directory that the paths are relative to, as far as it can still be found; absolute.

        The first of these in which the contract file lies: where run and contract are as they were to each other, the
        directory of old, the one that `runs/` lies in, the present one.
        """
        here, root = Path.cwd(), layout.root.absolute()
        named = [] if self.directory_from_run is None else [Path(os.path.normpath(root / self.directory_from_run))]
        named += [] if self.directory is None else [Path(self.directory)]
        if self.config is None:
            return next((place for place in named if place.is_dir()), here)
        named += [root.parent.parent] if not named and root.parent.name == RUNS_DIR.name else []
        return next((place for place in named if (place / self.config).is_file()), here)

    def rebased(self, source: Path, target: Path) -> RunOverrides:
        """The same, with paths relative to ``target`` instead of ``source``."""
        if source == target:
            return self
        config = self.config
        if config is not None and not Path(config).is_absolute():
            config = os.path.relpath(source / config, target)
        overrides = {
            key: rebased(Override(key, value, "").path, value, source, target) for key, value in self.overrides.items()
        }
        return replace(self, config=config, overrides=overrides)

    def in_directory(self, directory: Path, layout: RunLayout) -> RunOverrides:
        """The same, as of ``directory``."""
        from_run = Path(os.path.relpath(directory, layout.root.absolute())).as_posix()
        return replace(self, directory=str(directory), directory_from_run=from_run)

    def after_refusal(self, before: RunOverrides, taken: Container[str]) -> RunOverrides:
        """What stays of ``self``, what a refused command would have had remembered.

        Args:
            before: what was remembered before the command.
            taken: first parts of the keys that lasting work was done with all the same.
        """
        kept = {key: value for key, value in self.overrides.items() if _first(key) in taken}
        earlier = {key: value for key, value in before.overrides.items() if _first(key) not in taken}
        whole = before if before.config is not None and not taken else self
        return replace(whole, overrides={**earlier, **kept})

    def forget(self, keys: Sequence[str]) -> RunOverrides:
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

    def with_given(self, config: str | None, given: Sequence[Override]) -> RunOverrides:
        """With what the command line says now, which wins."""
        replaced = {override.path for override in given}
        kept = {key: value for key, value in self.overrides.items() if Override(key, value, "").path not in replaced}
        now = {override.key: override.value for override in given}
        return replace(self, config=self.config if config is None else config, overrides={**kept, **now})

    def with_strict(self, *, asked: bool) -> RunOverrides:
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
        return " + ".join([f"{run_id}: {source_of(self.config)}", *fresh, *old])


def hidden_lines(loaded: LoadedContract, given: Sequence[Override]) -> list[str]:
    """What to say of remembered overrides that hide what the contract file says."""
    now = {dotted(override.path) for override in given}
    return [
        f"  {origin.text} says {key}: {shown(value)}, but what is remembered wins; forget={key} follows the file"
        for key, (value, origin) in loaded.hidden.items()
        if key not in now
    ]


def _first(key: str) -> str | int:
    return Override(key, None, "").path[0]


def shown(value: Any) -> str:
    """A value as it would be typed after ``key=``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return ",".join(shown(entry) for entry in value)
    return str(value)
