"""What ruamel's parser complains about, in the words of somebody who wrote the file."""

from __future__ import annotations

import re
from typing import Any

from yolozu.contract.text.node import Origin, Problem, printable

# (pattern of the parser's context and problem, our problem, our fix); the first that is found counts; {0} is its group.
_WORDS = [
    (r"found character '\\t'|found a tab", "a tab where YAML wants spaces", "indent with spaces"),
    (r"mapping values are not allowed", "a ':' where no key can stand", "quote the value or correct the indentation"),
    (r"sequence entries are not allowed", "a '-' where no list can start", "put the list on its own lines"),
    (r"flow mapping.*expected ','", "a '{' that is not closed, or a missing ','", "close it with '}'"),
    (r"flow sequence.*expected ','", "a '[' that is not closed, or a missing ','", "close it with ']'"),
    (r"quoted scalar.*end of (?:stream|document)", "a quote that is never closed", "close it on the same line"),
    (
        r"unknown escape character|escape sequence|chr\(\)|OverflowError",
        "an unknown escape in double quotes",
        "use single quotes",
    ),
    (r"<stream end>", "a value that ends too early", "close what is open"),
    (r"found character '(.)' that cannot start", "a value that starts with {0}", "put the value in quotes"),
    (r"could not find expected ':'", "a line without ':'", "write 'key: value'"),
    (
        r"expected <block end>",
        "an indentation or word that does not fit the lines above",
        "align it with its neighbors",
    ),
    (r"expected the node content, but found '(.)'", "a {0} that closes nothing", "remove it or quote the value"),
    (r"version (?:minor|major) part", "a %YAML directive of an unknown version", "remove it: contracts are YAML 1.2"),
    (r"document start|directive", "a '%' line that is no valid directive", "remove it"),
    (r"RecursionError", "nests too deeply", "flatten it"),
    (r"AliasBombError", "aliases (*) that stand for millions of values", "write the values out"),
    (r"ReaderError", "holds bytes or characters that are no text", "save it as UTF-8, without control characters"),
    (r'DuplicateKeyError.* found duplicate key "([^"]+)"', "the key '{0}' is written twice", "keep one of the two"),
    (r"integer string conversion", "holds a number of thousands of digits", "shorten it"),
    (r"scanning an? (?:anchor|alias)", "a value that starts with '&' or '*'", "put the value in quotes"),
    (
        r"(?:parsing|scanning) an? tag|constructor for the tag",
        "a value that starts with '!'",
        "put the value in quotes",
    ),
    (r"block scalar", "a '|' or '>' with something strange behind it", "put the value in quotes"),
    (r"^ConstructorError|^ValueError", "a value that cannot be what it is marked or written as", "put it in quotes"),
]


def syntax_problem(error: BaseException, file: str) -> Problem:
    """The problem that stopped the parser; any exception of it will do."""
    said = f"{type(error).__name__} {getattr(error, 'context', None)} {getattr(error, 'problem', None) or error}"
    for pattern, words, fix in _WORDS:
        match = re.search(pattern, printable(said))
        if match is not None:
            return Problem.at(_origin(error, file), (), "YZ106", words.replace("{0}", "".join(match.groups())), fix)
    first = printable(said.splitlines()[0])
    return Problem.at(_origin(error, file), (), "YZ106", f"is no YAML: {first}", "correct this line")


def _origin(error: BaseException, file: str) -> Origin:
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None or re.search("quoted scalar|simple key|flow", str(getattr(error, "context", None))):
        mark = getattr(error, "context_mark", None) or mark
    return Origin.of_file(file) if mark is None else Origin.in_file(file, mark.line + 1)
