"""This process as one of several that run a stage together."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.progress import Stopper

WORD = "yolozu/first"
"""Where the first process leaves its word for the others, in the store that torchrun keeps for them."""

GO, NOTHING_TO_DO, LEFT = "go", "nothing to do", "left"
LOOK_EVERY_S = 0.05

FAILURE_FILE = "TORCHELASTIC_ERROR_FILE"
"""Variable with the file through which torchrun hears of a process's failure."""


class Rank:
    """One of the processes that torchrun has started for a stage, which their environment describes.

    The first one does what a worker does: it takes the stage's lock, prepares scratch, publishes. The others wait until
    it is ready, and then only run the stage.

    Attributes:
        rank: number of this process, from 0.
    """

    def __init__(self) -> None:
        from torch import distributed

        self.rank = int(os.environ["RANK"])
        port = int(os.environ["MASTER_PORT"])
        self._store = distributed.TCPStore(os.environ["MASTER_ADDR"], port, is_master=False)  # type: ignore[attr-defined]

    def let_others_run(self) -> bool:
        """Let the others run the stage; said by the first. False where one has been stopped meanwhile, and has left."""
        return self._say(GO) == GO

    def let_others_end(self) -> None:
        """Let the others end, unless they were let run; said by the first."""
        self._say(NOTHING_TO_DO)

    def wait_for_first(self, stopping: Stopper) -> bool:
        """Wait for the first process's word; whether the stage is to be run."""
        try:
            while not stopping():
                if self._store.check([WORD]):
                    return self._store.get(WORD).decode() == GO
                time.sleep(LOOK_EVERY_S)
            return self._say(LEFT) == GO  # let run just now: then all stop together
        except RuntimeError:  # the store is gone, and torchrun with it: nobody waits for this process
            return False

    def _say(self, word: str) -> str:
        """Say a word, unless one was said before; which one holds."""
        return self._store.compare_set(WORD, "", word).decode()


def report_failure(*, kind: str, text: str) -> None:
    """Leave the reason of this process's failure where the process that watches over the group reads it."""
    report = {"message": text, "timestamp": int(time.time()), "at": time.time(), "kind": kind}
    path = Path(os.environ[FAILURE_FILE])
    aside = path.with_suffix(".aside")
    aside.write_text(json.dumps(report), encoding="utf-8")
    aside.replace(path)  # a reader finds all of it or nothing
