"""Where the members of a tar file lie in it, so that each of them is read by itself. Nothing is ever extracted."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from yolozu.artifacts.jsonio import explain_read_error, is_text
from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from tarfile import TarInfo

Places = dict[str, tuple[int, int]]
"""Name of a member -> offset of its first byte in the tar file, and how many bytes it has."""

BLOCK_BYTES = 512
MOST_HEADER_BYTES = 1 << 20
"""A name, or a set of extended attributes, that is longer is no such thing."""

MOST_SHOWN = 20
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""First bytes of a compressed file -> what compressed it."""

PACK_AGAIN = "make it again, of plain files: tar -cf FILE.tar --hard-dereference --dereference FOLDER"


def read_places(path: Path, *, shown: str | None = None) -> Places:
    """Where each plain file in the tar file at ``path`` lies, by name; hidden ones are no part of a data set.

    Args:
        path: of the tar file.
        shown: what findings call it; None for its path.

    Raises:
        InputError: YZ276 it is no tar file, or damaged or cut short; YZ277 it is compressed; YZ278 members that are no
            plain files, leave the tar file by their names, or have the name of another one.
    """
    import tarfile

    place = path if shown is None else Path(shown)
    found = _Members(place)
    try:
        with path.open("rb") as file:
            _refuse_compressed(place, file)
            headers = _Headers(file)
            with _opened(headers) as tar:
                while (member := tar.next()) is not None:
                    found.add(member)
                    tar.members.clear()  # which would grow with the file
                    headers.begin()
                _require_whole(place, file, tar.offset)
    except OSError as error:
        raise _damaged(place, f"cannot be read: {explain_read_error(error)}") from error
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        raise _damaged(place, f"is no tar file that can be read: {error}") from error
    if found.findings:
        raise InputError(found.shown())
    return found.places


def first_members(path: Path, most: int = 64) -> list[str]:
    """Names of the first plain files in the tar file at ``path``, as far as it can be read: to see what it holds."""
    import tarfile

    found = _Members(path)
    try:
        with path.open("rb") as file, _opened(_Headers(file)) as tar:
            while len(found.places) < most and (member := tar.next()) is not None:
                found.add(member)
    except (OSError, tarfile.TarError, ValueError, OverflowError, RecursionError):
        return list(found.places)  # what is wrong with it, reading it says
    return list(found.places)


class _Headers:
    """A tar file as far as its headers are read, which may not fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, MOST_HEADER_BYTES
        self.name = file.name
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def begin(self) -> None:
        """The next member's header is read now."""
        self._left = MOST_HEADER_BYTES

    def read(self, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise ValueError(f"the header of a member has more than {MOST_HEADER_BYTES} bytes")
        return self._file.read(count)


def _opened(headers: _Headers) -> Any:
    """A `tarfile.TarFile`, which needs less and has more than its types tell."""
    import tarfile

    open_tar: Any = tarfile.open
    return open_tar(fileobj=headers, mode="r:")


@dataclass
class _Members:
    """The members of a tar file while they are looked at."""

    path: Path
    places: Places = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, member: TarInfo) -> None:
        name = posixpath.normpath(member.name)
        if member.isdir() or any(part.startswith(".") and part != ".." for part in name.split("/")):
            return
        problem = _problem(member, name)
        if problem is None and name in self.places:
            problem = "is in it twice"
        if problem is None:
            self.places[name] = (member.offset_data, member.size)
        else:
            self.findings.append(Finding("YZ278", f"{self.path}: {member.name}", problem, PACK_AGAIN))

    def shown(self) -> list[Finding]:
        more = len(self.findings) - MOST_SHOWN
        rest = Finding("YZ278", str(self.path), f"and {more} more such members", PACK_AGAIN)
        return [*self.findings[:MOST_SHOWN], *([rest] if more > 0 else [])]


def _problem(member: TarInfo, name: str) -> str | None:
    if member.issym() or member.islnk():
        return "is a link"
    if member.issparse():
        return "is a sparse file, of which the tar file holds parts"
    if not member.isreg():
        return "is no plain file"
    if name.startswith(("/", "../")) or name == "..":
        return "lies outside of the tar file by its name"
    return None if is_text(name) and "\0" not in name else "has a name that is no UTF-8"


def _refuse_compressed(path: Path, file: BinaryIO) -> None:
    head = file.read(max(map(len, COMPRESSED)))
    file.seek(0)
    for beginning, name in COMPRESSED.items():
        if head.startswith(beginning):
            raise compressed(path, name)


def compressed(path: Path, by: str) -> InputError:
    """That a tar file is compressed ``by`` something."""
    problem = f"is compressed ({by}): no picture in it can be read without all that lies before it"
    fix = "unpack it to a plain .tar (gunzip, unxz): pictures hardly shrink"
    return InputError.one("YZ277", where=str(path), problem=problem, fix=fix)  # type: ignore[return-value]


def _require_whole(path: Path, file: BinaryIO, end: int) -> None:
    """Refuse a tar file in which anything but its end mark follows the last member, which is over at byte ``end``."""
    file.seek(end)
    mark = file.read(BLOCK_BYTES)
    if mark.strip(b"\0"):
        raise _damaged(path, f"is damaged at byte {end}: no member begins there")
    if len(mark) < BLOCK_BYTES:
        raise _damaged(path, "is cut short: it has no end mark")
    while part := file.read(MOST_HEADER_BYTES):
        if part.strip(b"\0"):
            raise _damaged(path, f"goes on behind its end mark at byte {end}: it is several tar files in a row")


def _damaged(path: Path, problem: str) -> InputError:
    fix = "copy or make it again; tar -tf FILE.tar says whether it is whole"
    return InputError.one("YZ276", where=str(path), problem=problem, fix=fix)  # type: ignore[return-value]
