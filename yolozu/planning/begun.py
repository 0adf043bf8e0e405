"""A stage that was begun and not finished: where it stands, and whether it can go on under the present contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.artifacts.record import typed
from yolozu.artifacts.spec import Change, changes
from yolozu.contract.spec_history import comparable
from yolozu.errors import InputError
from yolozu.planning.plan import Node, state_digest
from yolozu.stages.base import links


@dataclass(frozen=True)
class _State:
    """The form of the file that says what was begun."""

    digest: str
    spec: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    version: int | None = None
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Saved:
    """The form of the file that says how much of it is saved."""

    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Begun:
    """What the directory of a begun stage says of itself.

    Attributes:
        directory: the scratch, or where it was set aside.
        digest: of spec, version and inputs that it goes on for; what is saved carries it.
        earlier: digests that it went on for before, which what was saved then still carries.
        spec: what it was begun for, or last went on for.
        inputs: field -> digest of what it reads.
        version: of the stage; None where an early release wrote the state, whose ``digest`` then tells.
        done: steps that are saved; None where nothing is, or an early release did not say.
        total: steps in all.
    """

    directory: Path
    digest: str
    spec: dict[str, Any]
    inputs: dict[str, str]
    version: int | None = None
    earlier: tuple[str, ...] = ()
    done: int | None = None
    total: int | None = None

    @classmethod
    def read(cls, directory: Path) -> Begun | None:
        """What was begun in ``directory``; None where nothing was.

        Raises:
            InputError: YZ312, the state is there but is none.
        """
        path = state_path(directory)
        if not path.is_file():
            return None
        fix = f"move {directory} elsewhere: the stage then starts afresh, and what it had saved stays there"
        state = typed(
            _State, read_json(path, code="YZ312", fix=fix), what="state", code="YZ312", where=str(path), fix=fix
        )
        noted, saved = saved_path(directory), _Saved()
        if noted.is_file():
            saved = typed(
                _Saved, read_json(noted, code="YZ312", fix=fix), what="note", code="YZ312", where=str(noted), fix=fix
            )
        return cls(directory, **asdict(state), **asdict(saved))

    @classmethod
    def readable(cls, directory: Path) -> Begun | None:
        """What was begun in ``directory``; None where nothing was, or what says so cannot be read."""
        try:
            return cls.read(directory)
        except InputError:
            return None

    def write(self) -> None:
        """Say it in the directory, whole or not at all."""
        state = {key: value for key, value in asdict(self).items() if key not in ("directory", "done", "total")}
        write_text(state_path(self.directory), pretty(state))

    def going_on(self, node: Node, inputs: dict[str, str]) -> Begun:
        """The same work, from now on for what ``node`` asks."""
        digest = state_digest(node.request(), inputs)
        earlier = tuple(dict.fromkeys((*self.earlier, self.digest)))
        return replace(self, digest=digest, spec=node.spec, inputs=inputs, version=node.stage.version, earlier=earlier)

    @property
    def position(self) -> str:
        """``at step 31 of 200``, as far as it is known."""
        return "at a step that was not noted" if self.done is None else f"at step {self.done} of {self.total}"

    def has_saved(self, node: Node) -> bool:
        """Whether anything is there that the stage could go on from."""
        carried = [node.outputs[name] for name, link in links(node.stage.outputs).items() if link.carry]
        return self.done is not None or any((out_dir(self.directory) / path).is_file() for path in carried)

    def differences(self, node: Node, inputs: Mapping[str, str | None]) -> list[Change]:
        """Keys, inputs and the version of the stage in which it is not what ``node`` asks for."""
        return [*changes(*self._specs(node)), *self._otherwise(node, inputs)]

    def obstacle(self, node: Node, inputs: Mapping[str, str | None]) -> str | None:
        """Why it cannot go on for ``node``; None where it can, empty where the `differences` say it all."""
        if self._otherwise(node, inputs):
            return ""
        old, new = self._specs(node)
        return None if old == new else node.stage.spec.obstacle(old, new, finished=False)

    def _specs(self, node: Node) -> tuple[dict[str, Any], dict[str, Any]]:
        return comparable(node.stage.spec, self.spec), comparable(node.stage.spec, node.spec)

    def _otherwise(self, node: Node, inputs: Mapping[str, str | None]) -> list[Change]:
        other = [name for name, now in inputs.items() if self.inputs.get(name) != now]
        found = [Change(node.inputs[name], "as it was read", "other content") for name in other]
        if not self._is_of_version(node.stage.version):
            old = "another" if self.version is None else str(self.version)
            found.append(Change("version of the stage's code", old, str(node.stage.version)))
        return found

    def _is_of_version(self, version: int) -> bool:
        if self.version is not None:
            return self.version == version
        return digest_of({"version": version, "spec": self.spec, "inputs": self.inputs}) == self.digest


def state_path(directory: Path) -> Path:
    """Where a begun stage says what it is for."""
    return directory / "state.json"


def out_dir(directory: Path) -> Path:
    """Where a begun stage writes its outputs, at their paths relative to the run directory."""
    return directory / "out"


def saved_path(directory: Path) -> Path:
    """Where a begun stage says how much of it is saved."""
    return directory / "saved.json"


def set_aside(directory: Path) -> list[Path]:
    """What was set aside of the stage whose scratch is ``directory``, the latest first."""
    found = directory.parent.glob(f"{directory.name}.prev*")
    return sorted((path for path in found if path.is_dir()), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def free_place(directory: Path) -> Path:
    """Where the scratch ``directory`` can be set aside: ``train.prev``, ``train.prev-2`` and so on."""
    number = 1
    while (place := directory.with_name(f"{directory.name}.prev{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    return place
