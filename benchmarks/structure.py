"""How checkouts are built, side by side: files, functions, names, imports and their circles, the way of a spec.

    python benchmarks/structure.py [CHECKOUT…] [--json] [--names] [--no-trip]

- *circles*: strongly connected components of imports, those in functions and under TYPE_CHECKING left out or not.
  ``from a import b`` leads to ``a.b`` where that is a module, else to ``a``. Folders and parts (what is right below the
  package) are tied by what their files import; a file right below the package stands for itself.
- *trip*: of the spec of ``train``, in a training of two steps. A function is on it if an argument is the spec, one of
  its sections (or a copy of one), or a dataclass with one in a field. Functions count once, in the order of their first
  such call. A room is a file with such a function, a step leads from one room to the next, and climbs if the next is in
  a higher layer, by ``LAYERS`` of the checkout's own `tests/test_architecture.py`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
CONTRACT = """\
{config_version: 1, dataset_root: scenes, seed: 0, device: cpu, ddp: false, amp: none, image_size: 64, batch_size: 4,
 max_steps: 2, store: false, model: {backbone: {name: tiny_cnn}, projector: {d_model: 32}, num_queries: 10}}
"""
COMMANDS = (
    "-m yolozu data synth scenes --images 8 --val-images 4 --size 64",
    "-m yolozu run prepare_data config=exp.yaml run_id=trip",
    f"{Path(__file__).resolve()} --follow runs/trip/plan/train.json",
)
Graph = dict[str, set[str]]
Trees = dict[str, ast.Module]


def sizes(trees: Trees, texts: dict[str, str], tests: Path) -> dict[str, float]:
    """Lines of files and functions, and what kinds of lines they are."""
    lines = {name: text.splitlines() for name, text in texts.items()}
    files = [len(lines[name]) for name in lines if not name.endswith("__init__.py")]
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    functions = [node.end_lineno - node.lineno + 1 for node in nodes if isinstance(node, FUNCTIONS)]
    members = [node for holder in nodes if isinstance(holder, ast.Module | ast.ClassDef) for node in holder.body]
    public = [node for node in members if isinstance(node, DEFINITIONS) and not node.name.startswith("_")]
    docstrings = {(name, number) for name, tree in trees.items() for number in _docstring_lines(tree)}
    numbered = ((name, number, line.strip()) for name in lines for number, line in enumerate(lines[name], 1))
    rest = [line for name, number, line in numbered if (name, number) not in docstrings]
    quiet = sum(not line or line.startswith("#") for line in rest)
    return {
        "files": len(files),
        "file, median lines": statistics.median(files),
        "file, longest": max(files),
        "files below 40 lines": sum(count < 40 for count in files),
        "functions": len(functions),
        "function, median lines": statistics.median(functions),
        "function, longest": max(functions),
        "lines": len(rest) + len(docstrings),
        "lines of code": len(rest) - quiet,
        "lines of docstrings": len(docstrings),
        "lines blank or comment": quiet,
        "lines of tests": sum(len(path.read_text().splitlines()) for path in tests.rglob("*.py")),
        "public with docstring, %": round(100 * statistics.mean(bool(ast.get_docstring(node)) for node in public), 1),
    }


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    """Of modules, classes, functions and attributes: of every text that stands alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, node.end_lineno + 1)


def repeated(trees: Trees) -> dict[str, dict[str, int]]:
    """Names of classes and of files that are there more than once, with their number."""
    classes = Counter(node.name for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef))
    files = Counter(Path(name).name for name in trees if not name.endswith("__init__.py"))
    return {
        f"{what} twice or more": {name: count for name, count in counts.most_common() if count > 1}
        for what, counts in (("names of classes", classes), ("names of files", files))
    }


def imports(trees: Trees, nodes_of: Callable[[ast.AST], Iterator[ast.AST]]) -> Graph:
    """File -> the files of the package that ``nodes_of`` it import."""
    found: Graph = {name: set() for name in trees}
    for name, tree in trees.items():
        for node in nodes_of(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                inside = (_file_of(f"{node.module}.{alias.name}", trees) for alias in node.names)
                found[name] |= {file or _file_of(node.module, trees) for file in inside}
            elif isinstance(node, ast.Import):
                found[name] |= {_file_of(alias.name, trees) for alias in node.names}
    return {name: targets - {name, ""} for name, targets in found.items()}


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, FUNCTIONS) and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _run_at_import(child)


def _file_of(module: str, files: Trees) -> str:
    path = module.replace(".", "/")
    return next((file for file in (f"{path}.py", f"{path}/__init__.py") if file in files), "")


def part_of(file: str) -> str:
    """What is right below the package."""
    return Path(file).parts[1].removesuffix(".py")


def folder_of(file: str) -> str:
    """The folder that holds the file; the file itself where that is the package."""
    return file if len(Path(file).parts) == 2 else str(Path(file).parent)


def circles(graph: Graph, group_of: Callable[[str], str] = str) -> list[list[str]]:
    """Strongly connected components of two groups of files or more, the largest first."""
    groups: Graph = defaultdict(set)
    for name, targets in graph.items():
        groups[group_of(name)] |= {group_of(target) for target in targets}
    for middle in groups:
        for targets in groups.values():
            targets.update(groups[middle] if middle in targets else ())
    found = {frozenset(other for other in groups[name] if name in groups[other]) for name in groups}
    return sorted((sorted(members) for members in found if len(members) > 1), key=len, reverse=True)


