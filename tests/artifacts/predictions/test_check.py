from __future__ import annotations

import gc
import json
import math
from dataclasses import replace

import pytest

from tests.artifacts.predictions.samples import POSE, detection, entry, wrapped, write
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.artifacts.predictions import KnownImages, check_predictions
from yolozu.artifacts.predictions.check import check_report, read_check_report
from yolozu.errors import InputError

IMAGES = ("images/val/1.jpg", "images/val/2.jpg", "images/val/b/2.jpg")
KNOWN = KnownImages(IMAGES, ((640, 480),) * 3, frozenset((3, 7)))


def check(tmp_path, value, **options):
    return check_predictions(write(tmp_path, value), **options)


def lines(result) -> list[str]:
    return [finding.render().splitlines()[0] for finding in result.findings]


@pytest.mark.parametrize(
    ("value", "layout", "images"),
    [
        (wrapped(), "wrapped", 1),
        (wrapped(entry("a.jpg"), entry("b.jpg", detection(**POSE))), "wrapped", 2),
        (wrapped(predictions=[]), "wrapped", 0),
        ([entry("a.jpg"), entry("b.jpg", image_size=...)], "list", 2),
        ([entry("a.jpg", detections=[])], "list", 1),
        ({"a.jpg": [detection()], "b.jpg": []}, "map", 2),
        ({"predictions": [entry()], "schema_version": 1}, "wrapped", 1),
        ([], None, 0),
        ({}, None, 0),
    ],
)
def test_all_layouts_are_read(tmp_path, value, layout, images):
    result = check(tmp_path, value)
    assert lines(result) == []
    assert (result.passed, result.layout, result.images) == (True, layout, images)


def test_a_wrapped_file_without_a_version_gets_one_warning(tmp_path):
    result = check(tmp_path, wrapped(entry("a.jpg"), entry("b.jpg"), schema_version=...))
    assert [finding.render() for finding in result.findings] == [
        "schema_version: warning: YZ704 missing; read as version 1\n  fix: write schema_version: 1"
    ]
    assert result.passed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", ["$: YZ702 the number 3 where a list of images' predictions should be"]),
        ("null", ["$: YZ702 null where a list of images' predictions should be"]),
        ('"text"', ["$: YZ702 the text 'text' where a list of images' predictions should be"]),
        (wrapped(predictions={}), ["predictions: YZ702 an object where a list of images' predictions should be"]),
        (wrapped(predictions=...), ["predictions: YZ703 missing"]),
        (wrapped(schema_version=2), ["schema_version: YZ704 the number 2 is no version this program reads"]),
        (wrapped(schema_version=True), ["schema_version: YZ704 the boolean true is no version this program reads"]),
        (wrapped(meta=[]), ["meta: YZ707 a list, not an object"]),
        (wrapped(metadata={}), ["metadata: warning: YZ705 unknown key"]),
        (
            '{"schema_version": 1, "schema_version": 1, "predictions": []}',
            ["schema_version: YZ706 the key stands twice"],
        ),
        ([7], ["[0]: YZ702 the number 7 where an image's predictions should be"]),
        ([entry(image=...)], ["[0].image: YZ703 missing"]),
        ([entry(image=5)], ["[0].image: YZ707 the number 5, not an image's path"]),
        ([entry(image="")], ["[0].image: YZ709 '' cannot be a path"]),
        ('[{"image": "\\ud800", "detections": []}]', ["[0].image: YZ709 '\\ud800' cannot be a path"]),
        ([entry(detections=...)], ["[0].detections: YZ703 missing"]),
        ([entry(detections={})], ["[0].detections: YZ707 an object, not a list"]),
        ([entry(detection=[])], ["[0].detection: warning: YZ705 unknown key (said once, at its first place)"]),
        ([entry(image_size=[1, 2])], ["[0].image_size: YZ707 a list, not an object"]),
        (
            [entry(image_size={"width": 0})],
            ["[0].image_size.width: YZ709 0 is outside 1 … 2147483647", "[0].image_size.height: YZ703 missing"],
        ),
        (
            [entry(image_size={"width": 6.5, "height": 4})],
            ["[0].image_size.width: YZ707 the number 6.5, not an integer"],
        ),
        ([entry(intrinsics=3)], ["[0].intrinsics: YZ710 the number 3 with 0 of a camera's numbers"]),
        (
            [entry(intrinsics={"fx": 1, "fy": 1, "cx": 1})],
            ["[0].intrinsics: YZ710 an object with 3 of a camera's numbers"],
        ),
        (
            [entry(intrinsics=[[1, 0, 0], [0, "1", 0], [0, 0, 1]])],
            ["[0].intrinsics[1][1]: YZ707 the text '1', not a number"],
        ),
        (
            [entry(intrinsics=[[500, 0, 0], [0, -500, 0], [0, 0, 1]])],
            ["[0].intrinsics[1][1]: YZ709 -500 is no focal length"],
        ),
        (
            [entry(intrinsics={"fx": 0, "fy": 1, "cx": 1, "cy": -1})],
            ["[0].intrinsics.fx: YZ709 0 is no focal length"],
        ),
        ([entry("a.jpg"), entry("a.jpg")], ["[1].image: YZ713 'a.jpg' was already at [0].image"]),
        ('{"a.jpg": [], "a.jpg": []}', ['["a.jpg"]: YZ713 \'a.jpg\' was already at ["a.jpg"]']),
        ({"a.jpg": 7}, ['["a.jpg"]: YZ707 the number 7, not a list']),
        ({"a.jpg": [detection(score=2)]}, ['["a.jpg"][0].score: YZ709 2 is outside [0, 1]']),
        ([entry("a.jpg", detection(), detection(score=-1))], ["[0].detections[1].score: YZ709 -1 is outside [0, 1]"]),
        ([entry("a.jpg", detection(), 5)], ["[0].detections[1]: YZ702 the number 5 where a detection should be"]),
    ],
)
def test_everything_wrong_is_named_with_its_place(tmp_path, value, expected):
    assert lines(check(tmp_path, value)) == expected


