from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.artifacts.predictions.samples import POSE, detection, entry, wrapped, write
from tests.artifacts.predictions.test_stream import values
from yolozu.artifacts.predictions import KnownImages, check_predictions
from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.convert import CocoNumbers, convert_predictions
from yolozu.artifacts.predictions.convert.coco_ids import categories_by_name
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

CAMERA = {"fx": 500, "fy": 500.5, "cx": 320, "cy": 240}
KNOWN = KnownImages(("val/7.jpg", "val/9.jpg", "val/x.jpg"), ((640, 480), (100, 200), (10, 10)), frozenset((3, 7)))


def row(**changes):
    base = {"image_id": 7, "category_id": 3, "bbox": [10, 20.5, 30, 40.25], "score": 0.5}
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


def convert(tmp_path, value, to, **options):
    """What is written, and the warnings."""
    output = tmp_path / "out.json"
    done = convert_predictions(write(tmp_path, value), output, to, **options)
    return json.loads(output.read_text()), [finding.render().splitlines()[0] for finding in done.warnings]


def refused(tmp_path, value, to, **options) -> list[str]:
    """The first lines of the findings; nothing is written."""
    output = tmp_path / "out.json"
    output.write_text("before")
    path = write(tmp_path, value)
    with pytest.raises(InputError) as caught:
        convert_predictions(path, output, to, **options)
    assert output.read_text() == "before"
    assert sorted(tmp_path.iterdir()) == [output, path]
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()[::2]]


def test_the_three_layouts_of_the_same_predictions(tmp_path):
    value = wrapped(entry("a.jpg", detection(**POSE)), entry("b.jpg", detections=[]))
    entries = value["predictions"]
    written, said = convert(tmp_path, value, "wrapped")
    assert (written, said) == ({**value, "meta": {"bbox_format": "cxcywh_norm"}}, [])
    assert convert(tmp_path, value, "list") == (entries, [])
    by_image = {"a.jpg": entries[0]["detections"], "b.jpg": []}
    assert convert(tmp_path, value, "map") == (
        by_image,
        ["entries: warning: YZ723 map has no place for image_size (2 times); left out"],
    )
    bare = [{"image": image, "detections": found} for image, found in by_image.items()]
    assert convert(tmp_path, by_image, "list") == (bare, [])
    assert convert(tmp_path, entries, "wrapped")[0] == {
        "schema_version": 1, "predictions": entries, "meta": {"bbox_format": "cxcywh_norm"}
    }  # fmt: skip


json_values = values.filter(lambda value: "inf" not in repr(value))
boxes = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
detections = st.builds(
    lambda box, score, pose, note: {
        "bbox": dict(zip(("w", "cx", "h", "cy"), box, strict=True)), "score": score, "class_id": 3, **pose, **note
    },
    boxes, st.floats(0, 1) | st.sampled_from([0, 1]), st.sampled_from([{}, POSE]),
    st.dictionaries(st.sampled_from(["note", "track id", "ü", "\ud800"]), json_values, max_size=2),
)  # fmt: skip
entries_of = st.lists(st.lists(detections, max_size=3), max_size=3).map(
    lambda images: [entry(f"{i}.jpg", detections=found, intrinsics=CAMERA) for i, found in enumerate(images)]
)
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@pytest.mark.slow
@quick
@given(entries_of, json_values, st.booleans())
def test_nothing_is_lost_between_wrapped_and_list(tmp_path, entries, note, late):
    order = ("schema_version", "predictions", "meta") if late else ("schema_version", "meta", "predictions")
    value = {"schema_version": 1, "meta": {"note": note}, "predictions": entries}
    again, _ = convert(tmp_path, {key: value[key] for key in order}, "wrapped")
    assert again == {**value, "meta": {"note": note, "bbox_format": "cxcywh_norm"}}
    bare, _ = convert(tmp_path, again, "list")
    assert bare == entries
    back, _ = convert(tmp_path, bare, "wrapped")
    assert back["predictions"] == entries
    by_image, _ = convert(tmp_path, bare, "map")
    assert by_image == {image["image"]: image["detections"] for image in entries}


