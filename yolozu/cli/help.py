"""The help of commands with many options."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command whose options, where they lie in panels, are listed and not tabulated.

    In a table the longest flag decides the width of its column: of a hundred keys on 80 columns, names are cut off and
    a few letters of every explanation are left beside them.
    """

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


def _plain(text: str) -> str:
    return text.replace("`", "")
