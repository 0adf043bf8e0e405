"""One file over HTTP, gone on with where the connection was cut.

A server may hold another file by the time we go on: ``If-Range`` with the validator of the first answer makes it send
the whole file then (RFC 9110, 13.1.5). Without a validator the file is fetched from its start again.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import yolozu
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.errors import InputError
from yolozu.progress import Progress

TIMEOUT_S = 30.0
"""Silence after which a server counts as gone."""

MOST_TRIES = 3
"""Connections to one address in a row; each but the last must have brought something."""

MOST_BYTES = 1 << 30
"""No data set fetched here is nearly as large: more is an answer to something else."""

CHUNK = 1 << 16
KIB = 1 << 10


class NotFetched(Exception):
    """Why an address did not give its file."""


@dataclass(frozen=True)
class PartialFile:
    """A file that may not be all there yet, and beside it where it comes from.

    Attributes:
        path: its bytes so far.
    """

    path: Path

    @property
    def origin_path(self) -> Path:
        """Holds the address and the validator of the answer that the bytes are of."""
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def origin(self) -> tuple[str | None, str | None]:
        """Address and validator, None where unknown."""
        if not self.origin_path.is_file():
            return None, None
        try:
            value = read_json(self.origin_path, code="YZ265", fix="delete it")
        except InputError:
            return None, None  # a note about bytes that can be fetched again
        return (value.get("url"), value.get("validator")) if isinstance(value, dict) else (None, None)

    def begin(self, url: str, validator: str | None) -> None:
        """Forget what is there; what comes is of ``url``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        write_text(self.origin_path, pretty({"url": url, "validator": validator}))

    def remove(self) -> None:
        """Leave nothing."""
        self.path.unlink(missing_ok=True)
        self.origin_path.unlink(missing_ok=True)


def download(url: str, part: PartialFile, progress: Progress, *, timeout_s: float = TIMEOUT_S) -> None:
    """Bring ``part`` to the whole file at ``url``.

    Args:
        url: http or https.
        part: goes on where it was if it is of this address.
        progress: where it is shown.
        timeout_s: silence after which the server counts as gone.

    Raises:
        NotFetched: the address gave no file, or not all of it; what came is kept.
        OSError: it cannot be written.
    """
    if not re.match(r"https?://", url):
        raise NotFetched("is neither http nor https")
    for tried in range(1, MOST_TRIES + 1):
        before = part.size
        try:
            _go_on(url, part, progress, timeout_s)
        except _Cut as cut:
            if tried == MOST_TRIES or part.size <= before:
                raise NotFetched(str(cut)) from cut
        else:
            return


class _Cut(Exception):
    """A connection that ended before the file did."""


@dataclass(frozen=True)
class _Answer:
    """Where the body of an answer belongs: its first byte's place, and the size of the whole file."""

    start: int
    total: int | None


def _go_on(url: str, part: PartialFile, progress: Progress, timeout_s: float) -> None:
    response = _opened(url, part, timeout_s)
    if response is None:
        return
    with response:
        answer = _understood(response, part)
        if answer.total is not None and answer.total > MOST_BYTES:
            raise NotFetched(f"sends {answer.total} bytes, which is more than any data set here has")
        if answer.start == 0:
            part.begin(url, _validator(response))
        total = MOST_BYTES if answer.total is None else answer.total
        with (
            progress.bar(f"fetching {urlsplit(url).netloc}, KiB", total // KIB, done=answer.start // KIB) as bar,
            part.path.open("ab") as file,
        ):
            size = answer.start
            while chunk := _read(response):
                file.write(chunk)
                bar.advance((size + len(chunk)) // KIB - size // KIB)
                size += len(chunk)
                if size > total:
                    raise NotFetched(f"sends more than the {total} bytes it should")
    if answer.total is not None and size < answer.total:
        raise _Cut(f"the connection ended after {size} of {answer.total} bytes")


def _opened(url: str, part: PartialFile, timeout_s: float) -> HTTPResponse | None:
    """The answer with what is still missing, None where nothing is."""
    origin, validator = part.origin()
    request = _request(url)
    if part.size and origin == url and validator is not None:
        request.add_header("Range", f"bytes={part.size}-")
        request.add_header("If-Range", validator)
    try:
        return _answer_to(request, timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and request.has_header("Range"):  # the file is the same, and ends where we are or before
            if error.headers.get("Content-Range") == f"bytes */{part.size}":
                return None
            part.remove()
            return _opened(url, part, timeout_s)
        raise NotFetched(f"answers {error.code} {error.reason}".rstrip()) from error


def _request(url: str) -> urllib.request.Request:
    headers = {"User-Agent": f"yolozu/{yolozu.__version__}", "Accept-Encoding": "identity"}
    try:
        return urllib.request.Request(url, headers=headers)  # noqa: S310 - download() admits http and https only
    except ValueError as error:
        raise NotFetched(f"is no address: {error}") from error


def _answer_to(request: urllib.request.Request, timeout_s: float) -> HTTPResponse:
    try:
        return cast("HTTPResponse", urllib.request.urlopen(request, timeout=timeout_s))  # noqa: S310 - see _request
    except urllib.error.HTTPError:
        raise
    except urllib.error.URLError as error:
        raise NotFetched(f"cannot be reached: {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(f"cannot be reached: {_said(error)}") from error


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise _Cut(f"the connection was cut: {_said(error)}") from error


def _understood(response: HTTPResponse, part: PartialFile) -> _Answer:
    if response.status == 206:
        stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", "").strip())
        if stated is None or int(stated[1]) != part.size:
            part.remove()
            raise NotFetched("answers with another part of the file than was asked for")
        return _Answer(part.size, int(stated[2]))
    length = response.headers.get("Content-Length", "")
    return _Answer(0, int(length) if length.isdecimal() else None)


def _validator(response: HTTPResponse) -> str | None:
    """What tells this version of the file from others; a weak ETag does not."""
    etag = response.headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        return str(etag)
    modified = response.headers.get("Last-Modified")
    return None if modified is None else str(modified)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