@pytest.mark.slow
@pytest.mark.parametrize("through", ["cxcywh_abs", "xywh_abs", "xyxy_abs"])
@quick
@given(found=st.lists(detections, max_size=4))
def test_box_formats_keep_all_but_the_last_digits(tmp_path, through, found):
    value = [entry("a.jpg", detections=found)]
    there, _ = convert(tmp_path, value, "wrapped", to_bbox_format=through)
    back, _ = convert(tmp_path, there, "list")
    for before, after in zip(found, back[0]["detections"], strict=True):
        assert {**before, "bbox": 0} == {**after, "bbox": 0}
        assert after["bbox"] == pytest.approx(before["bbox"], rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("given_format", BOX_KEYS)
@pytest.mark.parametrize("wanted", BOX_KEYS)
def test_declared_formats_are_kept_and_others_written(tmp_path, given_format, wanted):
    numbers = {
        "cxcywh_norm": (0.25, 0.5, 0.125, 0.25), "cxcywh_abs": (160, 240, 80, 120), "xywh_abs": (120, 180, 80, 120),
        "xyxy_abs": (120, 180, 200, 300),
    }  # fmt: skip
    box, expected = (dict(zip(BOX_KEYS[name], numbers[name], strict=True)) for name in (given_format, wanted))
    value = wrapped(entry("a.jpg", detection(bbox={**box, "angle": 3})), meta={"bbox_format": given_format})
    kept, _ = convert(tmp_path, value, "wrapped")
    assert kept == value
    written, _ = convert(tmp_path, value, "wrapped", to_bbox_format=wanted)
    assert written["meta"] == {"bbox_format": wanted}
    assert written["predictions"][0]["detections"][0]["bbox"] == {**expected, "angle": 3}
    normalized, _ = convert(tmp_path, value, "list")
    assert normalized[0]["detections"][0]["bbox"]["cx"] == 0.25


def test_boxes_in_pixels_need_sizes_from_somewhere(tmp_path):
    value = {"val/7.jpg": [detection()], "val/9.jpg": [], "other.jpg": [detection()]}
    assert refused(tmp_path, value, "list", to_bbox_format="xywh_abs") == [
        "[\"val/7.jpg\"]: YZ717 boxes in px are wanted, but the size of 'val/7.jpg' is not known",
        "[\"other.jpg\"]: YZ717 boxes in px are wanted, but the size of 'other.jpg' is not known",
    ]
    del value["other.jpg"]
    written, _ = convert(tmp_path, value, "list", to_bbox_format="xywh_abs", known=KNOWN)
    assert written[0]["image_size"] == {"width": 640, "height": 480}
    assert written[0]["detections"][0]["bbox"] == {"x": 256, "y": 168, "w": 128, "h": 48}


def test_images_are_called_as_the_data_set_calls_them(tmp_path):
    written, said = convert(tmp_path, [entry("7.jpg", image_size={"width": 1, "height": 1})], "list", known=KNOWN)
    assert [written[0]["image"], written[0]["image_size"]] == ["val/7.jpg", {"width": 640, "height": 480}]
    assert said == ["[0].image_size: warning: YZ717 1 x 1 px, but the data set's image has 640 x 480 (after EXIF "
                    "orientation)"]  # fmt: skip


def test_a_file_with_errors_is_not_converted(tmp_path):
    value = wrapped(entry("a.jpg", detection(score=2), detection(class_id=True)))
    assert refused(tmp_path, value, "map") == [
        "predictions[0].detections[0].score: YZ709 2 is outside [0, 1]",
        "predictions[0].detections[1].class_id: YZ707 the boolean true, not an integer",
    ]
    assert refused(tmp_path, '[{"image": "a", "detections": []}, ', "wrapped")[0].startswith("line 1 column 36")


def test_an_image_cannot_have_the_name_of_a_key(tmp_path):
    assert refused(tmp_path, [entry("meta")], "map") == [
        "[0]: YZ726 an image called 'meta' would make the map a wrapped file"
    ]


def test_a_file_can_take_its_own_place(tmp_path):
    path = write(tmp_path, [entry("a.jpg")])
    convert_predictions(path, path, "wrapped")
    assert json.loads(path.read_text())["predictions"] == [entry("a.jpg")]


def test_coco_results_have_four_keys_and_the_rest_is_said(tmp_path):
    found = [detection(class_id=7, **POSE), detection(score=1, bbox={"cx": 0.5, "cy": 0.5, "w": 1, "h": 1, "a": 0})]
    value = wrapped(entry("val/7.jpg", *found, intrinsics=CAMERA), entry("9.jpg", detections=[]), meta={"by": "us"})
    assert convert(tmp_path, value, "coco") == (
        [
            {"image_id": 7, "category_id": 7, "bbox": [256, 168, 128, 48], "score": 0.5},
            {"image_id": 7, "category_id": 3, "bbox": [0, 0, 640, 480], "score": 1},
        ],
        [
            "entries: warning: YZ723 coco has no place for intrinsics, an image without detections; left out",
            "detections: warning: YZ723 coco has no place for R, t_xyz, log_z, rot6d, offsets, k_delta, sigma_z, "
            "sigma_rot, bbox.a; left out",
            "file: warning: YZ723 coco has no place for meta.by; left out",
        ],
    )


def test_pycocotools_reads_what_is_written(tmp_path):
    from pycocotools.coco import COCO

    annotations = {
        "images": [{"id": 7, "width": 640, "height": 480}], "annotations": [], "categories": [{"id": 3, "name": "cat"}]
    }  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(annotations))
    output = tmp_path / "results.json"
    convert_predictions(write(tmp_path, [entry("val/000007.jpg", detection(), detection())]), output, "coco")
    truth = COCO(str(tmp_path / "truth.json"))
    results = truth.loadRes(str(output))
    assert [found["bbox"] for found in results.loadAnns(results.getAnnIds(imgIds=[7]))] == [[256, 168, 128, 48]] * 2


