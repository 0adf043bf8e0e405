"""What a remote store needs, looked for before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.engine.devices import certain_to_run
from yolozu.engine.store.exchange import remote_url
from yolozu.engine.store.file_system import missing_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session
    from yolozu.errors import Finding


def missing_remote_store(session: Session, names: Sequence[str]) -> list[Finding]:
    """What is not installed of what `store_remote` needs, where a stage that would be looked for there runs.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        One finding (YZ740 to YZ742), or none.
    """
    operations = session.loaded.contract.operations
    if operations.store_remote is None or not operations.store:
        return []
    needed = session.plan.needed_for(list(names))
    if not any(remote_url(node, operations) for node in needed) or not certain_to_run(session, names):
        return []
    origin = session.origin("store_remote")
    where = "store_remote" if origin is None else origin if "store_remote" in origin else f"{origin}: store_remote"
    return missing_for(operations.store_remote, where=where)