@pytest.mark.parametrize(
    "camera",
    [
        {"fx": 500.0, "fy": 500, "cx": 320, "cy": 240},
        [[500, 0, 320], [0, 500, 240], [0, 0, 1]],
        [500, 0, 320, 0, 500, 240, 0, 0, 1],
        {"camera_matrix": {"rows": 3, "cols": 3, "data": [500, 0, 320, 0, 500, 240, 0, 0, 1]}},
    ],
)
def test_every_spelling_of_a_camera_is_read(tmp_path, camera):
    assert lines(check(tmp_path, [entry(intrinsics=camera)])) == []


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (b"", "line 1 column 1", "expecting value"),
        (b"{", "line 1 column 2", "expected a key in double quotes"),
        (b'{"schema_version": 1, "predictions": [', "line 1 column 39", "expecting value"),
        (b'[{"image": "a", "detections": []},\n {"image": ', "line 2 column 12, after 1 entries", "expecting value"),
        (
            b'[{"image": "a", "detections": []}, \xff]',
            "byte 35, after 1 entries",
            "not UTF-8 text (invalid start byte)",
        ),
        (b"\xff\xfe[\x00]\x00", "byte 0", "not UTF-8 text (invalid start byte)"),
        (b"[" * 100_000, "line 1 column 2", "nested too deeply"),
        (b'[{"image": "a", "detections": ' + b"[" * 100_000, "line 1 column 2", "nested too deeply"),
        (b'{"a":' * 100_000, "line 1 column 6", "nested too deeply"),
        (b"[] []", "line 1 column 4", "text after the end of the JSON value"),
    ],
)
def test_files_that_are_no_json_give_a_finding_at_the_place(tmp_path, content, where, problem):
    (finding,) = check(tmp_path, content).findings
    assert (finding.code, finding.where) == ("YZ701", where)
    assert finding.problem == f"no JSON from here on: {problem}; nothing behind this place was checked"


def test_what_stands_before_the_end_of_a_cut_off_file_is_checked(tmp_path):
    text = json.dumps(wrapped(entry("a.jpg", detection(score=9)), entry("b.jpg")))
    end = text.index('"b.jpg"')
    assert lines(check(tmp_path, text[:end])) == [
        "predictions[0].detections[0].score: YZ709 9 is outside [0, 1]",
        (
            f"line 1 column {end + 1}, after 1 entries: YZ701 no JSON from here on: expecting value; "
            "nothing behind this place was checked"
        ),
    ]


def test_numbers_beyond_json_and_beyond_floats_are_found(tmp_path):
    text = json.dumps(wrapped()).replace("0.5,", "NaN,", 1).replace('"class_id": 3', '"class_id": ' + "9" * 5000)
    text = text.replace('"cx": 0.5', '"cx": 1e999')
    assert lines(check(tmp_path, text)) == [
        "predictions[0].detections[0].class_id: YZ708 inf is not finite",
        "predictions[0].detections[0].score: YZ708 nan is not finite",
        "predictions[0].detections[0].bbox.cx: YZ708 inf is not finite",
    ]


def test_garbage_is_collected_again_after_a_file_was_read(tmp_path):
    check(tmp_path, wrapped())
    assert gc.isenabled()
    with pytest.raises(InputError):
        check_predictions(tmp_path / "none.json")
    assert gc.isenabled()


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="YZ701 cannot be read: No such file or directory"):
        check_predictions(tmp_path / "none.json")