def test_images_and_classes_without_a_number_are_named(tmp_path):
    value = [entry("val/x.jpg"), entry("a/7.jpg"), entry("b/007.png"), entry("12345678901234567890.jpg")]
    assert refused(tmp_path, value, "coco") == [
        "[0]: YZ724 the names of the images give 'val/x.jpg' no image id",
        "[2]: YZ724 'b/007.png' has the same image id as 'a/7.jpg': 7",
        "[3]: YZ724 the names of the images give '12345678901234567890.jpg' no image id",
    ]
    numbers = CocoNumbers({"a.jpg": 1}, {7: 70}, "instances.json")
    assert refused(tmp_path, [entry("a.jpg"), entry("b.jpg", detection(class_id=7))], "coco", numbers=numbers) == [
        "[0]: YZ725 instances.json give class 3 no category id",
        "[1]: YZ724 instances.json give 'b.jpg' no image id",
    ]
    written, _ = convert(tmp_path, [entry("a.jpg", detection(class_id=7))], "coco", numbers=numbers)
    assert [(found["image_id"], found["category_id"]) for found in written] == [(1, 70)]


def test_rows_of_coco_results_become_entries_by_image(tmp_path):
    rows = [row(), row(image_id=9, bbox=[0, 0, 100, 200]), row(category_id=7, segmentation=[1], class_id=5, **POSE)]
    written, said = convert(tmp_path, rows, "wrapped", known=KNOWN)
    box = {"x": 10, "y": 20.5, "w": 30, "h": 40.25}
    assert written == {
        "schema_version": 1,
        "predictions": [
            {
                "image": "val/7.jpg",
                "image_size": {"width": 640, "height": 480},
                "detections": [
                    {"class_id": 3, "score": 0.5, "bbox": box},
                    {"class_id": 7, "score": 0.5, "bbox": box, "segmentation": [1], **POSE},
                ],
            },
            {
                "image": "val/9.jpg",
                "image_size": {"width": 100, "height": 200},
                "detections": [{"class_id": 3, "score": 0.5, "bbox": {"x": 0, "y": 0, "w": 100, "h": 200}}],
            },
        ],
        "meta": {"bbox_format": "xywh_abs"},
    }
    assert said == ["detections: warning: YZ723 wrapped has no place for class_id; left out"]
    by_image, _ = convert(tmp_path, rows[:2], "map", known=KNOWN)
    assert by_image["val/9.jpg"][0]["bbox"] == {"cx": 0.5, "cy": 0.5, "w": 1, "h": 1}


sides = st.integers(1, 100) | st.floats(0.01, 100)
rows_of = st.lists(
    st.builds(
        lambda image, category, left, top, w, h, score: row(
            image_id=image, category_id=category, bbox=[left, top, w, h], score=score
        ),
        st.sampled_from([7, 9]), st.sampled_from([3, 7]), st.floats(0, 90), st.floats(0, 90), sides, sides,
        st.floats(0, 1),
    )
)  # fmt: skip


