"""Which classes a data set has: named by its files, or read off its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from yolozu.artifacts.jsonio import explain_read_error, is_text, read_json
from yolozu.data.labels import SplitLabels
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME
from yolozu.data.layouts.layout import Layout
from yolozu.data.layouts.ultralytics import read_yaml
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

FIX = "name every class once, in network order"
MOST_CLASSES = 65536
"""More than any data set has; a larger number is a slip."""


def stated_classes(layout: Layout, by_labels: Mapping[str, ClassTable]) -> ClassTable | None:
    """The classes that the data set's own files name; None when no file does.

    Where several files name classes, they must agree. BOP numbers its objects: a file's names are theirs, in order.

    Args:
        layout: the data set.
        by_labels: place -> the classes that labels themselves state (COCO categories, BOP objects).

    Raises:
        InputError: YZ204 a file cannot be understood, or two contradict each other.
    """
    descriptor, place = layout.descriptor, str(layout.root / DESCRIPTOR_NAME)
    stated, lists = dict(by_labels), {}
    if descriptor is not None and descriptor.classes is not None:
        lists[place] = _checked_names(descriptor.classes, place)
        if descriptor.category_ids is not None:
            # Ids of its own choose among the COCO categories; the others' annotations are findings.
            stated = {place: _table(lists.pop(place), descriptor.category_ids, place)}
    counts = {}
    for path in layout.class_files:
        names, count = _names_in(path)
        if names is not None:
            lists[str(path)] = names
        if count is not None:
            counts[str(path)] = count
    ids = next(iter(stated.values())).category_ids if stated else None
    if lists:
        stated = {place: table for place, table in stated.items() if not _only_numbered(table)}
    for source, names in lists.items():
        stated[source] = _table(names, list(range(len(names)) if ids is None else ids), source)
    return _counted(_agreed(stated), counts)


def classes_of_labels(splits: Iterable[SplitLabels]) -> ClassTable:
    """``class_0``, ``class_1``, … up to the highest class any label holds, as far as that is credible."""
    indices = (instance.class_index for split in splits for image in split.images for instance in image.instances)
    return _numbered(1 + max((index for index in indices if index < MOST_CLASSES), default=-1))


def _numbered(count: int) -> ClassTable:
    return ClassTable(tuple(f"class_{index}" for index in range(count)), tuple(range(count)))


def _counted(named: ClassTable | None, counts: Mapping[str, int]) -> ClassTable | None:
    """The classes that are named, or else as many as a ``data.yaml`` counts in ``nc``."""
    for place, count in counts.items():
        if named is None:
            named = _numbered(count)
        elif len(named) != count:
            raise _refused(f"{place}: nc", f"is {count}, but {len(named)} classes are named", "correct nc or the names")
    return named


def _only_numbered(table: ClassTable) -> bool:
    return all(name == f"obj_{key:06d}" for name, key in zip(table.names, table.category_ids, strict=True))


def _agreed(stated: Mapping[str, ClassTable]) -> ClassTable | None:
    if not stated:
        return None
    (first_path, first), *others = stated.items()
    for path, table in others:
        if table != first:
            raise InputError.one(
                "YZ204",
                where=path,
                problem=f"names other classes than {first_path}",
                fix=f"make them agree, or give classes and category_ids in {DESCRIPTOR_NAME}",
            )
    return first


def _names_in(path: Path) -> tuple[list[str] | None, int | None]:
    """Class names in one of a data set's class files, and the number of classes in a ``data.yaml``.

    None stands for what the file does not say.
    """
    if path.suffix in {".txt", ".names"}:
        try:
            lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise _refused(str(path), f"cannot be read: {explain_read_error(error)}") from error
        return _checked_names([line for line in lines if line], str(path)), None
    if path.suffix == ".json":
        return _checked_names(read_json(path, code="YZ204", fix=FIX), str(path)), None
    document = read_yaml(path, code="YZ204", fix=FIX)
    if not isinstance(document, dict):
        return None, None
    names, count = document.get("names"), document.get("nc")
    return (
        None if names is None else _checked_names(names, f"{path}: names"),
        None if count is None else _checked_count(count, f"{path}: nc"),
    )


def _checked_count(value: object, place: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_CLASSES:
        raise _refused(place, f"{value!r:.40} is no number of classes", f"write a number from 1 to {MOST_CLASSES}")
    return value


def _checked_names(value: object, place: str) -> list[str]:
    if isinstance(value, dict):
        keys = {str(key): name for key, name in value.items()}
        if set(keys) != {str(index) for index in range(len(keys))}:
            raise _refused(place, f"class indices must be 0 to {len(keys) - 1}")
        value = [keys[str(index)] for index in range(len(keys))]
    if not isinstance(value, list) or not value:
        raise _refused(place, "is no list of class names")
    names = [_checked_name(name, index, place) for index, name in enumerate(value)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise _refused(place, f"class {repeated[0]!r} is named {names.count(repeated[0])} times")
    return names


def _checked_name(name: object, index: int, place: str) -> str:
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    if not isinstance(name, str) or not name:
        raise _refused(
            place, f"class {index} is called {name!r:.40}, which is no name", "write names as texts, in quotes"
        )
    if not is_text(name):
        raise _refused(place, f"class {index} is called {name!r:.40}, which holds half a character")
    return name


def _table(names: list[str], ids: list[int], place: str) -> ClassTable:
    try:
        return ClassTable(tuple(names), tuple(ids))
    except ValueError as error:
        raise _refused(place, str(error)) from error


def _refused(place: str, problem: str, fix: str = FIX) -> Exception:
    return InputError.one("YZ204", where=place, problem=problem, fix=fix)
