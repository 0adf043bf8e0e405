"""What a data set may not hold. A rule is a function from a survey to its violations, and a line in `RULES`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from yolozu.data.checking import empty_rules, mesh_rules, name_rules, pose_rules
from yolozu.data.checking.box_units import box_units, units_of
from yolozu.data.checking.label_units import spellings_of
from yolozu.data.checking.violations import Violation
from yolozu.data.labels import Instance
from yolozu.data.survey import INDEX_FORMATS, Survey, SurveyedImage

OUTSIDE_TOLERANCE = 1e-4
"""How far a box may reach out of its image, as a fraction of the side: labels are rounded to four or more decimals,
COCO's to hundredths of a px."""

LOW_BYTE = 64
"""Cameras of 10, 12 and 14 bits whose values are stored in 16 bits as they are stay below this upper byte."""

SAME_BOX_TOLERANCE = 1e-6
"""Boxes of one class that differ by less, as fractions of the image, are the same label twice."""


@dataclass(frozen=True)
class Rule:
    """A rule with its code and how to mend what breaks it; a ``warning`` stops no run, as nothing false is learned.

    A ``loud`` warning is spelled out before a training, not only counted.
    """

    code: str
    find: Callable[[Survey], Iterator[Violation]]
    fix: str
    severity: Literal["error", "warning"] = "error"
    loud: bool = False


def unreadable_image(survey: Survey) -> Iterator[Violation]:
    """Image files that are missing, cut short, damaged or of no known kind."""
    for split, image in survey.images():
        if image.facts.problem is not None:
            problem = f"image cannot be read: {image.facts.problem}"
            yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True, fix=image.facts.fix)


def sixteen_bit_low_range(survey: Survey) -> Iterator[Violation]:
    """Splits whose 16-bit images all stay in the lowest part of their range: fewer bits, or dark pictures."""
    for split in survey.splits:
        deep = [byte for image in split.images if (byte := image.facts.highest_byte) is not None]
        if deep and max(deep) < LOW_BYTE:
            highest = (1 << 8 + max(deep).bit_length()) - 1
            problem = (
                f"{len(deep)} of {len(split.images)} images have 16 bits, and no value in them is above {highest}: "
                f"the network sees {max(deep) + 1} of 256 grey levels"
            )
            yield Violation(split.name, None, str(survey.layout.splits[split.name].images_dir), problem)


def image_size(survey: Survey) -> Iterator[Violation]:
    """Images of another size than their labels were made for."""
    for split, image in survey.images():
        stated, facts = image.labeled.declared_size, image.facts
        if stated is not None and facts.problem is None and stated != (facts.width, facts.height):
            problem = f"is {facts.width}×{facts.height} px, its labels say {stated[0]}×{stated[1]}"
            yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True)


def same_stem(survey: Survey) -> Iterator[Violation]:
    """Images that differ only in their ending, and so would share one label file."""
    for split in survey.splits:
        owners: dict[str, SurveyedImage] = {}
        for image in split.images:
            if survey.layout.splits[split.name].label_format not in {"yolo", "ultralytics"}:
                continue
            stem = str(image.labeled.path.with_suffix(""))
            first = owners.setdefault(stem, image)
            if first is not image:
                problem = f"would share its label file with {first.labeled.path.name}"
                yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True)


def defects_called(name: str) -> Callable[[Survey], Iterator[Violation]]:
    """The rule that passes on what a reader could not make an instance of."""

    def find(survey: Survey) -> Iterator[Violation]:
        for split in survey.splits:
            is_coco = survey.layout.split(split.name).label_format == "coco"
            fix = COCO_LINE if is_coco and name == "malformed_label" else None
            for image in split.images:
                for defect in image.labeled.defects:
                    if defect.rule == name:
                        yield Violation(split.name, image, defect.where, defect.problem, fix=fix)
            for defect in split.stray:
                if defect.rule == name:
                    yield Violation(split.name, None, defect.where, defect.problem, fix=fix)

    return find


def unusable_annotations(survey: Survey) -> Iterator[Violation]:
    """COCO files that have annotations, none of which says what is where on a listed image."""
    for split in survey.splits:
        source = survey.layout.split(split.name)
        if source.label_format == "coco" and not any(image.labeled.instances for image in split.images):
            count = len(split.stray) + sum(len(image.labeled.defects) for image in split.images)
            problem = f"none of its {count} annotations can be used, so that every image would count as empty"
            if count:
                yield Violation(split.name, None, str(source.labels), problem)


