"""`yolozu contract validate`, `show`, `diff`, `schema`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.contracts import changed_keys, checked_contracts
from yolozu.cli.options import Json
from yolozu.cli.render import say, say_json, show_findings, table
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.contract.what_trains import what_trains
from yolozu.errors import EXIT_DONE, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator


Config = Annotated[Path, typer.Argument(help="Contract file (YAML or JSON).", metavar="CONFIG")]


def validate(
    words: Annotated[
        list[str],
        typer.Argument(
            help="Contract files (YAML or JSON), and KEY=VALUE overrides for all of them.", metavar="CONFIG…"
        ),
    ],
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Strict mode for every file, and keys without effect are errors.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Check contracts: all errors of all files, each with its line and a way out. Exits 0 or 2."""
    checked = checked_contracts(words, strict=strict)
    passed = all(entry.passed for entry in checked)
    if as_json:
        files = [
            {
                "path": str(entry.path),
                "ok": entry.passed,
                "keys": len(entry.loaded.explicit) if entry.loaded is not None else None,
                "findings": [dataclasses.asdict(finding) for finding in entry.findings],
            }
            for entry in checked
        ]
        say_json(json.dumps({"ok": passed, "files": files}, indent=2, ensure_ascii=False))
        return EXIT_DONE if passed else EXIT_USAGE
    for entry in checked:
        show_findings(entry.findings)
        if entry.passed and entry.loaded is not None:
            mode = ", strict" if entry.loaded.strict else ""
            say(f"{entry.path}: ok ({len(entry.loaded.explicit)} keys{mode})")
    return EXIT_DONE if passed else EXIT_USAGE


def show(
    config: Config,
    assignments: Annotated[list[str] | None, typer.Argument(help="Overrides.", metavar="KEY=VALUE")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Every key as it resolves: its value, and where that was given."""
    from yolozu.contract.show import entry_rows

    loaded = load_contract(config, parse_assignments([] if assignments is None else assignments))
    show_findings(loaded.warnings)
    if as_json:
        say_json(json.dumps(_as_json(loaded), indent=2, ensure_ascii=False))
    else:
        say(table(("key", "value", "origin"), [(row.key, row.value, row.origin) for row in entry_rows(loaded)]))
        if (trained := what_trains(loaded.contract)) is not None:
            say(f"train: {trained}")


def diff(
    before: Annotated[Path, typer.Argument(help="Contract file.", metavar="A")],
    after: Annotated[Path, typer.Argument(help="Contract file.", metavar="B")],
    *,
    as_json: Json = False,
) -> None:
    """Keys that two contracts resolve to differently, where each was given, and the stages the change makes stale."""
    pair = load_contract(before), load_contract(after)
    for loaded in pair:
        show_findings(loaded.warnings)
    found = changed_keys(*pair)
    if as_json:
        entries = [
            {**dataclasses.asdict(entry.difference), "stale": entry.stale, "then": entry.then} for entry in found
        ]
        say_json(json.dumps({"differences": entries}, indent=2, ensure_ascii=False))
        return
    for entry in found:
        old, new = entry.difference.before, entry.difference.after
        say(f"{entry.difference.key}: {old.value} ({old.origin}) -> {new.value} ({new.origin})")
        follows = f"; then {', '.join(entry.then)}" if entry.then else ""
        only = ", where the content differs" if entry.by_content and entry.stale else ""
        say(f"  stale{only}: {', '.join(entry.stale) if entry.stale else 'nothing'}{follows}")
    if not found:
        say(f"{before} and {after} resolve to the same contract")


def schema(
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write the schema and the reference pages of this checkout anew.")
    ] = False,
) -> None:
    """Print the JSON Schema of contracts; editors complete and check keys with it."""
    from yolozu.contract.docs.schema import contract_schema

    if not write:
        say_json(json.dumps(contract_schema(), indent=2, ensure_ascii=False))
        return
    from yolozu.app.contracts import require_checkout
    from yolozu.artifacts.jsonio import write_text_if_changed
    from yolozu.contract.docs.reference import generated_files

    require_checkout("--write")
    for path, text in generated_files().items():
        changed = write_text_if_changed(Path(path), text)
        say(f"{path}: {'written' if changed else 'unchanged'}")


def _as_json(loaded: LoadedContract) -> dict[str, Any]:
    return {
        "path": str(loaded.path),
        "strict": loaded.strict,
        "contract_digest": contract_digest(loaded.contract),
        "keys": dict(_json_keys(loaded)),
        "warnings": [dataclasses.asdict(finding) for finding in loaded.warnings],
    }


def _json_keys(loaded: LoadedContract) -> Iterator[tuple[str, dict[str, Any]]]:
    from yolozu.contract.show import leaf_values

    for key, value in leaf_values(loaded.contract):
        yield key, {"value": value, "origin": loaded.origin_of(key)}
