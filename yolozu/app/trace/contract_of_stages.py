"""The contract that stages were run with: keys that are not default, by their receipts, and where they were set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.spec import flat
from yolozu.contract.loader import load_contract
from yolozu.contract.sections.run import Contract
from yolozu.contract.show import leaf_values, recorded_rows
from yolozu.engine.run_names import RESOLVED
from yolozu.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from yolozu.planning.receipt import Receipt

NO_DEFAULT = "no key of this version"


@dataclass(frozen=True)
class SetKey:
    """A key that some stages were run with, and that is not default.

    Attributes:
        key: dotted where it nests.
        value: as JSON.
        default: of this version, as JSON; `NO_DEFAULT` where it knows no such key.
        stages: that were run with this value.
        origin: where it was set, as the run has noted; None where it has noted another value by now, or nothing.
    """

    key: str
    value: Any
    default: Any
    stages: tuple[str, ...]
    origin: str | None = None


def set_keys(receipts: Iterable[Receipt], origins: dict[str, tuple[str, str]] | None = None) -> list[SetKey]:
    """Keys that are not default in the specs of stages, in the order of the contract; one a value.

    Args:
        receipts: of the stages.
        origins: key -> value as YAML writes it and where it was set, see `recorded_origins`.
    """
    from yolozu.contract.text.scalars import write_flow

    defaults = default_values()
    found: dict[str, list[tuple[Any, list[str]]]] = {}
    for receipt in receipts:
        for key, value in flat(receipt.spec).items():
            if key in defaults and defaults[key] == value:
                continue
            entries = found.setdefault(key, [])
            stages = next((stages for known, stages in entries if known == value), None)
            if stages is None:
                entries.append((value, [receipt.stage]))
            else:
                stages.append(receipt.stage)
    order = {key: place for place, key in enumerate(defaults)}
    noted = {} if origins is None else origins
    return [
        SetKey(key, value, defaults.get(key, NO_DEFAULT), tuple(stages), _origin(noted.get(key), write_flow(value)))
        for key in sorted(found, key=lambda key: (order.get(key, len(order)), key))
        for value, stages in found[key]
    ]


def default_values() -> dict[str, Any]:
    """Flat key -> default as JSON; entries of maps are dotted, as in `yolozu.artifacts.spec.flat`."""
    return flat({"contract": dict(leaf_values(Contract()))})


def recorded_origins(run: Path) -> dict[str, tuple[str, str]]:
    """Key -> its value, as YAML writes it, and where it was set, as a run has noted; nothing where it has not."""
    path = run / RESOLVED
    try:
        text = path.read_text(encoding="utf-8")
        loaded = load_contract(path)
    except (OSError, UnicodeDecodeError, ContractError):
        return {}
    return {row.key: (row.value, row.origin) for row in recorded_rows(loaded, text)}


def _origin(noted: tuple[str, str] | None, value: str) -> str | None:
    return noted[1] if noted is not None and noted[0] == value else None
