"""The package that quantizes weights, looked for before anything is trained."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from yolozu.engine.devices import certain_to_run
from yolozu.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session


def missing_quantizer(session: Session, names: Sequence[str]) -> list[Finding]:
    """Whether torchao is not installed that the contract cannot do without, where a training is certain to run.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        One finding (YZ475), or none.
    """
    asked = session.loaded.contract.quantization
    if asked.scheme == "none" or not asked.required or find_spec("torchao") is not None:
        return []
    if "train" not in certain_to_run(session, names):
        return []
    key = "qlora" if asked.qlora else "torchao_required"
    origin = session.origin(key)
    return [
        Finding(
            "YZ475",
            where=key if origin is None else origin if key in origin else f"{origin}: {key}",
            problem="needs the package torchao, which is not installed",
            fix="pip install 'yolozu[torchao]', or "
            + ("use lora_r without qlora" if asked.qlora else "leave out torchao_required: weights then stay whole"),
        )
    ]
