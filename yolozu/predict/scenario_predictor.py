"""A scenario suite joined with an adapter: what the stage and `yolozu test` share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.data.transform import ImageTransform
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.progress import Bar, Progress
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.predictions import TimedPredictions


class AdapterPredictor:
    """Predicts pictures with an adapter, opened anew for every transform.

    Args:
        name: of the adapter.
        request: what it is opened with, its ``transform`` aside.
    """

    def __init__(self, name: str, request: AdapterRequest) -> None:
        from yolozu.predict.adapters.opening import open_adapter

        self.name = name
        self._request, self._progress = request, _OnceSaid(request.progress)
        self._plain = open_adapter(name, request)
        self.uses = self._plain.uses

    def __call__(
        self, title: str, records: Sequence[ImageRecord], transform: ImageTransform | None
    ) -> TimedPredictions:
        """The predictions of ``records`` after ``transform``, and the seconds they took; None from a file."""
        import time

        from yolozu.predict.adapters.check import require_answers
        from yolozu.predict.adapters.opening import open_adapter
        from yolozu.structures.predictions import TimedPredictions

        progress = replace(self._progress, title=title)
        adapter = open_adapter(self.name, replace(self._request, transform=transform, progress=progress))
        started = time.perf_counter()
        entries = adapter.predict(records)
        seconds = time.perf_counter() - started
        require_answers(self.name, records, entries)
        return TimedPredictions(entries, None if "predictions" in self.uses else seconds)

    def describe(self) -> dict[str, Any]:
        """What the adapter says of itself."""
        return self._plain.describe()


@dataclass(frozen=True)
class _OnceSaid:
    """Shows ``progress`` with the title of a scenario, and each line once: every scenario would say the same."""

    progress: Progress
    title: str = ""
    said: set[str] = field(default_factory=set)

    def say(self, line: str) -> None:
        """The line, if it is new."""
        if line not in self.said:
            self.said.add(line)
            self.progress.say(line)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """The bar."""
        with self.progress.bar(f"{title}: {self.title}", total, done) as bar:
            yield bar
