"""A small HTTP server on this machine that misbehaves as asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file behind an address, and how the server treats who asks for it.

    Attributes:
        content: its bytes.
        etag: validator, None for none.
        ranges: whether parts can be had.
        cuts: bytes after which each of the next answers ends, in order; later ones are whole.
        status: of all answers, where they are no files.
        says_length: whether answers state how long they are.
        asked: ``Range`` and ``If-Range`` of every request.
    """

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    status: int | None = None
    says_length: bool = True
    wrong_range: bool = False
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)


@contextmanager
def serving(files: dict[str, Served]) -> Iterator[str]:
    """The base address of a server of ``files``, by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, files[self.path.lstrip("/")])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler: BaseHTTPRequestHandler, served: Served) -> None:
    wanted, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    served.asked.append((wanted, condition))
    if served.status is not None:
        handler.send_error(served.status)
        return
    start, size = 0, len(served.content)
    match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
    if match and served.ranges and condition in {None, served.etag}:
        start = int(match[1])
        if start >= size:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{size}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206)
        stated = 0 if served.wrong_range else start
        handler.send_header("Content-Range", f"bytes {stated}-{size - 1}/{size}")
    else:
        handler.send_response(200)
    if served.says_length:
        handler.send_header("Content-Length", str(size - start))
    if served.etag is not None:
        handler.send_header("ETag", served.etag)
    handler.end_headers()
    body = served.content[start:]
    handler.wfile.write(body[: served.cuts.pop(0)] if served.cuts else body)
    handler.close_connection = True
