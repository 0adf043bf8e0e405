"""`yolozu contract validate`, `show`, `diff`, `schema`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.cli.render import show_findings, table
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.errors import EXIT_DONE, EXIT_USAGE, ContractError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.overrides import Override
    from yolozu.errors import Finding
    from yolozu.planning.plan import Plan

Config = Annotated[Path, typer.Argument(help="Contract file (YAML or JSON).", metavar="CONFIG")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    configs = [Path(word) for word in words if "=" not in word or Path(word).is_file()]
    if not configs:
        raise UsageError.one(
            "YZ310", where=words[0], problem="overrides no contract", fix="name a contract file too, such as exp.yaml"
        )
    overrides = parse_assignments([word for word in words if Path(word) not in configs])
    results = [(path, *_checked(path, overrides, strict=strict)) for path in configs]
    good = [not any(finding.severity == "error" for finding in findings) for _, _, findings in results]
    if as_json:
        files = [
            {
                "path": str(path),
                "ok": ok,
                "keys": len(loaded.explicit) if loaded is not None else None,
                "findings": [dataclasses.asdict(finding) for finding in findings],
            }
            for (path, loaded, findings), ok in zip(results, good, strict=True)
        ]
        print(json.dumps({"ok": all(good), "files": files}, indent=2, ensure_ascii=False))
    else:
        for (path, loaded, findings), ok in zip(results, good, strict=True):
            show_findings(findings)
            if ok and loaded is not None:
                mode = ", strict" if loaded.strict else ""
                print(f"{path}: ok ({len(loaded.explicit)} keys{mode})")
    return EXIT_DONE if all(good) else EXIT_USAGE


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
        print(json.dumps(_as_json(loaded), indent=2, ensure_ascii=False))
    else:
        print(table(("key", "value", "origin"), [(row.key, row.value, row.origin) for row in entry_rows(loaded)]))


def diff(
    before: Annotated[Path, typer.Argument(help="Contract file.", metavar="A")],
    after: Annotated[Path, typer.Argument(help="Contract file.", metavar="B")],
    *,
    as_json: Json = False,
) -> None:
    """Keys that two contracts resolve to differently, where each was given, and the stages the change makes stale."""
    from yolozu.contract.diff import differences
    from yolozu.contract.path_keys import path_keys
    from yolozu.planning.compiler import compile_plan, registered_stages

    pair = load_contract(before), load_contract(after)
    for loaded in pair:
        show_findings(loaded.warnings)
    plan = compile_plan(pair[1].contract, registered_stages())
    found = [(entry, *stale_stages(entry.key, entry.section, plan)) for entry in differences(*pair)]
    if as_json:
        entries = [{**dataclasses.asdict(entry), "stale": direct, "then": then} for entry, direct, then in found]
        print(json.dumps({"differences": entries}, indent=2, ensure_ascii=False))
        return
    for entry, direct, then in found:
        print(
            f"{entry.key}: {entry.before.value} ({entry.before.origin}) -> {entry.after.value} ({entry.after.origin})"
        )
        follows = f"; then {', '.join(then)}" if then else ""
        only = ", where the content differs" if (entry.key,) in path_keys() and direct else ""
        print(f"  stale{only}: {', '.join(direct) if direct else 'nothing'}{follows}")
    if not found:
        print(f"{before} and {after} resolve to the same contract")


def schema(
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write the schema and the reference pages of this checkout anew.")
    ] = False,
) -> None:
    """Print the JSON Schema of contracts; editors complete and check keys with it."""
    from yolozu.contract.docs.schema import contract_schema

    if not write:
        print(json.dumps(contract_schema(), indent=2, ensure_ascii=False))
        return
    from yolozu.artifacts.jsonio import write_text_if_changed
    from yolozu.contract.docs.reference import generated_files

    for path, text in generated_files().items():
        changed = write_text_if_changed(Path(path), text)
        print(f"{path}: {'written' if changed else 'unchanged'}")


def stale_stages(key: str, section: str, plan: Plan) -> tuple[list[str], list[str]]:
    """Stages of ``plan`` that a changed ``key`` of ``section`` makes stale, and those that read what they give."""
    from yolozu.contract.spec_history import decides_nothing
    from yolozu.stages.base import links

    if decides_nothing(key):
        return [], []
    direct: list[str] = []
    then: list[str] = []
    for stage in (node.stage for node in plan.nodes):
        sources = {link.target.partition(".")[0] for link in links(stage.inputs).values() if link.kind == "needs"}
        if section in stage.spec.model_fields:
            direct.append(stage.name)
        elif sources & {*direct, *then}:
            then.append(stage.name)
    return direct, then


def _checked(path: Path, overrides: list[Override], *, strict: bool) -> tuple[LoadedContract | None, list[Finding]]:
    try:
        loaded = load_contract(path, overrides, strict=strict)
    except ContractError as error:
        return None, list(error.findings)
    if not strict:
        return loaded, list(loaded.warnings)
    return loaded, [dataclasses.replace(finding, severity="error") for finding in loaded.warnings]


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
