"""All that the doctor looks at, in the order in which it hurts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.doctor.environment import environment_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.app.doctor.verdicts import Verdict
    from yolozu.engine.session import Session


def examine(session: Session, *, minutes: float | None, say: Callable[[str], None]) -> Iterator[Verdict]:
    """Verdicts as they are found: the environment, the data, and whether the network learns.

    Nothing is written into the run.

    Args:
        session: the run that the contract means.
        minutes: for the trainings; None leaves them out, and torch is not imported.
        say: hears what is going on.
    """
    contract = session.loaded.contract
    verdicts = environment_verdicts(contract.device.device, contract.operations.num_threads)
    yield from verdicts
    if any(verdict.name == "packages" and verdict.state == "wrong" for verdict in verdicts):
        return
    from yolozu.app.doctor.data import data_verdicts
    from yolozu.app.doctor.stages import Bench

    with tempfile.TemporaryDirectory(prefix="yolozu-doctor-") as directory:
        bench = Bench(session, Path(directory))
        bench.lay_out()
        found = data_verdicts(bench)
        yield from found
        able = all(verdict.state != "wrong" for verdict in (*verdicts, *found))
        if able and minutes is not None:
            from yolozu.app.doctor.learning import learning_verdicts

            yield from learning_verdicts(bench, minutes=minutes, say=say)