def class_out_of_range(survey: Survey) -> Iterator[Violation]:
    """Classes that the class table does not hold."""
    yield from defects_called("class_out_of_range")(survey)
    count = len(survey.classes)
    for split, image, instance in survey.instances():
        if not 0 <= instance.class_index < count:
            problem = f"class {instance.class_index} is outside 0 to {count - 1}"
            yield Violation(split.name, image, instance.where, problem, instance)


def degenerate_box(survey: Survey) -> Iterator[Violation]:
    """Boxes without width or height."""
    for split, image, instance in survey.instances():
        width, height = instance.box_cxcywh[2:]
        if width <= 0 or height <= 0:
            yield Violation(split.name, image, instance.where, f"box has size {width:g}×{height:g}", instance)


def box_outside_image(survey: Survey) -> Iterator[Violation]:
    """Boxes that reach out of the image by more than rounding explains."""
    yield from defects_called("box_outside_image")(survey)
    for split in survey.splits:
        if units_of(survey, split) is not None:
            continue  # clipping would mend nothing
        outside = [
            (image, instance, reach)
            for image in split.images
            for instance in image.labeled.instances
            if (reach := _reach(instance)) > OUTSIDE_TOLERANCE
        ]
        is_file = survey.layout.splits[split.name].label_format in INDEX_FORMATS
        spellings = spellings_of(split.images) if outside and is_file else {}
        for image, instance, reach in outside:
            spelling = spellings.get(id(image))
            told, fix = ("", None) if spelling is None else (f": it seems to be in {spelling.name}", spelling.fix)
            problem = f"box reaches out of the image by {reach:.2g} of its side{told}"
            yield Violation(split.name, image, instance.where, problem, instance, fix=fix)


def _reach(instance: Instance) -> float:
    """How far a box reaches out of its image, as a fraction of its side; below 0 where it lies inside."""
    cx, cy, width, height = instance.box_cxcywh
    return max(width / 2 - cx, height / 2 - cy, cx + width / 2 - 1, cy + height / 2 - 1)


def duplicate_instance(survey: Survey) -> Iterator[Violation]:
    """The same object labeled twice."""
    for split, image in survey.images():
        seen: dict[tuple[float, ...], Instance] = {}
        for instance in image.labeled.instances:
            grid = (_on_grid(value) for value in instance.box_cxcywh)
            key = (instance.class_index, int(instance.is_crowd), *grid)
            first = seen.setdefault(key, instance)
            if first is not instance:
                yield Violation(split.name, image, instance.where, f"repeats {first.where}", instance)


def _on_grid(value: float) -> float:
    steps = value / SAME_BOX_TOLERANCE
    return round(steps) if math.isfinite(steps) else value


def leakage(survey: Survey) -> Iterator[Violation]:
    """Images of one split that another, later one holds too: held-out numbers would be of no worth.

    A split under two names leaks nothing that its user would not know.
    """
    for number, split in reversed(list(enumerate(survey.splits))):
        later = [other for other in survey.splits[number + 1 :] if other.image_names != split.image_names]
        held = {image.sha256: (other, image) for other in reversed(later) for image in other.images}
        for image in split.images:
            if image.sha256 is not None and image.sha256 in held:
                other, twin = held[image.sha256]
                same = twin.labeled.image == image.labeled.image
                problem = f"is in split {other.name!r} too" if same else f"has the same content as {twin.labeled.path}"
                yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True)


