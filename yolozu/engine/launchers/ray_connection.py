"""Ray, connected to once in a process."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.errors import YolozuError


class Connection:
    """This process's connection to Ray: there is one, which all builds share, also those of several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._address: str | None = None
        self._module: Any = None

    def ray(self, address: str | None) -> Any:
        """The module ``ray``, connected; telling nobody that it is used.

        Args:
            address: ``host:port`` of a cluster of which this machine is a part, ``local`` for a Ray of this process's
                own. None: what RAY_ADDRESS says, else a Ray that runs on this machine, else one of this process's own.

        Raises:
            UsageError: YZ353, there is none.
        """
        with self._lock:
            if self._module is None:
                self._module, self._address = _in_lasting_thread(lambda: _connected(address)), address
            elif self._address != address:
                raise _unreachable(address, f"this process is connected already (ray_address: {self._address})")
            return self._module


CONNECTION = Connection()


def _connected(address: str | None) -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    try:
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise _unreachable(address, str(error).strip().partition("\n")[0]) from error
    return ray


def _unreachable(address: str | None, problem: str) -> YolozuError:
    return UsageError.one(
        "YZ353",
        where=f"ray_address: {address or os.environ.get('RAY_ADDRESS') or 'null'}",
        problem=f"no Ray answers there: {problem}",
        fix="start it (ray start --head), name another (ray_address=HOST:6379), or build here: executor=local",
    )


def _in_lasting_thread(call: Callable[[], Any]) -> Any:
    """What ``call`` gives, called in a thread that stays until this process ends.

    Ray ends the processes that it starts together with the thread that started them, and takes SIGTERM away from a main
    thread that connects to it.
    """
    result: Future[Any] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            result.set_exception(error)
        else:
            threading.Event().wait()

    threading.Thread(target=work, name="ray", daemon=True).start()
    return result.result()
