"""Data sets that are made of others: some of their images, corrupted copies, objects before other backgrounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.datasets import checked_data, chosen_split
from yolozu.app.outputs import require_makeable, require_writable
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.data.prepare.subset import Subset
    from yolozu.progress import Progress

SHEET_SUFFIX = ".png"


def subset(
    dataset: Path, split: str, out: Path, *, seed: int, count: int | None, fraction: float | None, per_class: int | None
) -> Subset:
    """Make a data set of some images of a split.

    Raises:
        UsageError: YZ903 it is not said how many, or said twice.
        YolozuError: the data set cannot be read, or the new one not be made.
    """
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.prepare.subset import SubsetPlan
    from yolozu.data.prepare.subset import subset as choose
    from yolozu.paths import digest_cache_path

    problem = None
    if count is not None and fraction is not None:
        problem = "--count and --fraction say the same thing twice"
    elif (count, fraction, per_class) == (None, None, None):
        problem = "does not know how many images"
    elif fraction is not None and not 0.0 < fraction <= 1.0:
        problem = f"--fraction {fraction:g} is not above 0 and at most 1"
    if problem is not None:
        raise _refused("subset", problem, "give --count, --fraction or --per-class")
    require_makeable("--out", out)
    with DigestCache(digest_cache_path()) as cache:
        return choose(SubsetPlan(dataset, split, out, seed, count, fraction, per_class), cache)


def paste(dataset: Path, split: str, out: Path, *, new_split: str, progress: Progress, **options: Any) -> int:
    """Make a data set of a split's objects before other backgrounds; the number of its images.

    Args:
        dataset: data set whose objects have masks.
        split: of it.
        out: directory of the data set that is made or extended.
        new_split: name of the new split.
        progress: where it is shown.
        options: the others of `ComposePlan`.

    Raises:
        UsageError: YZ903 the limits of the zoom are in the wrong order.
        YolozuError: the data set or the backgrounds cannot be read, or the new one not be made.
    """
    from yolozu.data.prepare.compose import ComposePlan, write_composed
    from yolozu.data.survey import index_of

    low, high = options["scale_min"], options["scale_max"]
    if low > high:
        problem = f"--scale-min {low:g} is above --scale-max {high:g}"
        raise _refused("paste", problem, "lower --scale-min or raise --scale-max")
    require_makeable("--out", out)
    checked = checked_data(dataset, split, progress)
    found = checked.survey.splits[0]
    if not checked.clean:
        progress.say(f"warning: {dataset}: {checked.summary()}; see yolozu data check {dataset}")
    index = index_of(checked.survey, found, checked.usable(found, "drop"), root_base="cwd")
    models, meshes = checked.survey.models, checked.survey.layout.models
    return write_composed(index, ComposePlan(out, new_split, **options), models, meshes, progress)


def corrupt(
    dataset: Path,
    split: str | None,
    out: Path,
    kind: str,
    *,
    severity: int,
    seed: int,
    max_images: int | None,
    progress: Progress,
) -> tuple[str, int]:
    """Make a corrupted copy of a split: its name and the number of its images.

    Raises:
        YolozuError: there is no such corruption, the data set cannot be read, or the new one not be made.
    """
    from yolozu.data.corruption.corruption import corruption_of
    from yolozu.data.layouts.layout import find_layout
    from yolozu.data.prepare.corrupted import CorruptPlan, write_corrupted

    require_makeable("--out", out)
    transform = corruption_of(kind, severity, seed)
    name = chosen_split(find_layout(dataset)) if split is None else split
    return name, write_corrupted(CorruptPlan(dataset, name, out, transform, max_images), progress)


def wants_sheet(image: Path | None, sheet: Path | None) -> bool:
    """Whether corruptions are to be drawn, and not listed.

    Raises:
        UsageError: YZ903 the picture or the file to draw into is missing, or not called a PNG file.
    """
    if (image is None) != (sheet is None):
        missing = "an IMAGE" if image is None else "--sheet"
        raise _refused("corruptions", f"needs {missing}", "give IMAGE and --sheet FILE.png, or neither for the list")
    if sheet is not None and sheet.suffix.lower() != SHEET_SUFFIX:
        problem = f"--sheet {sheet} is no name of a PNG file"
        raise _refused("corruptions", problem, f"name it {sheet.with_suffix(SHEET_SUFFIX)}")
    return sheet is not None


def draw_corruptions(image: Path, sheet: Path, *, side: int, seed: int) -> None:
    """Draw a picture with every corruption at every severity into a PNG file; ``side``: of one of them, px.

    Raises:
        UsageError: YZ905 the file is there already.
        YolozuError: the picture cannot be read, or the file not be written.
    """
    from yolozu.artifacts.atomic_files import explaining_write_errors
    from yolozu.artifacts.jsonio import atomic_replacement
    from yolozu.data.corruption.contact_sheet import contact_sheet
    from yolozu.data.images import read_image

    if sheet.exists():
        fix = "move it away, or name another file with --sheet"
        raise UsageError.one("YZ905", where=str(sheet), problem="is there already", fix=fix)
    require_writable({"--sheet": sheet}, [image])
    drawn = contact_sheet(read_image(image), image.name, seed=seed, side=side)
    with explaining_write_errors(sheet), atomic_replacement(sheet) as aside:
        drawn.save(aside, "PNG")


def _refused(command: str, problem: str, fix: str) -> UsageError:
    return UsageError.one("YZ903", where=f"yolozu data {command}", problem=problem, fix=fix)  # type: ignore[return-value]