def trip(checkout: Path) -> dict[str, list[Any]]:
    """Rooms that the spec visits, steps between them, and those that climb."""
    body = ast.parse((checkout / "tests/test_architecture.py").read_text()).body
    table = next(ast.unparse(node.value) for node in body if ast.unparse(node).startswith("LAYERS ="))
    known = eval(table)  # a literal, but for its stars: layer -> parts, or the parts of each layer from the bottom up
    by_layer = known.items() if isinstance(known, dict) else enumerate(known)
    layers = {part: layer for layer, parts in by_layer for part in parts}
    plugins = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["entry-points"]
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PYTHONPATH": f"{directory}:{checkout}", "OMP_NUM_THREADS": "1"}
        installed = Path(directory, "yolozu-0.dist-info")  # the checkout's own plugins, whatever is installed
        installed.mkdir()
        entries = (f"[{group}]\n{key} = {value}\n" for group, keys in plugins.items() for key, value in keys.items())
        (installed / "entry_points.txt").write_text("".join(entries))
        Path(directory, "exp.yaml").write_text(CONTRACT)
        for words in COMMANDS:
            command = [sys.executable, *words.split()]
            done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{checkout}: {words}\n{done.stdout}{done.stderr}")
        files = json.loads(Path(directory, "trip.json").read_text())
    stays = [str(Path(file).relative_to(checkout)) for file in files]
    steps = [(one, other) for one, other in pairwise(stays) if one != other]
    climbs = [(one, other) for one, other in steps if layers[part_of(other)] > layers[part_of(one)]]
    return {"rooms": list(dict.fromkeys(stays)), "steps": steps, "climbs": climbs}


def follow(request: str) -> None:
    """Run the training of ``request`` here; write the file of every function on the trip, in the order of the trip."""
    entered: dict[object, str] = {}
    kinds: set[type] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or "/yolozu/" not in code.co_filename or code in entered:
            return
        if not kinds and code.co_name == "run" and code.co_filename.endswith("/stages/train.py"):
            kinds.update(_kinds(frame.f_locals["spec"]))
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if any(_carries(frame.f_locals.get(name), kinds) for name in names):
            entered[code] = code.co_filename

    sys.argv = ["worker", request]
    sys.setprofile(note)
    try:
        runpy.run_module("yolozu.engine.worker", run_name="__main__")
    finally:
        sys.setprofile(None)
        Path("trip.json").write_text(json.dumps(list(entered.values())))


def _kinds(section: Any) -> set[type]:
    """Types of a section and of the sections in it."""
    inside = [getattr(section, name) for name in getattr(type(section), "model_fields", {})]
    return {type(section)}.union(*map(_kinds, inside)) if inside else set()


def _carries(value: Any, kinds: set[type]) -> bool:
    inside = [getattr(value, field.name, None) for field in fields(value)] if is_dataclass(value) else []
    return any(type(one) in kinds for one in (value, *inside))


def measure(checkout: Path, *, with_trip: bool) -> dict[str, Any]:
    """All figures of a checkout; of what is counted, the names."""
    texts = {str(path.relative_to(checkout)): path.read_text() for path in sorted(checkout.glob("yolozu/**/*.py"))}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    graphs = {"at import": imports(trees, _run_at_import), "all imports": imports(trees, ast.walk)}
    return {
        **sizes(trees, texts, checkout / "tests"),
        **repeated(trees),
        "imports between files": sum(len(targets) for targets in graphs["all imports"].values()),
        **{
            f"circles of {what}, {when}": circles(graph, group_of)
            for when, graph in graphs.items()
            for what, group_of in (("files", str), ("folders", folder_of), ("parts", part_of))
        },
        **({f"trip: {name}": found for name, found in trip(checkout).items()} if with_trip else {}),
    }


def cell(value: Any) -> str:
    """A figure; of circles also how large they are."""
    number = str(len(value)) if isinstance(value, list | dict) else f"{value:g}"
    nested = [str(len(one)) for one in value if isinstance(one, list)] if isinstance(value, list) else []
    return f"{number} (of {', '.join(nested)})" if nested else number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path(__file__).parents[1]], metavar="CHECKOUT")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.add_argument("--names", action="store_true", help="also what is counted, by name")
    parser.add_argument("--no-trip", action="store_true", help="leave out the training")
    options = parser.parse_args()
    found = {str(path): measure(path.resolve(), with_trip=not options.no_trip) for path in options.checkouts}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    rows = {name: [cell(one[name]) for one in found.values()] for name in next(iter(found.values()))}
    for name, cells in {"": list(found), **rows}.items():
        print(f"{name:<32}", *(f"{text:>{max(18, len(path))}}" for text, path in zip(cells, found, strict=True)))
    for path, one in found.items() if options.names else ():
        for name, value in one.items():
            if isinstance(value, list | dict):
                print(f"\n{path}, {name}: {json.dumps(value, indent=2)}")


if __name__ == "__main__":
    follow(sys.argv[2]) if sys.argv[1:2] == ["--follow"] else main()