def test_findings_come_in_the_order_of_the_file_whatever_finds_them(tmp_path):
    bad = entry("a.jpg", detection(score=2), detection(class_id=-1), image_size={"width": 1})
    assert lines(check(tmp_path, wrapped(bad, entry(image=...)))) == [
        "predictions[0].image_size.height: YZ703 missing",
        "predictions[0].detections[0].score: YZ709 2 is outside [0, 1]",
        "predictions[0].detections[1].class_id: YZ709 -1 is outside 0 … 2147483647",
        "predictions[1].image: YZ703 missing",
    ]


def test_every_finding_is_counted_and_the_first_of_each_kind_kept(tmp_path):
    many = [detection(score=2) for _ in range(30)] + [detection(score=math.nan), detection(bbox=...)]
    result = check(tmp_path, [entry("a.jpg", *many)], keep_findings=2)
    assert result.errors == 32
    assert result.findings_by_code == {"YZ703": 1, "YZ708": 1, "YZ709": 30}
    assert [finding.where for finding in result.findings] == [
        "[0].detections[0].score",
        "[0].detections[1].score",
        "[0].detections[30].score",
        "[0].detections[31].bbox",
    ]


def test_strict_takes_warnings_for_errors(tmp_path):
    value = wrapped(entry("a.jpg", detection(bbox={"cx": 0.5, "cy": 0.5, "w": 0, "h": 0.1})))
    assert check(tmp_path, value).passed
    strict = check(tmp_path, value, strict=True)
    assert (strict.passed, strict.errors, strict.warnings) == (False, 1, 0)


def test_an_unknown_key_is_said_once_with_the_key_it_may_mean(tmp_path):
    result = check(tmp_path, [entry("a.jpg", *[detection(rot_6d=1)] * 3), entry("b.jpg", detection(rot_6d=1))])
    assert [finding.render() for finding in result.findings] == [
        (
            "[0].detections[0].rot_6d: warning: YZ705 unknown key (said once, at its first place)\n"
            "  fix: did you mean 'rot6d'?"
        )
    ]


def test_the_data_set_tells_unknown_images_classes_sizes_and_coverage(tmp_path):
    value = wrapped(
        entry("1.jpg", detection(class_id=1)),
        entry("images/val/1.jpg"),
        entry("2.jpg"),
        entry("images/train/1.jpg"),
        entry("images/val/2.jpg", image_size={"width": 480, "height": 640}),
    )
    result = check(tmp_path, value, known=KNOWN)
    assert [finding.render() for finding in result.findings] == [
        (
            "predictions: warning: YZ716 1 of 3 images have no entry, the first 'images/val/b/2.jpg'\n"
            "  fix: write an entry with an empty list for images where nothing was found"
        ),
        (
            "predictions[0].detections[0].class_id: YZ715 no class of the data set has the id 1\n"
            "  fix: use category ids, not network indices; the data set has 3, 7"
        ),
        (
            "predictions[1].image: YZ713 'images/val/1.jpg' was already at predictions[0].image\n"
            "  fix: write one entry per image, with all its detections"
        ),
        (
            "predictions[2].image: YZ714 '2.jpg' may mean 2 images: images/val/2.jpg, images/val/b/2.jpg\n"
            "  fix: name the image by its path relative to the data set's root"
        ),
        (
            "predictions[3].image: YZ714 the data set's split has no image 'images/train/1.jpg'\n"
            "  fix: did you mean 'images/val/1.jpg'? Otherwise check split and root"
        ),
        (
            "predictions[4].image_size: warning: YZ717 480 x 640 px, but the data set's image has 640 x 480 "
            "(after EXIF orientation)\n"
            "  fix: predict on the upright original image, and write its size"
        ),
    ]
    assert result.coverage is not None
    assert (result.coverage.covered_images, result.coverage.expected_images) == (2, 3)


def test_only_the_expected_images_need_predictions(tmp_path):
    known = KnownImages(IMAGES, ((640, 480),) * 3, frozenset((3, 7)), expected=1)
    assert lines(check(tmp_path, wrapped(entry("1.jpg")), known=known)) == []


