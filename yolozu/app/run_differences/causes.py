"""Why two results that should be equal are not: what is recorded and differs, the likeliest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.app.run_differences.differences import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from yolozu.app.run_differences.differences import Difference, Divergence
    from yolozu.app.run_differences.sides import RunSide

COMPUTING = ("numpy", "pillow", "scipy", "torchao", "onnx", "onnxruntime", "hotcoco", "pycocotools")
"""Packages whose code has a part in results; others may come and go."""

RECORDED = (
    ("device", ("device", "GPUs", "CUDA of torch"), "another device computes with other kernels"),
    ("processes", ("processes",), "several processes add up gradients in another order"),
    ("torch", ("torch",), "another torch computes with other kernels"),
    ("threads", ("torch threads", "torch operations at a time"), "threads add numbers in another order"),
    ("settings", ("deterministic algorithms", "float32 matmul precision"), "torch was told to compute otherwise"),
    ("machine", ("processor", "architecture"), "another processor has other instructions, and so other kernels"),
    ("code", ("yolozu", "commit of the working directory"), "other code has trained"),
    ("libraries", ("Python", *(f"package {name}" for name in COMPUTING)), "another library may compute otherwise"),
    ("system", ("platform", "CPUs", "host"), "another system may load other libraries"),
)
"""Name of a cause, what has to differ for it, why that matters; the likeliest first."""

UNEXPLAINED = (
    "unexplained: nothing that is recorded differs; yolozu verify-resume tells whether this contract trains the same "
    "twice on one machine"
)


def causes(training: Divergence | None, others: Sequence[Difference], a: RunSide, b: RunSide) -> list[Cause]:
    """Why what should be equal is not, the likeliest first; ``unexplained`` where nothing is recorded.

    Args:
        training: where the trainings part.
        others: differences of code and environment.
        a: the first run.
        b: the second run.
    """
    found = list(_recorded(others))
    if training is not None and training.should_be_equal and training.parted:
        found += [*_resumed(training, a, b), *_not_deterministic(a, b), *_unrecorded(a, b)]
    return found or [Cause("unexplained", UNEXPLAINED)]


def _recorded(others: Iterable[Difference]) -> Iterator[Cause]:
    known = list(others)
    for name, wanted, text in RECORDED:
        matching = tuple(entry for entry in known if entry.name in wanted)
        if matching:
            yield Cause(name, text, matching)


def _resumed(training: Divergence, a: RunSide, b: RunSide) -> Iterator[Cause]:
    first = training.first_step
    for side, step in zip((a, b), training.resumed_at, strict=True):
        if step is None:
            continue
        at = "" if first is None else f", and they part {'before' if first.step <= step else 'behind'} that"
        text = (
            f"{side.name} went on at step {step} in another process{at}; on which machine and with which software it "
            "was until then is not recorded"
        )
        yield Cause("resumed", text)


def _not_deterministic(a: RunSide, b: RunSide) -> Iterator[Cause]:
    told = [side.name for side in (a, b) if side.record is not None]
    free = [
        side.name
        for side in (a, b)
        if side.record is not None and side.record["runtime"].get("deterministic_algorithms") is False
    ]
    if told and free:
        yield Cause("not deterministic", f"torch was not held to deterministic algorithms in {' and '.join(free)}")


def _unrecorded(a: RunSide, b: RunSide) -> Iterator[Cause]:
    gone = [side.name for side in (a, b) if side.record is None]
    if gone:
        yield Cause(
            "not recorded", f"the record of the training (reports/run_meta.json) of {' and '.join(gone)} is gone"
        )
