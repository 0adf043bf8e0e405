"""The classes that a contract chooses: the network's by name and in order, and those whose objects are labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.labels import Defect, Instance
from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit
from yolozu.errors import Finding, InputError
from yolozu.registry import nearest
from yolozu.structures.classes import ClassTable


def with_chosen_classes(survey: Survey, names: Sequence[str] | None, labeled: Sequence[str] | None) -> Survey:
    """``survey`` with the class table that ``names`` makes, and only objects whose classes are labels.

    A class that the data set has keeps its category id; one that it lacks gets the next above them all, and no
    object.
    How many objects are left out stands in the notes of their split.

    Args:
        survey: with the data set's own classes.
        names: the network's classes; None takes the data set's.
        labeled: classes whose objects are labels; None takes all.

    Raises:
        InputError: YZ555 the data set has none of the classes, or ``labeled`` names one that is none of the network's.
    """
    if names is None and labeled is None:
        return survey
    own = survey.classes
    chosen = own if names is None else _table(names, own, str(survey.layout.root))
    _require_known(labeled, chosen)
    places = {name: place for place, name in enumerate(chosen.names)}
    moved = {index: places[name] for index, name in enumerate(own.names) if name in places}
    kept = {index: place for index, place in moved.items() if labeled is None or own.names[index] in labeled}
    splits = tuple(_split(split, own, kept=kept, moved=moved) for split in survey.splits)
    if names is not None:
        splits = (replace(splits[0], notes=(*splits[0].notes, *_slips(names, own))), *splits[1:])
    models = {moved[index]: model for index, model in survey.models.by_class.items() if index in moved}
    return replace(survey, classes=chosen, splits=splits, models=ObjectModels(models))


def _table(names: Sequence[str], own: ClassTable, place: str) -> ClassTable:
    known = dict(zip(own.names, own.category_ids, strict=True))
    if not any(name in known for name in names):
        guesses = [guess for name in names if (guess := nearest(name, list(known))) is not None]
        fix = (
            f"did you mean {guesses[0]!r}?"
            if guesses
            else f"name some of {', '.join(known) if known else 'its classes'}"
        )
        raise InputError.one("YZ555", where="class_names", problem=f"{place} has none of these classes", fix=fix)
    free = count(1 + max(own.category_ids))
    return ClassTable(tuple(names), tuple(known[name] if name in known else next(free) for name in names))


def _require_known(labeled: Sequence[str] | None, chosen: ClassTable) -> None:
    findings = []
    for name in () if labeled is None else labeled:
        if name not in chosen.names:
            guess = nearest(name, list(chosen.names))
            fix = f"did you mean {guess!r}?" if guess else f"choose among {', '.join(chosen.names)}"
            findings.append(Finding("YZ555", f"labeled_classes: {name}", "no class has this name", fix))
    if findings:
        raise InputError(findings)


def _slips(names: Sequence[str], own: ClassTable) -> list[str]:
    """What to say of classes that the data set lacks and whose names are nearly those of classes left out."""
    others = [name for name in own.names if name not in names]
    pairs = [(name, nearest(name, others)) for name in names if name not in own.names]
    return [
        f"class_names: no class of the data set is called {name!r}; did you mean {guess!r}, which is left out?"
        for name, guess in pairs
        if guess is not None
    ]


def _split(
    split: SurveyedSplit, own: ClassTable, *, kept: Mapping[int, int], moved: Mapping[int, int]
) -> SurveyedSplit:
    indices = [item.class_index for image in split.images for item in image.labeled.instances]
    known = [index for index in indices if 0 <= index < len(own)]
    unnamed = Counter(own.names[index] for index in known if index not in moved)
    unlabeled = Counter(own.names[index] for index in known if index in moved and index not in kept)
    notes = [
        f"{counts.total()} objects of classes outside {key} are left out ({_told(counts)})"
        for key, counts in (("class_names", unnamed), ("labeled_classes", unlabeled))
        if counts
    ]
    images = tuple(_image(image, len(own), kept) for image in split.images)
    return replace(split, images=images, notes=(*split.notes, *notes))


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.most_common())


def _image(image: SurveyedImage, num_own: int, kept: Mapping[int, int]) -> SurveyedImage:
    instances: list[Instance] = []
    defects: list[Defect] = []
    for instance in image.labeled.instances:
        index = instance.class_index
        if index in kept:
            instances.append(replace(instance, class_index=kept[index]))
        elif not 0 <= index < num_own:  # which may well be an index of the chosen table
            problem = f"class {index} is outside 0 to {num_own - 1}"
            defects.append(Defect("class_out_of_range", instance.where, problem))
    labeled = replace(image.labeled, instances=tuple(instances), defects=(*image.labeled.defects, *defects))
    return replace(image, labeled=labeled)
