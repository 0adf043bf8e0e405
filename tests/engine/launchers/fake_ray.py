"""What the launcher uses of Ray, in threads of this process, with machines that are lost on request."""

import threading
from types import SimpleNamespace


class RayError(Exception):
    pass


class TaskCancelledError(RayError):
    pass


class NodeDiedError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        self.cause = cause


class Answer:
    def __init__(self):
        self.done, self.value, self.error = threading.Event(), None, None

    def end(self, value=None, error=None):
        if not self.done.is_set():
            self.value, self.error = value, error
            self.done.set()


class FakeRay:
    """Calls a function in a thread, and again where it raises what may be retried.

    ``calls`` and ``canceled`` tell what was asked; ``lost`` machines die before they call; ``free`` is whether any is.
    """

    exceptions = SimpleNamespace(RayError=RayError, TaskCancelledError=TaskCancelledError, RayTaskError=RayTaskError)

    def __init__(self, *, lost=0, free=True):
        self.inits, self.calls, self.canceled = [], [], []
        self.lost, self.free = lost, free

    def init(self, address, **options):
        self.inits.append((address, options))

    def get_runtime_context(self):
        return SimpleNamespace(get_job_id=lambda: "01000000")

    def remote(self, function):
        return SimpleNamespace(
            options=lambda **options: SimpleNamespace(remote=lambda *words: self._call(function, words, options))
        )

    def _call(self, function, words, options):
        self.calls.append((function, words, options))
        answer = Answer()
        if self.free:
            threading.Thread(target=self._run, args=(answer, function, words, options), daemon=True).start()
        return answer

    def _run(self, answer, function, words, options):
        lost, error = self.lost, None
        for _ in range(1 + options["max_retries"]):
            if lost:
                lost, error = lost - 1, NodeDiedError("The node died.\nDetails")
                continue
            try:
                answer.end(function(*words))
            except Exception as raised:  # noqa: BLE001 - as Ray does
                error = RayTaskError(raised)
                if not isinstance(raised, tuple(options["retry_exceptions"])):
                    break
            else:
                return
        answer.end(error=error)

    def wait(self, answers, timeout):
        (answer,) = answers
        return ([answer], []) if answer.done.wait(timeout) else ([], [answer])

    def get(self, answer):
        if answer.error is not None:
            raise answer.error
        return answer.value

    def cancel(self, answer, force=False):
        self.canceled.append(force)
        answer.end(error=TaskCancelledError("canceled"))
