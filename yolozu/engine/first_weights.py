"""Published weights that a training starts from, fetched before any stage runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.artifacts.published_weights import SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yolozu.engine.session import Session

TRAIN = "train"


def fetch_first_weights(session: Session, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Fetch what `init_from` names, where a training is certain to run and it is not here.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.
        say: told that, and what, is fetched.

    Raises:
        InputError: YZ457 or YZ458, it cannot be had.
    """
    named = session.loaded.contract.init.init_from
    if named not in SPELLINGS or all(node.name != TRAIN for node in session.plan.needed_for(list(names))):
        return
    if session.own_reasons(session.plan[TRAIN]):
        from yolozu.artifacts.hub import fetch_weights  # hashing and the like enter here, not where a build is listed

        fetch_weights(SPELLINGS[named], say)
