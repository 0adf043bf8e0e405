"""Ignore one contract key after the other, and run the tests that are marked with it: every one must fail.

    python -m benchmarks.effects             all keys
    python -m benchmarks.effects lr amp      these

Works on a copy of the checkout. A key is ignored by giving it its default after its section was validated, so that all
processes which load a contract, a request or a section see the default. Exit code 1 when a marked test passes all the
same: then its mark says more than it holds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generate.effects import marks
from yolozu.contract.strict.slots import keys, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docs.generate.effects import MarkedTest
    from yolozu.contract.base import Section

REPOSITORY = Path(__file__).parents[1]
COPIED = ("yolozu", "tests", "benchmarks", "configs", "contracts", "docs", "dodo.py", "pyproject.toml", "README.md")
ASKS_BY_BEING_THERE = ("config_version", "run_contract")
"""Keys whose value says nothing: what they do is done by `yolozu.contract.required_keys.ASKING`."""

IGNORE = """
    @__import__("pydantic").model_validator(mode="after")
    def _ignore_a_key(self):
        self.__dict__["{field}"] = type(self).model_fields["{field}"].get_default(call_default_factory=True)
        return self
"""


def main(arguments: list[str]) -> None:
    marked = marks()
    unknown = [key for key in arguments if key not in marked]
    if unknown:
        raise SystemExit(f"no test is marked with {', '.join(unknown)}")
    chosen = {key: marked[key] for key in (arguments or marked)}
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "checkout"
        _copy(copy)
        everything = sorted({test for tests in chosen.values() for test in tests})
        broken = [test for test, outcome in _outcomes(copy, everything).items() if outcome != "passed"]
        for test in broken:
            print(f"{test.node} does not pass as it is: left out")
        judged = {key: [test for test in tests if test not in broken] for key, tests in chosen.items()}
        held = [_try(copy, key, tests) for key, tests in judged.items()]
    print(f"{sum(held)} of {len(held)} keys: every marked test fails when the key is ignored")
    raise SystemExit(0 if all(held) and not broken else 1)


def _copy(target: Path) -> None:
    target.mkdir()
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copyfile(source, target / name)


def _try(copy: Path, key: str, tests: list[MarkedTest]) -> bool:
    """Whether there are ``tests`` and all fail when ``key`` is ignored; says how it went."""
    if not tests:
        print(f"{key}: no test to try")
        return False
    path, text = _mutant(copy, key)
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        outcomes = _outcomes(copy, tests)
    finally:
        path.write_text(before, encoding="utf-8")
    missed = [f"{test.node} {outcome}" for test, outcome in outcomes.items() if outcome != "failed"]
    print(f"{key}: {'; '.join(missed) if missed else f'{len(tests)} failed'}", flush=True)
    return not missed


def _mutant(copy: Path, key: str) -> tuple[Path, str]:
    """A file of the copy, and its text with ``key`` ignored."""
    if key in ASKS_BY_BEING_THERE:
        path = copy / "yolozu/contract/required_keys.py"
        lines = path.read_text(encoding="utf-8").split("\n")
        at = next(number for number, line in enumerate(lines) if line.startswith("ASKING = "))
        lines[at] = lines[at].replace(f'"{key}"', '"-"')
        return path, "\n".join(lines)
    section, field = _owner(key)
    path = copy / f"{section.__module__.replace('.', '/')}.py"
    lines = path.read_text(encoding="utf-8").split("\n")
    first = lines.index(f"class {section.__name__}(Section):")
    after = next((n for n in range(first + 1, len(lines)) if lines[n][:1] not in {"", " "}), len(lines))
    return path, "\n".join([*lines[:after], *IGNORE.format(field=field).split("\n"), *lines[after:]])


def _owner(key: str) -> tuple[type[Section], str]:
    """The section that declares a dotted key, and the field there."""
    first, *rest = key.split(".")
    section = next(section for section in sections().values() if first in section.model_fields)
    slot, field = keys()[first], first
    for part in rest:
        assert slot.section is not None, f"{field} holds no {part}"
        section, field = slot.section, part
        child = slot.child(part)
        assert child is not None, f"{section.__name__} has no {part}"
        slot = child
    return section, field


def _outcomes(copy: Path, tests: list[MarkedTest]) -> dict[MarkedTest, str]:
    """``failed`` where one case of a test failed, ``passed`` where all did not; else ``skipped`` or ``not run``."""
    report = copy / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    subprocess.run(
        [*command, *(test.node for test in tests)],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    cases = list(_cases(report))
    found = {}
    for test in tests:
        own = [outcome for name, outcome in cases if name == f"{test.path}::{test.name}"]
        worst = next((outcome for outcome in ("failed", "skipped", "passed") if outcome in own), "not run")
        found[test] = worst
    return found


def _cases(report: Path) -> Iterator[tuple[str, str]]:
    if not report.is_file():
        return
    for case in ET.parse(report).getroot().iter("testcase"):
        path = case.attrib["classname"].removeprefix("tests.").replace(".", "/") + ".py"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        yield f"{path}::{case.attrib['name'].partition('[')[0]}", outcome


if __name__ == "__main__":
    main(sys.argv[1:])
