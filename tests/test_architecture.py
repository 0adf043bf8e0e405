"""The house's rules, held by the machine: imports go down, light layers stay light, every file has its test."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from yolozu.error_codes import CODES

PACKAGE = Path(__file__).parents[1] / "yolozu"
TESTS = Path(__file__).parent
LAYERS = {
    0: (
        "system",
        *("contract", "registry", "errors", "error_codes", "system_errors"),
        *("paths", "progress", "devices", "geometry", "artifacts"),
    ),
    1: ("model", "losses", "matching", "optim", "data", "tuning"),
    2: ("training", "export", "predict", "evaluation"),
    3: ("stages",),
    4: ("plan",),
    5: ("engine",),
    6: ("cli",),
    7: ("__main__",),
}
LAYER_OF = {part: layer for layer, parts in LAYERS.items() for part in parts}
MAX_LINES = 400
FILES = sorted(PACKAGE.rglob("*.py"))
CODE_FILES = [path for path in FILES if path.name != "__init__.py"]
LIGHT = [
    path
    for path in CODE_FILES
    if path.relative_to(PACKAGE).parts[0] in {"contract", "stages", "plan", "engine", "cli"}
    or path.name == "registry.py"
]


def module_name(path: Path) -> str:
    return ".".join(["yolozu", *path.relative_to(PACKAGE).with_suffix("").parts])


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> list[tuple[int, str]]:
    """(line, part of the package) of every import of the package, inside functions too."""
    found = []
    for entry in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(entry, ast.ImportFrom) and entry.module is not None:
            names = [entry.module]
        elif isinstance(entry, ast.Import):
            names = [alias.name for alias in entry.names]
        found += [(entry.lineno, name.split(".")[1]) for name in names if name.startswith("yolozu.")]
    return found


@pytest.mark.parametrize("path", CODE_FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards_only(path):
    own = part_of(path)
    wrong = [
        f"{path}:{line}: {own} (layer {LAYER_OF[own]}) imports {part} (layer {LAYER_OF[part]})"
        for line, part in imports_of(path)
        if part != own and LAYER_OF[part] >= LAYER_OF[own] and LAYER_OF[own] > 0
    ]
    upward = [
        f"{path}:{line}: {own} imports {part}" for line, part in imports_of(path) if LAYER_OF[own] == 0 < LAYER_OF[part]
    ]
    assert wrong + upward == []


def test_light_layers_import_neither_torch_nor_numpy():
    modules = [module_name(path) for path in LIGHT if path.name != "__main__.py"]
    modules.append("yolozu.data.fingerprint")
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "    heavy = {'torch', 'numpy', 'onnx', 'onnxruntime', 'scipy'} & set(sys.modules)\n"
        "    assert not heavy, (name, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_module_imports_onnx_runtime():
    """It keeps ONNX Runtime from telling others that it runs, which has to come before the import."""
    importers = {
        str(path.relative_to(PACKAGE))
        for path in CODE_FILES
        for entry in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in entry.names]
            if isinstance(entry, ast.Import)
            else [entry.module or ""]
            if isinstance(entry, ast.ImportFrom)
            else []
        )
        if name.partition(".")[0] == "onnxruntime"
    }
    assert importers == {"model/onnx_runtime.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_long(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", CODE_FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_file_has_its_test(path):
    if path.name in {"base.py", "__main__.py"} or "def " not in path.read_text():
        return
    relative = path.relative_to(PACKAGE)
    mirror = TESTS / relative.parent / f"test_{relative.name}"
    by_folder = TESTS / relative.parent.parent / f"test_{relative.parent.name}.py"
    assert mirror.is_file() or by_folder.is_file(), f"neither {mirror} nor {by_folder}"


def test_every_error_code_is_explained_and_used():
    used = set()
    for path in CODE_FILES:
        if path.name != "error_codes.py":
            used |= set(re.findall(r"\bYZ\d{3}\b", path.read_text()))
    assert used - set(CODES) == set()
    assert set(CODES) - used == set()
