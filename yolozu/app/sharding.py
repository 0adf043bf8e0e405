"""What `yolozu data shard` means and refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yolozu.app.outputs import require_makeable
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.prepare.tar_shards import Sharded
    from yolozu.progress import Progress

SHARD_SIZE = "256MB"
UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
MOST_BYTES = 1 << 62
"""More than any disk has: no limit."""


def shard_data(
    dataset: Path,
    out: Path,
    splits: tuple[str, ...],
    *,
    shard_size: str,
    seed: int | None,
    order: Path | None,
    progress: Progress,
) -> list[Sharded]:
    """Write a data set into tar files.

    Raises:
        UsageError: YZ749 ``shard_size`` is no size, YZ903 two orders are asked for.
        YolozuError: the data set cannot be read, or the new one not be made.
    """
    from yolozu.data.prepare.tar_shards import ShardPlan, read_order, write_shards

    if seed is not None and order is not None:
        problem = "--seed and --order are two orders"
        raise UsageError.one("YZ903", where="yolozu data shard", problem=problem, fix="give one of them, or none")
    most_bytes, most_images = limits_in(shard_size)
    require_makeable("--out", out)
    named = None if order is None else read_order(order)
    plan = ShardPlan(dataset, out, tuple(dict.fromkeys(splits)), most_bytes, most_images, seed, named)
    return write_shards(plan, progress)


def limits_in(text: str) -> tuple[int, int | None]:
    """Most bytes and most pictures of a tar file in ``256MB``, ``1GB`` or ``5000``.

    Raises:
        UsageError: YZ749, it is no such text.
    """
    match = re.fullmatch(r"([1-9]\d{0,9})(kB|MB|GB)?", text)
    if match is None:
        problem, fix = (
            "is no size of tar files",
            "write bytes with kB, MB or GB, such as 256MB, or a number of pictures",
        )
        raise UsageError.one("YZ749", where=f"--shard-size {text}", problem=problem, fix=fix)
    count, unit = int(match[1]), match[2]
    return (MOST_BYTES, count) if unit is None else (count * UNITS[unit], None)
