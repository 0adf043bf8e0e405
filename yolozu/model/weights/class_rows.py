"""Rows of the tensors that have one for each class: which of a file's rows becomes which of the detector's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yolozu.artifacts.coco_classes import COCO_NAMES
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from yolozu.errors import YolozuError

HeadInit = Literal["reinit", "extend", "remap"]

EMBEDDING = "denoising.embedding.weight"
"""Has one row more than there are classes: the last stands for padding."""

_LOGITS = re.compile(r"^(selector\.logits|decoder\.heads\.logits\.\d+)\.(weight|bias)$")


def depends_on_classes(name: str) -> bool:
    """Whether a tensor of the detector has a row for each class."""
    return name == EMBEDDING or _LOGITS.match(name) is not None


def class_counts(tensors: Mapping[str, Tensor]) -> set[int]:
    """Numbers of classes that the tensors are for: one, in a detector that is whole."""
    return {
        tensor.shape[0] - (name == EMBEDDING)
        for name, tensor in tensors.items()
        if depends_on_classes(name) and tensor.dim() > 0
    }


@dataclass(frozen=True)
class ClassRows:
    """Where the class rows come from.

    Attributes:
        action: what that makes of the tensors, for people.
        origins: for every class of the detector the file's row, or None for a new one.
        names: of the file's classes, where they are known.
    """

    action: Literal["copied", "re-initialized", "extended", "remapped"]
    origins: tuple[int | None, ...]
    names: tuple[str, ...] | None

    def merged(self, name: str, own: Tensor, given: Tensor) -> Tensor:
        """The tensor ``name`` with the file's rows in their new places and ``own`` ones elsewhere, bit for bit."""
        result = own.clone()
        for row, origin in enumerate(self.origins):
            if origin is not None:
                result[row] = given[origin]
        if name == EMBEDDING and self.action != "re-initialized":
            result[-1] = given[-1]
        return result

    def rows_from_file(self, name: str) -> int:
        """How many rows of the tensor ``name`` are the file's."""
        padding = name == EMBEDDING and self.action != "re-initialized"
        return sum(origin is not None for origin in self.origins) + padding


def choose_rows(
    head_init: HeadInit | None,
    *,
    where: str,
    count: int,
    names: tuple[str, ...] | None,
    coco_if_unnamed: bool,
    own: Sequence[str],
) -> ClassRows:
    """Which rows to take.

    Args:
        head_init: how; None takes all of them as they are.
        where: the file, for messages.
        count: its number of classes.
        names: their names, if it tells them.
        coco_if_unnamed: whether 80 unnamed classes are those of COCO.
        own: names of the detector's classes, in order.

    Raises:
        InputError: YZ419, that cannot be done with these classes.
    """
    if names is not None and len(names) != count:
        raise _refused(where, f"names {len(names)} classes and has rows for {count}", "give an unedited copy")
    match head_init:
        case None:
            return _all(where, count, names, own)
        case "reinit":
            return ClassRows("re-initialized", (None,) * len(own), names)
        case "extend":
            return _extended(where, count, names, own)
        case "remap":
            known = COCO_NAMES if names is None and coco_if_unnamed and count == len(COCO_NAMES) else names
            return _remapped(where, known, own)


def _all(where: str, count: int, names: tuple[str, ...] | None, own: Sequence[str]) -> ClassRows:
    if count != len(own):
        fixes = [
            "set head_init: remap (keep the classes that have the same name)",
            "extend (keep all, and add)",
            "or reinit (keep none)",
        ]
        raise _refused(where, f"has {count} classes, the data set has {len(own)}", ", ".join(fixes))
    return ClassRows("copied", tuple(range(count)), names)


def _extended(where: str, count: int, names: tuple[str, ...] | None, own: Sequence[str]) -> ClassRows:
    if count > len(own):
        problem = f"has {count} classes, more than the {len(own)} of the data set, so they cannot be kept by position"
        raise _refused(where, problem, "set head_init: remap (by name) or reinit")
    if names is not None and tuple(own[:count]) != names:
        place = next(index for index, name in enumerate(names) if own[index] != name)
        problem = f"calls class {place} {names[place]!r}, the data set {own[place]!r}, so classes keep no position"
        raise _refused(where, problem, "set head_init: remap, or put the data set's classes into the file's order")
    return ClassRows("extended", (*range(count), *[None] * (len(own) - count)), names)


def _remapped(where: str, names: tuple[str, ...] | None, own: Sequence[str]) -> ClassRows:
    if names is None:
        problem = "does not name its classes"
        raise _refused(where, problem, "set head_init: extend (by position) or reinit; for transformers' files, put "
                       "their config.json beside them")  # fmt: skip
    for whose, listed in (("the file", names), ("the data set", own)):
        twice = sorted({name for name in listed if list(listed).count(name) > 1})
        if twice:
            raise _refused(where, f"cannot be remapped: {whose} has several classes named {', '.join(twice)}",
                           "give every class a name of its own, or set head_init: extend or reinit")  # fmt: skip
    origins = tuple(names.index(name) if name in names else None for name in own)
    if all(origin is None for origin in origins):
        some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        problem = f"has no class of the data set ({', '.join(own[:5])}{', …' if len(own) > 5 else ''}); its own: {some}"
        raise _refused(where, problem, "spell the names alike, or set head_init: reinit")
    return ClassRows("remapped", origins, names)


def _refused(where: str, problem: str, fix: str) -> YolozuError:
    return InputError.one("YZ419", where=where, problem=problem, fix=fix)
