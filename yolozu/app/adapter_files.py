"""What `yolozu lora` makes of files: merged, split, put together again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolozu.app.outputs import require_writable

LEFT_OUT = "the training's state is left out: no training goes on from this file, but one may start from it (init_from)"


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written.

    Attributes:
        path: where.
        size: in bytes.
        what: it holds, as a clause.
    """

    path: Path
    size: int
    what: str


@dataclass(frozen=True)
class Written:
    """What came of a command.

    Attributes:
        files: that were written.
        notes: what else to know; whole lines.
    """

    files: tuple[WrittenFile, ...]
    notes: tuple[str, ...] = ()


def merge_file(checkpoint: Path, output: Path) -> Written:
    """Write an ordinary checkpoint that computes what the one with adapters does.

    Raises:
        InputError: the checkpoint cannot be used, YZ470 or has no adapters.
        UsageError: YZ727 and YZ905, the file cannot be written there.
    """
    require_writable({"--output": output}, [checkpoint])
    from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
    from yolozu.model.adapter_files import merged_checkpoint
    from yolozu.model.loading import adapters_of

    given = read_checkpoint(checkpoint)
    write_checkpoint(output, merged_checkpoint(given))
    adapters = adapters_of(given)
    assert adapters is not None
    averages = "" if given.ema is None else ", the moving average's too"
    what = f"a checkpoint without adapters: those of rank {adapters.rank} are merged into the weights{averages}"
    return Written((_file(output, what),), () if given.training_state is None else (LEFT_OUT,))


def split_file(checkpoint: Path, output: Path, base: Path | None) -> Written:
    """Write the adapters of a checkpoint, and where ``base`` is given what they belong to.

    Raises:
        InputError: the checkpoint cannot be used, YZ470 or has no adapters.
        UsageError: YZ727 and YZ905, a file cannot be written there.
    """
    require_writable({"--output": output, "--base": base}, [checkpoint])
    from yolozu.artifacts.adapters_file import write_adapters
    from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
    from yolozu.model.adapter_files import split_checkpoint

    given = read_checkpoint(checkpoint)
    adapters, alone = split_checkpoint(given)
    write_adapters(output, adapters)
    averaged = " of the moving average" if given.eval_weights == "ema" else ""
    files = [_file(output, f"the adapters{averaged} alone; base {adapters.base_sha256[:12]}")]
    if base is not None:
        write_checkpoint(base, alone)
        files.append(_file(base, "the base, an ordinary checkpoint"))
    return Written(tuple(files))


def apply_file(base: Path, adapters: Path, output: Path) -> Written:
    """Write the checkpoint that ``adapters`` were split from, with its evaluation weights.

    Raises:
        InputError: a file cannot be used, YZ471 the base has adapters itself, YZ472 they belong to another.
        UsageError: YZ727 and YZ905, the file cannot be written there.
    """
    require_writable({"--output": output}, [base, adapters])
    from yolozu.artifacts.adapters_file import read_adapters
    from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
    from yolozu.model.adapter_files import applied

    write_checkpoint(output, applied(read_checkpoint(base), read_adapters(adapters)))
    return Written((_file(output, "a checkpoint with adapters beside its base"),))


def _file(path: Path, what: str) -> WrittenFile:
    return WrittenFile(path, path.stat().st_size, what)
