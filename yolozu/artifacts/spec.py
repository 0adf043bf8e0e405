"""Specs, the slices of a contract that stages read, by the keys that a user writes."""

from __future__ import annotations

from typing import Any, NamedTuple

from yolozu.artifacts.jsonio import canonical

ABSENT = "absent"
"""Stands for the value of a key that a spec lacks."""


class Change(NamedTuple):
    """A key on which two specs differ; values as JSON, `ABSENT` where a spec lacks the key."""

    key: str
    old: str
    new: str

    def render(self) -> str:
        """``lr: 0.1 → 0.2``."""
        return f"{self.key}: {self.old} → {self.new}"


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Flat keys (dotted inside `model` and other maps) on which two specs differ, in alphabetical order."""
    before, after = flat(old), flat(new)
    found = [Change(key, _shown(before, key), _shown(after, key)) for key in sorted({*before, *after})]
    return [change for change in found if change.old != change.new]


def flat(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec's values by the key a user writes: the section's own name falls away, maps are dotted."""
    values: dict[str, Any] = {}
    for section in spec.values():
        _flatten("", section, values)
    return values


def _flatten(prefix: str, value: dict[str, Any], into: dict[str, Any]) -> None:
    for key, entry in value.items():
        if isinstance(entry, dict) and entry:
            _flatten(f"{prefix}{key}.", entry, into)
        else:
            into[f"{prefix}{key}"] = entry


def _shown(values: dict[str, Any], key: str) -> str:
    return canonical(values[key]) if key in values else ABSENT
