"""A data set without held-out pictures becomes one with: lists of pictures, and a file that describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.datasets import surveyed_splits
from yolozu.app.outputs import require_makeable
from yolozu.errors import Finding, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.data.layouts.layout import Layout
    from yolozu.data.prepare.hold_out import Parts
    from yolozu.data.survey import Survey, SurveyedImage
    from yolozu.progress import Progress

TRAINED_ON = "train"
USUAL_SHARE = 0.2
"""Part of the pictures that is held out to choose the best weights."""


@dataclass(frozen=True)
class SplitOptions:
    """How a data set is split.

    Attributes:
        shares: held-out part -> share of the pictures; the rest is trained on.
        seed: of the choice.
        group_by: regular expression; pictures in whose names it finds the same stay together.
        split: which split of the data set is split further; None where it is the only one, or the one for training.
        out: directory of the files.
    """

    shares: Mapping[str, float]
    seed: int = 0
    group_by: str | None = None
    split: str | None = None
    out: Path = Path()


@dataclass(frozen=True)
class DataSplit:
    """What was held out, before or after it is written.

    Attributes:
        survey: the split that was split, as it was read.
        parts: the pictures of each part.
        images: each picture by its name in ``parts``.
        num_copies: pictures that are kept together with others that they are a copy of.
        files: path -> text; the last is what a ``dataset_root`` names.
    """

    survey: Survey
    parts: Parts
    images: Mapping[str, SurveyedImage]
    num_copies: int
    files: Mapping[Path, str]

    @property
    def dataset_root(self) -> Path:
        """What describes the parts."""
        return list(self.files)[-1]

    def images_of(self, part: str) -> list[SurveyedImage]:
        """The pictures of a part."""
        return [self.images[name] for name in self.parts.names[part]]

    def num_objects(self, part: str) -> int:
        """Objects on the pictures of a part."""
        return sum(len(image.labeled.instances) for image in self.images_of(part))

    @property
    def gaps(self) -> list[str]:
        """What the parts lack, in sentences: classes that are not in each of them, and names of classes."""
        names = self.survey.classes.names
        alone = [names[index] for index in self.parts.single if index < len(names)]
        said = [
            f"class {names[index]!r} is not in {part}: too few groups of pictures show it"
            for index, part in self.parts.lacking
            if index < len(names)
        ]
        if alone:
            said.append(f"on one picture only, which is trained on: {', '.join(alone)}")
        if not self.survey.classes_are_stated:
            said.append(f"no file names the classes; write their names into {self.dataset_root}")
        return said


def split_data(dataset: Path, options: SplitOptions, progress: Progress) -> DataSplit:
    """Hold pictures of a data set out, and write the lists. No picture and no label is copied or changed.

    Raises:
        UsageError: YZ254 a share, YZ255 the pattern or YZ256 the data set allows no such parts, YZ905 a file is there
            already, YZ727 nothing can be written.
        InputError: there is no such data set, or it cannot be understood.
    """
    require_makeable("--out", options.out)
    made = planned_split(dataset, options, progress)
    write_split(made)
    return made


def planned_split(dataset: Path, options: SplitOptions, progress: Progress) -> DataSplit:
    """What `split_data` will write; nothing is written yet. Raises as it does."""
    from yolozu.data.layouts.layout import find_layout

    _check_shares(options.shares)
    pattern = None if options.group_by is None else _compiled(options.group_by)
    layout = find_layout(dataset)
    name = _meant_split(layout, options)
    return _parted(surveyed_splits(layout, [name], progress), options, pattern, progress)


def write_split(split: DataSplit) -> None:
    """Write the files of a split.

    Raises:
        UsageError: YZ905 files that are there already, all of them, or the system refuses one.
    """
    from yolozu.artifacts.atomic_files import explaining_write_errors
    from yolozu.artifacts.jsonio import write_text

    refuse_overwriting(split.files)
    for path, text in split.files.items():
        with explaining_write_errors(path):
            write_text(path, text)


def refuse_overwriting(paths: Mapping[Path, str]) -> None:
    """Raise YZ905 for every file that is there already with another text."""
    fix = "move it away, or name another directory with --out"
    taken = [path for path, text in paths.items() if path.exists() and not _holds(path, text)]
    if taken:
        raise UsageError(Finding("YZ905", str(path), "is there already", fix) for path in taken)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode("utf-8")


def _check_shares(shares: Mapping[str, float]) -> None:
    findings = [
        Finding("YZ254", f"--{part} {share:g}", "is no share of the pictures", "give a number above 0 and below 1")
        for part, share in shares.items()
        if not 0.0 < share < 1.0
    ]
    if not findings and sum(shares.values()) >= 1.0:
        where = " ".join(f"--{part} {share:g}" for part, share in shares.items())
        findings = [Finding("YZ254", where, "leaves no picture to train on", "give shares that are below 1 together")]
    if findings:
        raise UsageError(findings)


def _compiled(group_by: str) -> re.Pattern[str]:
    try:
        return re.compile(group_by)
    except re.error as error:
        fix = r"give a regular expression, such as '^(.*?)_\d+' for all that stands before a number"
        raise UsageError.one(
            "YZ255", where=f"--group-by {group_by}", problem=f"is no regular expression: {error}", fix=fix
        ) from error


def _meant_split(layout: Layout, options: SplitOptions) -> str:
    """The split that is split further; parts of the wanted names must not be there yet."""
    names = layout.separate_splits
    if options.split is not None:
        return layout.split(options.split).name
    meant = names[0] if len(names) == 1 else layout.meant(TRAINED_ON)
    there = [part for part in options.shares if layout.meant(part) not in {None, meant}]
    if meant is None or there:
        problem = f"is split already: {', '.join(names)}"
        raise UsageError.one(
            "YZ256", where=str(layout.root), problem=problem, fix="say with --split NAME which of them is split further"
        )
    return meant


def _parted(surveyed: Survey, options: SplitOptions, pattern: re.Pattern[str] | None, progress: Progress) -> DataSplit:
    from yolozu.data.prepare.hold_out import hold_out
    from yolozu.data.prepare.picture_groups import alike, joined, key_in
    from yolozu.data.prepare.split_files import part_files

    split = surveyed.splits[0]
    images = {image.labeled.image: image for image in split.images}
    copies = _copies(images, progress)
    named = [] if pattern is None else alike({name: key_in(name, pattern) for name in images})
    if pattern is not None and not named:
        problem = f"finds the same in no two of the {len(images)} names, such as {next(iter(images))}"
        fix = "give a pattern that two names share, or leave --group-by out"
        raise UsageError.one("YZ255", where=f"--group-by {pattern.pattern}", problem=problem, fix=fix)
    groups = joined(list(images), [*copies, *named])
    if len(groups) <= len(options.shares):
        told = f"{len(groups)} group{'s' * (len(groups) > 1)} of pictures that belong together"
        problem = f"its {len(images)} pictures are {told}, too few for {1 + len(options.shares)} parts"
        fix = "add pictures, or ask for fewer parts or groups"
        raise UsageError.one("YZ256", where=str(surveyed.layout.root), problem=problem, fix=fix)
    _check_names(images)
    classes_of = {name: {each.class_index for each in image.labeled.instances} for name, image in images.items()}
    parts = hold_out(classes_of, groups, options.shares, seed=options.seed)
    labeled = {part: [images[name].labeled for name in names] for part, names in parts.names.items()}
    files = part_files(surveyed, labeled, options.out, _note(options))
    return DataSplit(surveyed, parts, images, sum(len(group) - 1 for group in copies), files)


def _copies(images: Mapping[str, SurveyedImage], progress: Progress) -> list[list[str]]:
    """Pictures that are the same photo, in groups."""
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.near_duplicates import near_duplicate_groups
    from yolozu.paths import digest_cache_path

    names = list(images)
    with DigestCache(digest_cache_path()) as cache:
        groups = near_duplicate_groups([images[name].labeled.path for name in names], cache=cache, progress=progress)
    return [[names[place] for place in group] for group in groups]


def _check_names(images: Mapping[str, SurveyedImage]) -> None:
    """Refuse pictures whose names no line of a list can hold."""
    bad = [image.labeled.path for image in images.values() if _is_no_line(str(image.labeled.path))]
    if bad:
        fix = "rename it: no line breaks, and no space at the end"
        raise InputError(Finding("YZ257", repr(str(path)), "cannot stand in a list of pictures", fix) for path in bad)


def _is_no_line(path: str) -> bool:
    return path.splitlines() != [path] or path != path.strip()


def _note(options: SplitOptions) -> str:
    words = [f"--{part} {share:g}" for part, share in options.shares.items()]
    words += [f"--seed {options.seed}"]
    words += [] if options.group_by is None else [f"--group-by {options.group_by!r}"]
    return f"Made by yolozu data split {' '.join(words)}; pictures and labels stay where they are."
