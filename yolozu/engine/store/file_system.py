"""The file system of a remote store: fsspec's, asked for small things, in bounded time.

Nothing of fsspec is imported before a URL is used.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import cached_property
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from yolozu.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

T = TypeVar("T")

ANSWER_S = 60.0
"""How long a file system may take for one answer, or for one block: network libraries try again for minutes."""

PART_BYTES = 8 << 20
"""What drivers send and fetch at a time: they would gather 50 MB, which a slow line does not take within `ANSWER_S`."""

LOCAL = frozenset({"file", "local"})
MOST_WORDS = 200
"""Letters of what a library says that are shown."""


class RemoteError(Exception):
    """A remote store cannot be reached, or refuses what is asked of it; its text says how, in a line."""


def protocol_of(url: str) -> str:
    """``s3`` of ``s3://bucket/prefix``."""
    return url.partition("://")[0]


def missing_for(url: str, *, where: str) -> list[Finding]:
    """What is not installed of all that a remote store needs.

    Args:
        url: of the store.
        where: who names it.

    Returns:
        One finding (YZ740 to YZ742), or none.
    """
    protocol = protocol_of(url)
    try:
        from fsspec import available_protocols, get_filesystem_class
    except ModuleNotFoundError as error:
        problem = f"a remote store needs the package {error.name}, which is not installed"
        return [Finding("YZ740", where, problem, "pip install 'yolozu[remote]', or leave the remote store out")]
    try:
        get_filesystem_class(protocol)
    except ValueError:
        usual = ", ".join(name for name in ("s3", "gs", "abfs", "sftp", "file") if name in available_protocols())
        fix = f"write a URL such as s3://bucket/prefix; usual file systems: {usual}"
        return [Finding("YZ741", where, f"fsspec knows no file system {protocol!r}", fix)]
    except ImportError as error:
        problem = f"the driver of {protocol}:// is not installed ({one_line(error)})"
        return [Finding("YZ742", where, problem, f"{_install_line(protocol)}, or leave the remote store out")]
    return []


def _install_line(protocol: str) -> str:
    """``pip install 'fsspec[s3]'``: fsspec has an extra for the usual protocols, and names the package of others."""
    from importlib.metadata import metadata

    extras = metadata("fsspec").get_all("Provides-Extra") or []
    if protocol in extras:
        return f"pip install 'fsspec[{protocol}]'"
    return f"install what fsspec needs for {protocol}:// (the package that it names)"


def _drop(file: Any) -> None:
    """Send nothing more of a file: closing it, as Python does when nobody holds it, would send what is gathered."""
    file.discard()
    file.closed = True


def one_line(error: BaseException) -> str:
    """What a library says, as one short line."""
    words = " ".join(str(error).split())
    return words[:MOST_WORDS] if words else type(error).__name__


class FileSystem:
    """The file system of a URL, below the place that the URL names; names are relative to it, with slashes.

    Every method raises `RemoteError` where the file system cannot be reached or says no, and FileNotFoundError where
    there is nothing of that name.

    Args:
        url: ``s3://bucket/prefix``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """What fsspec has for the URL, and the place's path there."""
        return self._answer(self._open)

    def _open(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        made = {"auto_mkdir": True} if protocol_of(self.url) in LOCAL else {}
        found, root = url_to_fs(self.url, **made)
        return found, root.rstrip("/")

    def is_there(self) -> bool:
        """Whether there is anything at the URL itself."""
        found, root = self._opened
        return bool(self._answer(lambda: found.exists(root)))

    def names(self, directory: str = "") -> list[str]:
        """Names of what lies in a directory, sorted; none where there is no such directory."""
        found, _ = self._opened
        found.invalidate_cache()
        try:
            paths = self._answer(lambda: found.ls(self._path(directory), detail=False))
        except FileNotFoundError:
            return []
        return sorted({str(path).rstrip("/").rpartition("/")[2] for path in paths} - {""})

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is no such file, or its size is not told."""
        found, _ = self._opened
        try:
            size = self._answer(lambda: found.info(self._path(name))["size"])
        except FileNotFoundError:
            return None
        return size if isinstance(size, int) else None

    def blocks(self, name: str, block: int) -> Generator[bytes]:
        """What a file holds, ``block`` bytes at a time."""
        found, _ = self._opened
        file = self._answer(lambda: found.open(self._path(name), "rb", block_size=PART_BYTES))
        try:
            while part := self._answer(lambda: file.read(block)):
                yield part
        finally:
            with suppress(RemoteError):  # all that is wanted of it has been read
                self._answer(file.close)

    def write(self, name: str, blocks: Iterator[bytes]) -> None:
        """Make a file of ``blocks``, in place of one that is there.

        Object stores show a file when it is whole; a local disk shows it by a rename. Elsewhere one may be seen that
        is not whole yet, which digests tell.
        """
        with self._written(name) as file:
            for part in blocks:
                self._answer(lambda part=part: file.write(part))  # type: ignore[misc]
            self._answer(file.close)

    @contextmanager
    def _written(self, name: str) -> Iterator[Any]:
        found, _ = self._opened
        renamed = protocol_of(self.url) in LOCAL
        path = self._path(name)
        aside = f"{path}.{uuid4().hex}.part" if renamed else path
        file = self._opened_to_write(aside)
        try:
            yield file
        except BaseException:
            with suppress(RemoteError, FileNotFoundError):
                self._answer((lambda: (file.close(), found.rm_file(aside))) if renamed else (lambda: _drop(file)))
            raise
        if renamed:
            self._answer(lambda: found.mv(aside, path))

    def _opened_to_write(self, path: str) -> Any:
        found, _ = self._opened
        try:
            return self._answer(lambda: found.open(path, "wb", block_size=PART_BYTES))
        except FileNotFoundError:
            # File systems with real directories want them first. One that has not even the URL's own place has not
            # been reached as meant: asking an object store for directories there would make a bucket.
            if not self.is_there():
                raise RemoteError("there is no such place") from None
        self._answer(lambda: found.makedirs(path.rpartition("/")[0], exist_ok=True))
        return self._answer(lambda: found.open(path, "wb", block_size=PART_BYTES))

    def _path(self, name: str) -> str:
        root = self._opened[1]
        return f"{root}/{name}" if name else root

    def _answer(self, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, within `ANSWER_S`."""
        answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

        def wait() -> None:
            try:
                answers.put((ask(), None))
            except BaseException as error:  # noqa: BLE001 - told below, in the thread that asked
                answers.put((None, error))

        Thread(target=wait, daemon=True).start()
        try:
            answer, error = answers.get(timeout=ANSWER_S)
        except Empty:
            raise RemoteError(f"no answer within {ANSWER_S:.0f} s") from None
        if isinstance(error, FileNotFoundError):
            raise error
        if error is not None:  # each driver has errors of its own
            raise RemoteError(one_line(error)) from error
        return answer  # type: ignore[return-value]
