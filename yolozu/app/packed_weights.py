"""A run's best weights as a file to hand on: nothing of the training in it, its digest and a card beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import write_text
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.text.scalars import write_flow
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.artifacts.checkpoint import Checkpoint
    from yolozu.engine.session import Session

OF_THE_DATA = ("num_classes", "pose")
"""Keys of a model that another data set decides anew."""

PACKED_AFTER = ["evaluate"]
"""What is built before weights are handed on: the numbers on the card are measured."""

CARD = """\
# {name}

Weights of a detector, made by yolozu {version} from the run `{run_id}`.

| | |
|---|---|
| file | `{name}.pt`, {size_mb:.1f} MB |
| SHA-256 | `{sha256}` |
| trained on | {data}, {step} optimizer steps |
| classes | {classes} |
| network input | {height}x{width} px |
| validation | {metrics} |
| contract | digest `{contract_digest}` |

To start from them, with the same model:

```yaml
model:
{model}
init_from: {name}.pt           # as seen from the working directory
head_init: remap               # classes of the same names keep their rows, others begin anew
```

To use them as they are: `yolozu predict PHOTOS --checkpoint {name}.pt`.
"""


@dataclass(frozen=True)
class PackedWeights:
    """What was written.

    Attributes:
        path: the weights.
        sha256: their digest.
        size: in bytes.
        others: the digest in a file of its own, as ``sha256sum`` reads it, and the card.
    """

    path: Path
    sha256: str
    size: int
    others: tuple[Path, ...]


def pack_weights(session: Session, directory: Path) -> PackedWeights:
    """Pack the best weights of a run that is built into ``directory``, under the run's name.

    Raises:
        UsageError: YZ905, other weights of this name are there.
        InputError: the run's checkpoint cannot be read.
    """
    from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint

    packed = _packed(read_checkpoint(session.layout.root / "checkpoints/best.pt"))
    path = directory / f"{session.layout.run_id}.pt"
    aside = path.with_name(f".{path.name}.new")
    write_checkpoint(aside, packed)
    try:
        sha256 = digest_file(aside)
        if path.exists() and digest_file(path) != sha256:
            fix = "move it away, or name another --out"
            raise UsageError.one("YZ905", where=str(path), problem="holds other weights already", fix=fix)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    digest, card = path.with_suffix(".pt.sha256"), path.with_suffix(".md")
    write_text(digest, f"{sha256}  {path.name}\n")
    write_text(card, _card(session, packed, path, sha256))
    return PackedWeights(path, sha256, path.stat().st_size, (digest, card))


def _packed(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with the weights that it is evaluated with, and nothing to go on training from."""
    return replace(
        checkpoint, weights=checkpoint.evaluation_weights(), ema=None, eval_weights="model", training_state=None
    )


def _card(session: Session, packed: Checkpoint, path: Path, sha256: str) -> str:
    import yolozu

    names = ", ".join(packed.classes.names)
    measured = [f"{name} {value:.3f}" for name, value in packed.metrics.items() if value is not None]
    metrics = ", ".join(measured) if measured else "none was made"
    return CARD.format(
        name=path.stem,
        version=yolozu.__version__,
        run_id=session.layout.run_id,
        size_mb=path.stat().st_size / 1e6,
        sha256=sha256,
        data=session.loaded.contract.dataset.dataset_root,
        step=packed.step,
        classes=f"{len(packed.classes)}: {names}" if len(names) <= 200 else str(len(packed.classes)),
        height=packed.preprocess["height"],
        width=packed.preprocess["width"],
        metrics=metrics,
        contract_digest=packed.contract_digest,
        model="\n".join(
            f"  {key}: {write_flow(value)}"
            for key, value in packed.model_config.items()
            if key in ModelConfig.model_fields and key not in OF_THE_DATA
        ),
    )
