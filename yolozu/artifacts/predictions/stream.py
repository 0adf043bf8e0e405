"""JSON read piece by piece: values one after the other, whatever the size of the file."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

PIECE_BYTES = 1 << 22
EDGE = 16
"""A decoding error this near the end of what was read may come from the cut: ``tru``, ``\\u12``, ``1.5e``."""


class BrokenJson(Exception):
    """The text is no JSON from here on; nothing after it can be read."""

    def __init__(self, problem: str, place: str) -> None:
        super().__init__(problem, place)
        self.problem, self.place = problem, place


class RepeatedKeys(dict[str, Any]):
    """An object in which a key stands twice; holds the last value of each, and the repeated keys."""

    repeated: tuple[str, ...] = ()


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = RepeatedKeys(found)
    names = [name for name, _ in pairs]
    marked.repeated = tuple(name for name in found if names.count(name) > 1)
    return marked


def _integer_of(text: str) -> float:
    """An integer with more digits than Python converts: as a float that is infinity."""
    return int(text) if len(text) <= 400 else math.copysign(math.inf, float(text[:1] + "1"))


_PLAIN_DECODER = json.JSONDecoder()
_DECODER = json.JSONDecoder(object_pairs_hook=_object_of)
_HUGE_INTEGER_DECODER = json.JSONDecoder(object_pairs_hook=_object_of, parse_int=_integer_of)


class JsonText:
    """A JSON text, read from a file as far as it is needed."""

    def __init__(self, file: BinaryIO, *, note_repeated: bool = True) -> None:
        """Read ``file``; where repeated keys are of no interest, a fifth faster."""
        self._file = file
        self._decoder = _DECODER if note_repeated else _PLAIN_DECODER
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False
        self._bad_bytes: BrokenJson | None = None
        self._bytes = 0
        self._lines_before = 0
        self._columns_before = 0

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\n\r":
                self._at += 1
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def take(self, expected: str) -> None:
        """Go past one character.

        Raises:
            BrokenJson: another one stands there.
        """
        found = self.peek()
        if found != expected:
            what = repr(found) if found else "the end of the file"
            raise self.broken(f"expected {expected!r}, found {what}")
        self._at += 1

    def value(self) -> Any:
        """The next whole value. NaN and infinities are values here; repeated keys give `RepeatedKeys`.

        Raises:
            BrokenJson: there is none.
        """
        self.peek()
        while True:
            try:
                value, end = self._decode_value()
            except json.JSONDecodeError as error:
                if self._cut_short(error) and self._read_on():
                    continue
                self._at = error.pos
                problem = error.msg[0].lower() + error.msg[1:]
                raise self.broken(problem.removesuffix(" at").removesuffix(" starting")) from None
            may_go_on = type(value) in {int, float} and end >= len(self._text) - EDGE  # 1 of 1.5e3
            if may_go_on and self._read_on():
                continue
            self._at = end
            return value

    def elements(self) -> Iterator[Any]:
        """The values of the list that starts here, one by one.

        Raises:
            BrokenJson: its text is no list.
        """
        self.take("[")
        if self.peek() != "]":
            yield self.value()
            while self.peek() != "]":
                self.take(",")
                yield self.value()
        self.take("]")

    def members(self) -> Iterator[str]:
        """The keys of the object that starts here; the caller reads each value before the next key.

        Raises:
            BrokenJson: its text is no object.
        """
        self.take("{")
        if self.peek() != "}":
            yield self._key()
            while self.peek() != "}":
                self.take(",")
                yield self._key()
        self.take("}")

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            BrokenJson: something does.
        """
        if self.peek():
            raise self.broken("text after the end of the JSON value")

    def broken(self, problem: str) -> BrokenJson:
        """The error for this place."""
        before = self._text[: self._at]
        line_start = before.rfind("\n") + 1
        column = self._at - line_start + (0 if line_start else self._columns_before)
        return BrokenJson(problem, f"line {self._lines_before + before.count(chr(10)) + 1} column {column + 1}")

    def _key(self) -> str:
        if self.peek() != '"':
            raise self.broken("expected a key in double quotes")
        key = self.value()
        assert isinstance(key, str)
        self.take(":")
        return key

    def _decode_value(self) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(self._text, self._at)
        except RecursionError:
            raise self.broken("nested too deeply") from None
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of thousands of digits
            return _HUGE_INTEGER_DECODER.raw_decode(self._text, self._at)

    def _cut_short(self, error: json.JSONDecodeError) -> bool:
        return error.pos >= len(self._text) - EDGE or error.msg.startswith("Unterminated string")

    def _read_on(self) -> bool:
        """Drop what was taken and append at least as much as is left; False at the end of the file."""
        if self._bad_bytes is not None:
            raise self._bad_bytes
        if self._ended:
            return False
        taken = self._text[: self._at]
        newline = taken.rfind("\n")
        self._lines_before += taken.count("\n")
        self._columns_before = self._at - newline - 1 if newline >= 0 else self._columns_before + self._at
        rest = self._text[self._at :]
        piece = self._file.read(max(PIECE_BYTES, len(rest)))
        self._text, self._at = rest, 0
        self._ended = not piece
        try:
            self._text = rest + self._decode.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            carried = len(error.object) - len(piece)
            self._text = rest + error.object[: error.start].decode("utf-8-sig")
            self._ended = True
            self._bad_bytes = BrokenJson(
                f"not UTF-8 text ({error.reason})", f"byte {self._bytes + error.start - carried}"
            )
        self._bytes += len(piece)
        return True
