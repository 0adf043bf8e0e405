"""The up-to-date check of other tools, on a graph of the same shape: runs of some stages behind one data set."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

MOST_SAID = 160
"""Letters of what a tool that cannot be installed says."""


class Peer(NamedTuple):
    """Another tool, ready to be asked.

    Attributes:
        name: it, and its version.
        check: command that says whether anything is to be done.
        directory: where to give it.
    """

    name: str
    check: list[str]
    directory: Path


def peers(place: Path, data: Path, runs: int, stages: int) -> list[Peer]:
    """Those that can be installed here, each in a virtual environment below ``place``; of the others, why not is said.

    Args:
        place: where environments and work go.
        data: directory that the first stage of every run reads.
        runs: beside each other.
        stages: of each run, one behind the other.
    """
    found = []
    for name, prepare in PEERS.items():
        try:
            found.append(prepare(_installed(place, name), place / f"{name}-{runs}", data, _chains(runs, stages)))
        except subprocess.CalledProcessError as error:
            said = [line for line in f"{error.stdout}{error.stderr}".splitlines() if line.strip()]
            print(f"{name} is left out: {said[-1][:MOST_SAID] if said else error}")
        except OSError as error:
            print(f"{name} is left out: {error}")
    return found


def _chains(runs: int, stages: int) -> list[list[str]]:
    """For every run the files that its stages give, each of the one before."""
    return [[f"runs/{run}/{stage}.txt" for stage in range(stages)] for run in range(runs)]


def _installed(place: Path, name: str) -> Path:
    """The ``bin`` of an environment that has the tool."""
    programs = place / f"venv-{name}/bin"
    if not (programs / name).is_file():
        _do([sys.executable, "-m", "venv", str(programs.parent)], place)
        _do([str(programs / "python"), "-m", "pip", "install", "--quiet", name], place)
    return programs


def _do(command: Sequence[str], directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _made(directory: Path, chains: Sequence[Sequence[str]]) -> None:
    """What all stages would give, so that only the check need be run."""
    for chain in chains:
        for file in chain:
            path = directory / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{file}\n")


def _snakemake(programs: Path, directory: Path, data: Path, chains: Sequence[Sequence[str]]) -> Peer:
    """Every file of the data is an input of the first rule, which is how Snakemake notices any of them.

    Files are only declared up to date: it has no commands of earlier builds to compare, which can but spare it time.
    """
    _made(directory, chains)
    last = len(chains[0]) - 1
    rules = [
        "from pathlib import Path",
        f"DATA = sorted(str(path) for path in Path({str(data)!r}).rglob('*') if path.is_file())",
        f"rule all:\n    input: expand('runs/{{run}}/{last}.txt', run=range({len(chains)}))",
        "rule first:\n    input: DATA\n    output: 'runs/{run}/0.txt'\n    shell: 'echo {output} > {output}'",
    ]
    rules += [
        f"rule stage{stage}:\n    input: 'runs/{{run}}/{stage - 1}.txt'\n    output: 'runs/{{run}}/{stage}.txt'\n"
        "    shell: 'echo {output} > {output}'"
        for stage in range(1, last + 1)
    ]
    (directory / "Snakefile").write_text("\n\n".join(rules) + "\n")
    program = str(programs / "snakemake")
    _do([program, "--touch", "--cores", "1", "--quiet"], directory)
    return Peer(f"snakemake {_do([program, '--version'], directory)}", [program, "--dry-run", "--quiet"], directory)


def _dvc(programs: Path, directory: Path, data: Path, chains: Sequence[Sequence[str]]) -> Peer:
    """The data's directory is a dependency; its content is known by a digest of every file, as ours is."""
    _made(directory, chains)
    lines = ["stages:"]
    for run, chain in enumerate(chains):
        for stage, (file, source) in enumerate(zip(chain, [str(data), *chain], strict=False)):
            lines += [f"  run{run}-{stage}:", f"    cmd: echo {file} > {file}", f"    deps: ['{source}']"]
            lines += [f"    outs: [{{'{file}': {{cache: false}}}}]"]
    (directory / "dvc.yaml").write_text("\n".join(lines) + "\n")
    program = str(programs / "dvc")
    if not (directory / ".dvc").is_dir():
        _do([program, "init", "--no-scm", "--quiet"], directory)
        _do([program, "config", "core.analytics", "false"], directory)
    _do([program, "commit", "--force", "--quiet"], directory)
    return Peer(f"dvc {_do([program, '--version'], directory)}", [program, "status"], directory)


PEERS: dict[str, Callable[[Path, Path, Path, Sequence[Sequence[str]]], Peer]] = {
    "snakemake": _snakemake,
    "dvc": _dvc,
}
