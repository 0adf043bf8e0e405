"""The house's rules, held by the machine: imports go down, light layers stay light, every file has its test."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from yolozu.error_codes import CODES

PACKAGE = Path(__file__).parents[1] / "yolozu"
TESTS = Path(__file__).parent
LAYERS = (
    ("errors", "error_codes", "system"),
    ("registry", "system_errors", "progress", "paths", "devices", "geometry"),
    ("structures",),
    ("artifacts",),
    ("contract",),
    ("model", "losses", "matching", "optim", "data", "continual"),
    ("training", "export", "predict", "evaluation"),
    ("report",),
    ("stages",),
    ("planning",),
    ("engine",),
    ("app",),
    ("api",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up; each part imports itself and what is below, those beside it only where `BESIDE` says so."""

BESIDE: set[tuple[str, str]] = set()
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
LIGHT = {"contract", "stages", "planning", "engine", "app", "api", "cli"}
"""Parts that plan, validate and explain: importing them costs no numpy and no torch."""

BELOW_STAGES = {
    "model", "losses", "matching", "optim", "data", "continual",
    "training", "export", "predict", "evaluation",
}  # fmt: skip
READS_SECTIONS = {
    "data/augmentation/augment.py",  # two dozen keys of one subject, which nothing else would name better
    "data/corruption/corruption.py",
    "data/dataset.py",  # hands them on to augment.py
    "data/layouts/descriptor.py",  # a file format of its own
    "data/prepare/compose.py",
    "data/preprocess.py",
    "evaluation/benchmark/protocol.py",  # the contract's defaults
    "predict/adapters/base.py",
    "predict/detect.py",
    "predict/run.py",
    "predict/tta/views.py",
    "predict/ttt/settings.py",
    "training/config.py",
    "training/data_checks.py",  # holds keys against data, and says which
    "training/teacher_checkpoint.py",  # likewise against a teacher
    "training/joined_data.py",  # likewise
}
"""Where configuration ends: below the stages, these alone know sections of the contract, others take plain values."""

BELOW_CLI = {"cli", "app", "api", "contract", "engine", "errors", "progress", "system", "system_errors"}
"""Parts that the command line imports; of others types alone, and of those in `PROCEDURES` what they name."""

PROCEDURES = {
    "yolozu.artifacts.jsonio",
    "yolozu.artifacts.prediction_formats",
    "yolozu.artifacts.predictions",
    "yolozu.artifacts.predictions.check",
    "yolozu.artifacts.predictions.convert",
    "yolozu.data.fetch.published",
    "yolozu.data.prepare.bop",
    "yolozu.data.prepare.coco",
    "yolozu.data.synth.writer",
    "yolozu.training.non_finite.replay",
}
"""Texts and types of options, and procedures that commands call with their options as they are."""

MAX_LINES = 400
FILES = sorted(PACKAGE.rglob("*.py"))
CODE_FILES = [path for path in FILES if path.name != "__init__.py"]


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[int, str]]:
    """(line, module) of every import, inside functions too."""
    found = []
    for entry in ast.walk(ast.parse(path.read_text())):
        if isinstance(entry, ast.ImportFrom):
            found.append((entry.lineno, entry.module or ""))
        elif isinstance(entry, ast.Import):
            found += [(entry.lineno, alias.name) for alias in entry.names]
    return found


IMPORTS = [(path, line, module) for path in CODE_FILES for line, module in imports_of(path)]


def test_imports_go_downwards_only():
    """A registry is a table of names, which a contract offers: any layer may read it."""
    wrong = []
    for path, line, module in IMPORTS:
        if not module.startswith("yolozu.") or module.endswith(".registry"):
            continue
        own, part = part_of(path), module.split(".")[1]
        if part != own and LEVEL[part] >= LEVEL[own] and (own, part) not in BESIDE:
            wrong.append(f"{name_of(path)}:{line}: {own} imports {module}")
    assert wrong == []


def test_below_stages_builders_alone_know_sections_of_the_contract():
    known = {
        name_of(path)
        for path in CODE_FILES
        if part_of(path) in BELOW_STAGES
        for entry in ast.walk(ast.parse(path.read_text()))
        if isinstance(entry, ast.ImportFrom) and (entry.module or "").startswith("yolozu.contract.")
        if any(alias.name.endswith("Section") for alias in entry.names)
    }
    assert known == READS_SECTIONS