LABEL_LINE = "write 'class cx cy w h', or a polygon, in fractions of the image"
COCO_LINE = "write image_id, category_id and bbox: [x, y, width, height] in px"
POSE_LINE = "write what docs/how-to/use-pose-data.md says, or leave the pose out"
ROTATION_LINE = "write an orthonormal R with determinant +1, model to camera"
FRONT_LINE = "write t from the camera to the model's origin; z points forward"
CAMERA_LINE = "write fx, fy, cx and cy in px of this very image"
BOX_LINE = "write R, t, K, box and model of one and the same object, in metres and px of this image"
MASK_LINE = "write a picture of the image's size in which this object has its own grey level"
OFFSET_LINE = "write the px from the box's center to the projected origin, or leave the offset out"
DEPTH_LINE = (
    "of 16 bits the upper 8 are read: multiply the values so that they fill 16 (of a 12-bit camera by 16), or leave "
    "them if the pictures really are that dark"
)
MODEL_UNIT_LINE = "write models_info.json and the meshes in one unit; recalls are relative to the stated diameter"
MODEL_SIZE_LINE = "make models_info.json anew for this mesh; recalls are relative to the stated diameter"
MODEL_LINE = "give its points: cad_points in a sidecar, or a mesh among the models"

LABELS_LINE = "label its objects, or name another split"

RULES: dict[str, Rule] = {
    "no_objects_to_train": Rule("YZ282", empty_rules.no_objects_to_train, LABELS_LINE),
    "no_objects_to_validate": Rule(
        "YZ283", empty_rules.no_objects_to_validate, LABELS_LINE, severity="warning", loud=True
    ),
    "name_no_text": Rule("YZ284", name_rules.name_no_text, "rename the file and its labels"),
    "control_character": Rule(
        "YZ285", name_rules.control_character, "rename the file and its labels", severity="warning"
    ),
    "unreadable_image": Rule("YZ220", unreadable_image, "copy the file again, or remove it with its labels"),
    "sixteen_bit_low_range": Rule("YZ288", sixteen_bit_low_range, DEPTH_LINE, severity="warning"),
    "image_size": Rule("YZ221", image_size, "use the images the labels were made for"),
    "same_stem": Rule("YZ222", same_stem, "rename or remove one of the two"),
    "malformed_label": Rule("YZ223", defects_called("malformed_label"), LABEL_LINE),
    "non_integer_class": Rule("YZ224", defects_called("non_integer_class"), "write the class's index: 0, 1, 2, …"),
    "class_out_of_range": Rule("YZ225", class_out_of_range, "correct the label, or name the class"),
    "degenerate_box": Rule("YZ226", degenerate_box, "draw the box anew, or remove it"),
    "box_units": Rule("YZ290", box_units, "write [x, y, width, height] in px"),
    "box_outside_image": Rule("YZ227", box_outside_image, "clip the box to the image"),
    "duplicate_instance": Rule("YZ228", duplicate_instance, "remove one of the two"),
    "label_without_image": Rule(
        "YZ229", defects_called("label_without_image"), "add the image, or remove the label", severity="warning"
    ),
    "polygon_or_keypoints": Rule(
        "YZ286",
        defects_called("polygon_or_keypoints"),
        "say kpt_shape in data.yaml if keypoints are meant; polygons may stay as they are",
        severity="warning",
    ),
    "unusable_annotations": Rule("YZ289", unusable_annotations, "mend the file, or name another one"),
    "leakage": Rule("YZ230", leakage, "remove the image from one of the splits"),
    "malformed_pose": Rule("YZ231", defects_called("malformed_pose"), POSE_LINE),
    "improper_rotation": Rule("YZ232", pose_rules.improper_rotation, ROTATION_LINE),
    "behind_camera": Rule("YZ233", pose_rules.behind_camera, FRONT_LINE),
    "improper_camera": Rule("YZ234", pose_rules.improper_camera, CAMERA_LINE),
    "pose_off_box": Rule("YZ235", pose_rules.pose_off_box, BOX_LINE),
    "bad_mask": Rule("YZ236", pose_rules.bad_mask, MASK_LINE),
    "offset_mismatch": Rule("YZ237", pose_rules.offset_mismatch, OFFSET_LINE),
    "posed_without_model": Rule("YZ238", pose_rules.posed_without_model, MODEL_LINE, severity="warning"),
    "model_unit": Rule("YZ247", mesh_rules.model_unit, MODEL_UNIT_LINE),
    "symmetry_axes": Rule("YZ249", mesh_rules.symmetry_axes, "state one axis, or axes that meet in a point (a ball)"),
    "model_size": Rule("YZ248", mesh_rules.model_size, MODEL_SIZE_LINE, severity="warning"),
    "implausible_size": Rule("YZ239", pose_rules.implausible_size, "write t and models in metres", severity="warning"),
}
"""Rule by name, in the order findings are listed."""
