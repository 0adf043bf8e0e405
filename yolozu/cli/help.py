"""How every command reads its paths and shows its help."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from yolozu.contract.expansion import UnclearPathError, expanded
from yolozu.errors import Finding, UsageError

KINDS = {"str": "TEXT", "int": "INTEGER", "int range": "INTEGER", "float": "NUMBER", "float range": "NUMBER"}
"""What typer calls a kind of value -> what options of the contract call it."""

_AROUND = "[]{}…"
"""What typer, or a command itself, puts around the name of an argument."""

_RANGES = (
    (r"\[(.*; )?([^;\]]*)<=x<=([^;\]]*)\]", r"[\1from \2 to \3]"),
    (r"\[(.*; )?x>=([^;\]]*)\]", r"[\1at least \2]"),
)  # fmt: skip
"""Ranges as typer writes them, and in words."""


class Command(TyperCommand):
    """A command whose options are listed in full on any terminal.

    In a table the longest name decides the width of its column: on 80 columns, names are cut off and a few letters of
    every explanation are left beside them.

    Paths may start with ``~``: shells replace it in few places only, and not in ``--output=~/x``.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command, with ``~`` in paths replaced.

        Raises:
            UsageError: YZ292, all such paths that are unclear.
        """
        findings: list[Finding] = []
        for parameter in self.get_params(ctx):
            if parameter.name in ctx.params:
                ctx.params[parameter.name] = _at_home(ctx.params[parameter.name], parameter.opts[0], findings)
        if findings:
            raise UsageError(findings)
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what the command does, its options; the same on a terminal and in a file."""
        self.rich_markup_mode, self.help = None, _plain(self.help)
        super().format_help(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """``CONFIG``, ``[CONFIG]`` where it may be left out, ``[CONFIG]…`` where there may be several."""
        return [_usage(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options, panel by panel."""
        _write_panels(self.get_params(ctx), ctx, formatter)


class Group(TyperGroup):
    """Commands, then the options that stand before them."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what the commands are for, the commands."""
        self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The commands with their whole sentences, then the options."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _plain(self.commands[name].help)) for name in self.list_commands(ctx)])
        _write_panels(self.get_params(ctx), ctx, formatter)


def _usage(piece: str) -> str:
    name = piece.strip(f"{_AROUND}.")
    return f"{f'[{name}]' if piece.startswith('[') else name}{'…' if piece.endswith('...') else ''}"


def _write_panels(parameters: list[Any], ctx: Any, formatter: Any) -> None:
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is not None:
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panel = _plain(getattr(parameter, "rich_help_panel", None) or usual)
            said = record[0].partition(" ")[0].strip(_AROUND) if usual == "Arguments" else record[0]
            names = _names(said, formatter.width - formatter.indent_increment)
            panels.setdefault(panel, []).append((names, _ranges(_plain(record[1]))))
    for panel, records in panels.items():
        with formatter.section(panel):
            formatter.write_dl(records)


def _names(said: str, width: int) -> str:
    """The option's names and what follows them, in two lines where one is too long."""
    for kind, name in KINDS.items():
        said = said.replace(f"<{kind}>", name).replace(f"<list[{kind}]>", f"{name}…")
    said = re.sub(r"<([^<>]*\|[^<>]*)>", r"\1", said)
    if len(said) <= width:
        return said
    return re.sub(r" (\S+\|\S+)$", r"\n  \1", said.replace(" / ", " /\n  ").replace(" <", "\n  <"))


def _ranges(text: str) -> str:
    for pattern, words in _RANGES:
        text = re.sub(pattern, lambda found, words=words: found.expand(words), text)  # type: ignore[misc]
    return text


def _at_home(value: Any, option: str, findings: list[Finding]) -> Any:
    """Paths, and texts that can be nothing else, with ``~`` replaced; of unclear ones ``findings`` are told."""
    if isinstance(value, list | tuple):
        return type(value)(_at_home(entry, option, findings) for entry in value)
    if not isinstance(value, Path) and not (isinstance(value, str) and value.startswith("~/")):
        return value
    try:
        return type(value)(expanded(str(value), variables=False))
    except UnclearPathError as error:
        findings.append(Finding("YZ292", option, error.problem, error.fix))
        return value


def _plain(text: str | None) -> str:
    return "" if text is None else text.replace("`", "")