def test_registries_import_nothing_of_what_they_name():
    tables = [(path, module) for path, _, module in IMPORTS if path.name == "registry.py" and path.parent != PACKAGE]
    assert [(name_of(path), module) for path, module in tables if module != "yolozu.registry"] == []


def test_the_command_line_decides_nothing():
    """What a command means is looked up in app, and refused there; a command raises nothing but typer's own."""
    wrong, used = [], set()
    for path in (path for path in CODE_FILES if part_of(path) == "cli"):
        for entry in ast.walk(tree_without_types(path)):
            place = f"{name_of(path)}:{getattr(entry, 'lineno', 0)}"
            if isinstance(entry, ast.ImportFrom) and str(entry.module).startswith("yolozu."):
                module = str(entry.module)
                used |= {module} & PROCEDURES
                if module.split(".")[1] not in BELOW_CLI and not module.endswith(".registry") and module not in used:
                    wrong.append(f"{place}: imports {module}")
            elif isinstance(entry, ast.Raise) and path.parent.name == "commands":
                wrong += [] if ast.unparse(entry).startswith("raise typer.") else [f"{place}: {ast.unparse(entry)}"]
    assert (wrong, used) == ([], PROCEDURES)


def test_commands_print_through_one_function():
    """It escapes what a terminal would obey, whichever file that came from."""
    calls = re.compile(r"(?<![\w.])print\(|typer\.echo\(")
    commands = (PACKAGE / "cli/commands").glob("*.py")
    assert [name_of(path) for path in commands if calls.search(path.read_text())] == []


def tree_without_types(path: Path) -> ast.Module:
    """The syntax of a file without what is imported for types alone."""
    tree = ast.parse(path.read_text())
    tree.body = [one for one in tree.body if not (isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test))]
    return tree


def test_only_stages_lie_in_stages():
    declared = {path.stem for path in (PACKAGE / "stages").glob("*.py") if "STAGE = Stage(" in path.read_text()}
    assert {path.stem for path in CODE_FILES if part_of(path) == "stages"} == declared | {"base", "registry"}


def test_light_layers_import_neither_torch_nor_numpy():
    light = [path for path in CODE_FILES if part_of(path) in LIGHT or path.name == "registry.py"]
    modules = [".".join(["yolozu", *path.relative_to(PACKAGE).with_suffix("").parts]) for path in light]
    code = (
        "import importlib, sys\n"
        f"for name in {[*modules, 'yolozu.data.fingerprint']!r}:\n"
        "    importlib.import_module(name)\n"
        "    heavy = {'torch', 'numpy', 'onnx', 'onnxruntime', 'scipy'} & set(sys.modules)\n"
        "    assert not heavy, (name, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_module_imports_onnx_runtime():
    """It keeps ONNX Runtime from telling others that it runs, which has to come before the import."""
    importers = {name_of(path) for path, _, module in IMPORTS if module.partition(".")[0] == "onnxruntime"}
    assert importers == {"model/onnx_runtime.py"}


def test_one_module_imports_openvino():
    """It hides what OpenVINO would send events with, which has to come before the import; in tests, too."""
    importers = {name_of(path) for path, _, module in IMPORTS if module.partition(".")[0] == "openvino"}
    assert importers == {"model/openvino_runtime.py"}
    statement = re.compile(r"^\s*(import|from) openvino\b", re.MULTILINE)
    assert [path.name for path in TESTS.rglob("*.py") if statement.search(path.read_text())] == []


def test_no_file_is_long():
    assert [name_of(path) for path in FILES if len(path.read_text().splitlines()) > MAX_LINES] == []


def test_every_file_with_a_function_has_its_test():
    untested = []
    for path in CODE_FILES:
        if path.name in {"base.py", "__main__.py"} or "def " not in path.read_text():
            continue
        relative = path.relative_to(PACKAGE)
        mirror = TESTS / relative.parent / f"test_{relative.name}"
        by_folder = TESTS / relative.parent.parent / f"test_{relative.parent.name}.py"
        if not mirror.is_file() and not by_folder.is_file():
            untested.append(f"{relative}: neither {mirror} nor {by_folder}")
    assert untested == []


def test_every_error_code_is_explained_and_used():
    used = set()
    for path in CODE_FILES:
        if path.name != "error_codes.py":
            used |= set(re.findall(r"\bYZ\d{3}\b", path.read_text()))
    assert used == set(CODES)
