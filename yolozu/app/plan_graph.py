"""A run's plan as a graph, in a language that a page, a drawing program or a terminal shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from yolozu.app.run_status import status_rows
from yolozu.planning.graph import as_dot, as_mermaid, as_text, drawing_of

if TYPE_CHECKING:
    from yolozu.engine.session import Session

GraphFormat = Literal["text", "mermaid", "dot"]


def graph_lines(session: Session, names: list[str], form: GraphFormat, width: int) -> Iterable[str]:
    """The graph of the stages that ``names`` need (all of them when empty); ``width`` in columns bounds text alone."""
    nodes = session.plan.needed_for(names)
    states = {row["stage"]: str(row["state"]) for row in status_rows(session, names)}
    if form == "text":
        return [*session.headline.splitlines(), *as_text(nodes, states, width)]
    return (as_mermaid if form == "mermaid" else as_dot)(drawing_of(nodes, states))
