"""The schemas of released versions, which those of today are held against.

    python -m docs.generate.released_schemas             say what no longer fits
    python -m docs.generate.released_schemas --freeze    keep today's as those of this version

They lie in ``contracts/released/<version>/``, without descriptions, and are never written again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from docs.generate.schema_changes import no_longer_understood, no_longer_valid, without_words
from docs.generate.schemas import DIRECTORY, SCHEMAS
from yolozu import __version__
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.contract.docs.schema import contract_schema

RELEASED = DIRECTORY.parent / "released"

WRITTEN_BY_PEOPLE = frozenset({"run_contract", "eval_protocol", "scenario_setting", "sweep", "task_sequence"})
"""Such files are only read here; all others are also read by programs that know an earlier schema."""


def todays_schemas() -> dict[str, dict[str, Any]]:
    """Every schema as the code gives it, by name."""
    return {name: make() for name, make in SCHEMAS.items()} | {"run_contract": contract_schema()}


def version_of(schema: dict[str, Any]) -> Any:
    """The version that files of ``schema`` state; None where they state none."""
    stated = (schema.get("properties", {}).get(key, {}) for key in ("schema_version", "config_version"))
    return next((rules["const"] for rules in stated if "const" in rules), None)


def incompatible(name: str, released: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """What has changed in a schema that a raised version alone may change; empty where its version is another."""
    if version_of(released) != version_of(today):
        return []
    found = [f"a file of before: {problem}" for problem in no_longer_valid(released, today)]
    if name not in WRITTEN_BY_PEOPLE:
        found += [f"a reader of before: {problem}" for problem in no_longer_understood(released, today)]
    return found


def released_files() -> list[Path]:
    """All schemas of all released versions."""
    return sorted(RELEASED.glob("*/*.schema.json"))


def main() -> int:
    """Freeze or compare; 1 where something no longer fits, 2 where this version has been frozen already."""
    schemas = todays_schemas()
    if "--freeze" in sys.argv[1:]:
        directory = RELEASED / __version__
        if directory.exists():
            print(f"{directory}: is there already; raise the version, or delete it if it was never released")
            return 2
        for name, schema in schemas.items():
            write_text(directory / f"{name}.schema.json", pretty(without_words(schema)))
        print(f"{directory}: {len(schemas)} schemas")
        return 0
    problems = 0
    for path in released_files():
        name = path.name.removesuffix(".schema.json")
        for problem in incompatible(name, json.loads(path.read_text()), schemas[name]):
            print(f"{path.parent.name} {name}: {problem}")
            problems += 1
    return int(problems > 0)


if __name__ == "__main__":
    sys.exit(main())
