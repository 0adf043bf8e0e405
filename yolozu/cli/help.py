"""How every command reads its paths and shows its help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from yolozu.contract.expansion import UnclearPathError, expanded
from yolozu.errors import Finding, UsageError


class Command(TyperCommand):
    """A command whose options, where they lie in panels, are listed and not tabulated.

    In a table the longest flag decides the width of its column: of a hundred keys on 80 columns, names are cut off and
    a few letters of every explanation are left beside them.

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
        """Usage, what the command does, its options."""
        if any(getattr(parameter, "rich_help_panel", None) for parameter in self.get_params(ctx)):
            self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options, panel by panel."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
                panel = _plain(getattr(parameter, "rich_help_panel", None) or usual)
                panels.setdefault(panel, []).append((record[0], _plain(record[1])))
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)


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


def _plain(text: str) -> str:
    return text.replace("`", "")
