"""Files of a data set that appear whole or not at all, and never in place of somebody else's."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import atomic_replacement, fsync_dir, parents_made
from yolozu.artifacts.packed_files import is_packed, read_bytes
from yolozu.errors import Finding, UsageError
from yolozu.system_errors import explain_system_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from yolozu.progress import Bar

    Content = bytes | Path | Callable[[Path], None]

MOST_SHOWN = 20
"""Files that an error names one by one."""

AWAY = "move it away, or name another --out"
OTHER_CONTENT = "is there already, with other content"


@contextmanager
def explaining_write_errors(out: Path) -> Iterator[None]:
    """Tells what the system says where nothing can be written below ``out``.

    Raises:
        UsageError: YZ314.
    """
    try:
        yield
    except OSError as error:
        said = explain_system_error(error, where=str(out))
        if said is None:
            raise
        raise UsageError([said]) from error


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """A new directory beside ``path`` that takes its place when the block ends well; else nothing is left.

    ``path`` may be an empty directory or missing.
    """
    with parents_made(path.parent):
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        try:
            yield aside
            aside.chmod(0o755)
            aside.replace(path)
            fsync_dir(path.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def refuse_first_of(code: str, problems: Mapping[Path, str], fix: str, more_at: Path) -> None:
    """Nothing where there are no problems; else an error that names the first of them and counts the others.

    Raises:
        UsageError: ``code``.
    """
    if not problems:
        return
    findings = [Finding(code, str(path), said, fix) for path, said in list(problems.items())[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        findings.append(Finding(code, str(more_at), f"and {len(problems) - MOST_SHOWN} more such files", fix))
    raise UsageError(findings)


def is_taken(path: Path) -> bool:
    """Whether something is at ``path`` that may not be replaced: a file, or a directory that is not empty."""
    return path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir())))


def write_files(directory: Path, contents: Mapping[str, Content]) -> None:
    """Make ``directory`` hold exactly ``contents``, all at once; where it does already, nothing is written.

    Args:
        directory: missing, empty, or as it will be.
        contents: by file name relative to it, with ``/``: bytes, where a link leads to (what lies in a tar file is
            copied instead), or what writes the file; of the latter nobody can tell whether it is there already, so they
            need a directory that is missing or empty.

    Raises:
        UsageError: YZ905 the directory holds something else.
    """
    if is_taken(directory):
        refuse_first_of("YZ905", _differing(directory, contents), AWAY, directory)
        return
    with atomic_directory(directory) as aside:
        for name, content in contents.items():
            target = aside / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            elif isinstance(content, Path) and is_packed(content):
                target.write_bytes(read_bytes(content))
            elif isinstance(content, Path):
                target.symlink_to(content)
            else:
                content(target)


def write_file(path: Path, content: bytes) -> None:
    """Write a file; where it is already, nothing is written.

    Raises:
        UsageError: YZ905 another file is there.
    """
    if path.is_symlink() or path.exists():
        refuse_first_of("YZ905", {} if _holds(path, content) else {path: OTHER_CONTENT}, AWAY, path)
        return
    with atomic_replacement(path) as aside:
        aside.write_bytes(content)


def copy_files(sources: Mapping[Path, Path], root: Path, bar: Bar) -> None:
    """Copy files to their targets; those that are there already stay, and a stopped copy goes on where it was.

    Args:
        sources: source by target.
        root: directory that holds all targets.
        bar: advanced by one a file.

    Raises:
        UsageError: YZ905 another file is where one belongs; nothing was copied then.
    """
    there = {target for target in sources if target.is_symlink() or target.exists()}
    others = {
        target: f"is there already, and is not {sources[target]}"
        for target in sorted(there)
        if not target.is_file() or not _are_equal(sources[target], target)
    }
    refuse_first_of("YZ905", others, AWAY, root)
    for target, source in sources.items():
        if target not in there:
            with atomic_replacement(target) as aside:
                copy_file(source, aside)
        bar.advance()


def copy_file(source: Path, target: Path) -> None:
    """Write what ``source`` holds, a file or what lies in a tar file, to ``target``."""
    if is_packed(source):
        target.write_bytes(read_bytes(source))
    else:
        shutil.copyfile(source, target)


def _are_equal(source: Path, target: Path) -> bool:
    if is_packed(source):
        return read_bytes(source) == target.read_bytes()
    return filecmp.cmp(source, target, shallow=False)


def unlisted(names: Collection[str], wanted: Collection[str]) -> list[str]:
    """Those of ``names`` that are not ``wanted``, in order."""
    return sorted(set(names) - set(wanted))


def _differing(directory: Path, contents: Mapping[str, Content]) -> dict[Path, str]:
    if not directory.is_dir():
        return {directory: "is there already, and is no directory"}
    there = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    problems = {directory / name: "is there already, and not written here" for name in there - set(contents)}
    for name, content in contents.items():
        if name not in there:
            problems[directory / name] = "is missing among files that are there already"
        elif not _holds(directory / name, content):
            problems[directory / name] = OTHER_CONTENT
    return dict(sorted(problems.items()))


def _holds(path: Path, content: Content) -> bool:
    if isinstance(content, Path) and is_packed(content):
        content = read_bytes(content)
    if isinstance(content, Path):
        return path.is_symlink() and path.readlink() == content
    return isinstance(content, bytes) and path.is_file() and not path.is_symlink() and path.read_bytes() == content