class TestBoxFormat:
    XYXY = detection(bbox={"x1": 0, "y1": 0, "x2": 64, "y2": 48})

    def test_the_file_declares_it(self, tmp_path):
        result = check(tmp_path, wrapped(entry("a.jpg", self.XYXY), meta={"bbox_format": "xyxy_abs"}))
        assert (lines(result), result.bbox_format) == ([], "xyxy_abs")

    def test_the_file_may_declare_it_behind_the_entries(self, tmp_path):
        value = {"predictions": [entry("a.jpg", self.XYXY)], "meta": {"bbox_format": "xyxy_abs"}, "schema_version": 1}
        result = check(tmp_path, value)
        assert (lines(result), result.bbox_format, result.images) == ([], "xyxy_abs", 1)

    def test_it_may_be_asked_for(self, tmp_path):
        result = check(tmp_path, [entry("a.jpg", self.XYXY)], bbox_format="xyxy_abs")
        assert (lines(result), result.bbox_format) == ([], "xyxy_abs")

    def test_asking_for_another_than_declared_is_an_error(self, tmp_path):
        value = wrapped(meta={"bbox_format": "xyxy_abs"})
        assert lines(check(tmp_path, value, bbox_format="cxcywh_norm")) == [
            "meta.bbox_format: YZ718 xyxy_abs, but cxcywh_norm was asked for"
        ]

    @pytest.mark.parametrize("declared", ["xyxy", 5, ["xyxy_abs"]])
    def test_an_unknown_one_is_an_error(self, tmp_path, declared):
        (line,) = lines(check(tmp_path, wrapped(meta={"bbox_format": declared})))
        assert line.startswith("meta.bbox_format: YZ718 ")
        assert line.endswith("is no format of boxes")

    def test_pixels_need_a_size_from_the_file_or_the_data_set(self, tmp_path):
        value = [entry("1.jpg", self.XYXY, image_size=...)]
        assert lines(check(tmp_path, value, bbox_format="xyxy_abs")) == [
            "[0]: YZ717 boxes in px, but the image's size is not known"
        ]
        known = KnownImages(IMAGES[:1], ((640, 480),), frozenset((3,)))
        assert lines(check(tmp_path, value, bbox_format="xyxy_abs", known=known)) == []


def test_a_file_that_shows_late_that_it_is_wrapped_is_read_again(tmp_path):
    value = {"version": [], "predictions": [entry("a.jpg")], "schema_version": 1}
    result = check(tmp_path, value)
    assert (result.layout, result.images) == ("wrapped", 1)
    assert lines(result) == ["version: warning: YZ705 unknown key"]


def test_the_check_as_json_says_it_all(tmp_path):
    result = check(tmp_path, wrapped(entry("1.jpg", detection(score=2))), known=KNOWN)
    document = result.to_json()
    assert json.loads(json.dumps(document)) == document
    assert document == {
        "passed": False,
        "layout": "wrapped",
        "bbox_format": "cxcywh_norm",
        "counts": {"images": 1, "detections": 1, "errors": 1, "warnings": 1},
        "coverage": {"covered_images": 1, "expected_images": 3},
        "findings_by_code": {"YZ709": 1, "YZ716": 1},
        "findings": [
            {
                "code": "YZ716",
                "where": "predictions",
                "problem": "2 of 3 images have no entry, the first 'images/val/2.jpg'",
                "fix": "write an entry with an empty list for images where nothing was found",
                "severity": "warning",
            },
            {
                "code": "YZ709",
                "where": "predictions[0].detections[0].score",
                "problem": "2 is outside [0, 1]",
                "fix": "write score inside it",
                "severity": "error",
            },
        ],
    }


def test_a_report_says_what_was_checked(tmp_path):
    path = write(tmp_path, wrapped(entry("a.jpg", detection(note=1)), meta={"adapter": "x"}))
    known = KnownImages(("a.jpg", "b.jpg"), ((640, 480),) * 2, frozenset((3,)))
    for found in (check_predictions(path), check_predictions(path, known=known), check(tmp_path, "{")):
        write_text(tmp_path / "check.json", pretty(check_report(found)))
        assert read_check_report(tmp_path / "check.json") == replace(found, meta={})


def test_findings_stand_in_the_order_of_the_file(tmp_path):
    """Not in that of a set, which is another one in every process."""
    names = "qrpzabctsk"
    extra = ", ".join(f'"{name}": NaN' for name in names)
    (tmp_path / "predictions.json").write_text(
        f'[{{"image": "a.jpg", "image_size": {{"width": 8, "height": 8, {extra}}}, "detections": '
        f'[{{"class_id": 0, "score": 0.5, "bbox": {{"cx": 0.5, "cy": 0.5, "w": 0.1, "h": 0.1, {extra}}}}}]}}]'
    )
    places = [finding.where for finding in check_predictions(tmp_path / "predictions.json").findings]
    for where in ("[0].image_size", "[0].detections[0].bbox"):
        assert [place for place in places if place.startswith(f"{where}.")] == [f"{where}.{name}" for name in names]