@pytest.mark.slow
@quick
@given(rows_of)
def test_coco_results_come_back_to_the_last_digit_grouped_by_image(tmp_path, rows):
    numbers = CocoNumbers(None, {3: 30, 7: 70})
    there, _ = convert(tmp_path, [{**one, "category_id": one["category_id"] * 10} for one in rows], "wrapped",
                       known=KNOWN, numbers=numbers) if rows else (wrapped(predictions=[]), [])  # fmt: skip
    assert check_predictions(write(tmp_path, there), known=KNOWN).passed
    back, _ = convert(tmp_path, there, "coco", known=KNOWN, numbers=numbers)
    first = {one["image_id"]: place for place, one in reversed(list(enumerate(rows)))}
    expected = sorted(rows, key=lambda one: first[one["image_id"]])
    assert back == [{**one, "category_id": one["category_id"] * 10} for one in expected]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (7, ["YZ702 the number 7 where a detection should be"]),
        (row(score=...), [".score: YZ703 missing"]),
        (row(image_id=8), [".image_id: YZ724 the names of the images give no image the id 8"]),
        (row(image_id=True), [".image_id: YZ707 the boolean true, not an image's id"]),
        (row(category_id=4), [".category_id: YZ725 no class of the data set has the category id 4"]),
        (row(category_id=1.5), [".category_id: YZ707 the number 1.5, not an integer"]),
        (row(score=7.5), [".score: YZ709 7.5 is outside [0, 1]"]),
        (row(score=math.nan, bbox=[0, 0, 1]), [".bbox: YZ710 3 items, not 4", ".score: YZ708 nan is not finite"]),
        (row(bbox=[0, "1", 2, 3]), [".bbox[1]: YZ707 the text '1', not a number"]),
        (row(bbox=[0, 0, -1, 3]), [".bbox: YZ709 negative size -1 x 3"]),
        (row(bbox=[0, 0, 9000, 3]), [".bbox: YZ709 center 4500, 1.5, size 9000 x 3 is no box in the image"]),
        (row(R=[[1, 0, 0], [0, 1, 0], [0, 0, 2]]), [".R: YZ711 no rotation: R Rᵀ differs from the identity by 3"]),
        (row(note={"a b": [math.inf]}), ['.note["a b"][0]: YZ708 inf is not finite']),
    ],
)
def test_everything_wrong_with_a_row_is_named(tmp_path, bad, expected):
    assert refused(tmp_path, [row(), bad], "wrapped", known=KNOWN) == [
        f"[1]{'' if line.startswith('.') else ': '}{line}" for line in expected
    ]


def test_broken_results_are_refused_at_their_place(tmp_path):
    text = json.dumps([row(), row()])
    (line,) = refused(tmp_path, text[:-1], "list", known=KNOWN)
    assert line.startswith(f"line 1 column {len(text)}, after 2 rows: YZ701 no JSON from here on: expected ','")
    assert refused(tmp_path, text.replace('"score"', '"score": 1, "score"', 1), "list", known=KNOWN) == [
        "[0].score: YZ706 the key stands twice in one object"
    ]


def test_results_need_to_know_what_their_numbers_mean(tmp_path):
    assert refused(tmp_path, [row()], "wrapped")[0].startswith("YZ728 COCO results call images and classes by numbers")
    twice = KnownImages(("a/7.jpg", "b/7.jpg"), ((640, 480),) * 2, frozenset((3,)))
    assert refused(tmp_path, [row()], "wrapped", known=twice) == [
        "[0].image_id: YZ724 7 may mean several images: a/7.jpg, b/7.jpg"
    ]


def test_names_that_are_no_numbers_are_ids_of_their_own_when_read(tmp_path):
    written, _ = convert(tmp_path, [row(image_id="x", bbox=[0, 0, 10, 10])], "list", known=KNOWN)
    assert written[0]["image"] == "val/x.jpg"


def test_categories_are_found_by_name():
    classes, coco = ClassTable(("cat", "dog", "yeti"), (0, 1, 2)), ClassTable(("dog", "cat", "cow"), (18, 17, 21))
    assert categories_by_name(classes, coco, "instances.json") == {0: 17, 1: 18}
    with pytest.raises(InputError, match=r"instances.json: YZ725 none of its 1 categories has the name of a class"):
        categories_by_name(classes, ClassTable(("cow",), (21,)), "instances.json")


def test_many_rows_anywhere_in_the_file(tmp_path):
    places = np.random.default_rng(0).integers(0, 2, 5000)
    rows = [row(image_id=(7, 9)[place], score=index / 5000) for index, place in enumerate(places.tolist())]
    written, _ = convert(tmp_path, rows, "list", known=KNOWN)
    for image, number in zip(written, dict.fromkeys(places.tolist()), strict=True):
        assert [found["score"] * 5000 for found in image["detections"]] == pytest.approx(
            np.flatnonzero(places == number).tolist()
        )
