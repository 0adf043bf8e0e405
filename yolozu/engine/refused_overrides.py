"""What a run keeps of a command that was refused."""

from __future__ import annotations

from yolozu.artifacts.jsonio import write_text_if_changed
from yolozu.engine.run_overrides import shown
from yolozu.engine.session import Session
from yolozu.planning.plan import Node
from yolozu.planning.staleness import own_reasons


def forget_refused(session: Session) -> list[str]:
    """After a refused command: remember its overrides only where lasting work was done with them.

    Returns:
        Those that are not remembered, as they were typed.
    """
    lasting = [node.name for node in session.plan.nodes if node.stage.resumable and _lasts(session, node)]
    nodes = session.plan.needed_for(lasting) if lasting else ()
    taken = {key for node in nodes for section in node.spec.values() for key in section}
    stays = session.remembered.after_refusal(session.before, taken)
    write_text_if_changed(session.layout.overrides_path, stays.text())
    return sorted(
        f"{key}={shown(value)}"
        for key, value in session.remembered.overrides.items()
        if key not in stays.overrides or stays.overrides[key] != value
    )


def _lasts(session: Session, node: Node) -> bool:
    """Whether a resumable stage's result, or its unfinished work, is what the session asks for."""
    if session.unfinished(node) is not None:
        return True
    with session.digests() as cache:
        return not own_reasons(node, session.layout, lambda path: session.digest(path, cache))
