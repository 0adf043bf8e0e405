"""Predictions files spoiled in every way we know: what is said of each, by every command that reads them."""

from __future__ import annotations

import gzip
import json
import math
import resource
import time

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped, write
from yolozu.cli.app import main
from yolozu.errors import Finding

pytestmark = pytest.mark.slow

ROOT = "predictions[0]"
FOUND = f"{ROOT}.detections[0]"
SIZE = {"width": 64, "height": 48}
LONG = "x" * 50_000_000
SHORT_KEY = f'["{"x" * 30}...{"x" * 30}"]'
SHORT_TEXT = "'" + "x" * 27 + "..." + "x" * 28 + "'"
SHORT_NUMBER = "1" + "0" * 17 + "..." + "0" * 19
NO_JSON = "YZ701 no JSON from here on: {}; nothing behind this place was checked"


def found(**changes) -> dict:
    return detection(**{"class_id": 0, **changes})


def image(*detections, **more) -> dict:
    return entry("images/val/0.png", *(detections or (found(),)), **{"image_size": SIZE, **more})


def one(**changes) -> dict:
    """A file with one detection."""
    return wrapped(image(found(**changes)))


def text(old: str = "", new: str = "", value: dict | None = None) -> str:
    """A sound file's text, something in it replaced."""
    sound = json.dumps(one() if value is None else value)
    assert old in sound
    return sound.replace(old, new, 1) if old else sound


def box(**changes) -> dict:
    return one(bbox={"cx": 0.5, "cy": 0.4, "w": 0.2, "h": 0.1, **changes})


UNKNOWN_NOTE = f"{FOUND}.note: warning: YZ705 unknown key (said once, at its first place)"
END = len(text()) + 1

POISON: dict[str, tuple[object, list[str]]] = {
    "NaN": (one(score=math.nan), [f"{FOUND}.score: YZ708 nan is not finite"]),
    "Infinity": (box(cx=math.inf), [f"{FOUND}.bbox.cx: YZ708 inf is not finite"]),
    "-Infinity": (one(score=-math.inf), [f"{FOUND}.score: YZ708 -inf is not finite"]),
    "1e999": (text("0.5,", "1e999,"), [f"{FOUND}.score: YZ708 inf is not finite"]),
    "score 7.5": (one(score=7.5), [f"{FOUND}.score: YZ709 7.5 is outside [0, 1]"]),
    "negative width": (box(w=-0.2), [f"{FOUND}.bbox: YZ709 negative size -0.2 x 0.1"]),
    "bool class": (one(class_id=True), [f"{FOUND}.class_id: YZ707 the boolean true, not an integer"]),
    "float class": (one(class_id=1.0), [f"{FOUND}.class_id: YZ707 the number 1.0, not an integer"]),
    "text log_z": (one(log_z="1"), [f"{FOUND}.log_z: YZ707 the text '1', not a number"]),
    "no rotation": (
        one(R=[[1, 0, 0], [0, 1, 0], [0, 0, 2]]),
        [f"{FOUND}.R: YZ711 no rotation: R Rᵀ differs from the identity by 3"],
    ),
    "reflection": (
        one(R=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]),
        [f"{FOUND}.R: YZ711 no rotation: determinant -1, a reflection"],
    ),
    "lengths": (
        one(t_xyz=[1, 2], R=[[1]]),
        [f"{FOUND}.t_xyz: YZ710 2 items, not 3", f"{FOUND}.R: YZ710 1 items, not 3"],
    ),
    "duplicate image": (
        wrapped(image(), image()),
        [f"predictions[1].image: YZ713 'images/val/0.png' was already at {ROOT}.image"],
    ),
    "unknown image": (
        wrapped(image(), entry("images/val/9.png", found(), image_size=SIZE)),
        ["predictions[1].image: YZ714 the data set's split has no image 'images/val/9.png'"],
    ),
    "unknown class": (one(class_id=80), [f"{FOUND}.class_id: YZ715 no class of the data set has the id 80"]),
    "duplicate key": (
        text('"score": 0.5', '"score": 0.5, "score": 0.6'),
        [f"{FOUND}.score: YZ706 the key stands twice in one object"],
    ),
    "duplicate key in meta": (
        text('"meta": {}', '"meta": {"a": {"b": 1, "b": 2}}'),
        ["meta.a.b: YZ706 the key stands twice in one object"],
    ),
    "NaN in meta": (wrapped(image(), meta={"a b": [math.nan]}), ['meta["a b"][0]: YZ708 nan is not finite']),
    "NaN where nothing reads": (
        one(note={"x": math.nan}), [UNKNOWN_NOTE, f"{FOUND}.note.x: YZ708 nan is not finite"]
    ),
    "NaN in an unknown key of a box": (box(angle=math.nan), [f"{FOUND}.bbox.angle: YZ708 nan is not finite"]),
    "NaN in an unknown key of a camera": (
        wrapped(image(intrinsics={"fx": 1, "fy": 1, "cx": 0, "cy": 0, "k1": math.nan})),
        [f"{ROOT}.intrinsics.k1: YZ708 nan is not finite"],
    ),
    "NaN in an unknown key of a size": (
        wrapped(image(image_size={**SIZE, "depth": math.nan})), [f"{ROOT}.image_size.depth: YZ708 nan is not finite"]
    ),
    "NaN in an unknown key of an entry": (
        wrapped(image(extra=math.nan)),
        [
            f"{ROOT}.extra: YZ708 nan is not finite",
            f"{ROOT}.extra: warning: YZ705 unknown key (said once, at its first place)",
        ],
    ),
    "terminal codes in a key": (
        one(**{"a\n\x1b[31m": math.nan}),
        [
            f'{FOUND}["a\\n\\u001b[31m"]: warning: YZ705 unknown key (said once, at its first place)',
            f'{FOUND}["a\\n\\u001b[31m"]: YZ708 nan is not finite',
        ],
    ),
    "cut off": (text()[:-10], [f"line 1 column {END - 10}: {NO_JSON.format('expecting value')}"]),
    "nested 10^5 deep": ("[" * 10**5, [f"line 1 column 2: {NO_JSON.format('nested too deeply')}"]),
    "nested 10^5 deep in a value": (
        text("0.5,", "[" * 10**5 + "]" * 10**5 + ","),
        [f"line 1 column {text().index('[') + 2}: {NO_JSON.format('nested too deeply')}"],
    ),
    "50 MB text": (one(score=LONG), [f"{FOUND}.score: YZ707 the text {SHORT_TEXT}, not a number"]),
    "50 MB key": (
        one(**{LONG: math.nan}),
        [
            f"{FOUND}{SHORT_KEY}: warning: YZ705 unknown key (said once, at its first place)",
            f"{FOUND}{SHORT_KEY}: YZ708 nan is not finite",
        ],
    ),
    "50 MB image": (
        {LONG: [found()]}, [f"{SHORT_KEY}: YZ714 the data set's split has no image {SHORT_TEXT}"]
    ),
    "50 MB without an end": ('["' + LONG, [f"line 1 column 2: {NO_JSON.format('unterminated string')}"]),
    "no UTF-8": (
        text().encode().replace(b"0.png", b"\xff.png"),
        [f"byte {text().index('0.png')}: {NO_JSON.format('not UTF-8 text (invalid start byte)')}"],
    ),
    "UTF-16": (text().encode("utf-16"), [f"byte 0: {NO_JSON.format('not UTF-8 text (invalid start byte)')}"]),
    "gzip": (gzip.compress(text().encode()), [f"byte 1: {NO_JSON.format('not UTF-8 text (invalid start byte)')}"]),
    "empty": (b"", [f"line 1 column 1: {NO_JSON.format('expecting value')}"]),
    "white space": (b" \n", [f"line 2 column 1: {NO_JSON.format('expecting value')}"]),
    "lone surrogate in an image": (
        wrapped(image(), entry("\ud800", found(), image_size=SIZE)),
        ["predictions[1].image: YZ709 '\\ud800' cannot be a path"],
    ),
    "lone surrogate in a class": (
        one(class_id="\udfff"), [f"{FOUND}.class_id: YZ707 the text '\\udfff', not an integer"]
    ),
    "4000 digits": (
        text('"class_id": 0', '"class_id": 1' + "0" * 4000),
        [
            f"{FOUND}.class_id: YZ709 {SHORT_NUMBER} is outside 0 … 2147483647",
            f"{FOUND}.class_id: YZ715 no class of the data set has the id {SHORT_NUMBER}",
        ],
    ),
    "4000 digits in a box": (
        text('"cx": 0.5', '"cx": 1' + "0" * 4000),
        [f"{FOUND}.bbox.cx: YZ709 {SHORT_NUMBER} is no number a computer calculates with"],
    ),
    "ten million digits": (text("0.5,", "1" + "0" * 10**7 + ","), [f"{FOUND}.score: YZ708 inf is not finite"]),
    "garbage behind": (
        text() + "x",
        [f"line 1 column {END}, after 1 entries: {NO_JSON.format('text after the end of the JSON value')}"],
    ),
    "a second file behind": (
        text() + "\n" + text(),
        [f"line 2 column 1, after 1 entries: {NO_JSON.format('text after the end of the JSON value')}"],
    ),
    "a comma too many": (
        text("}]", "},]"),
        [f"line 1 column {text().index('}]') + 3}: {NO_JSON.format('expecting value')}"],
    ),
    "control character": (
        text("0.png", "\x01.png"),
        [f"line 1 column {text().index('0.png') + 1}: {NO_JSON.format('invalid control character')}"],
    ),
    "COCO results": (
        [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}] * 3,
        ["[0]: YZ722 these are COCO results (image_id, category_id, bbox, score), not predictions by image"],
    ),
}  # fmt: skip

HARMLESS: dict[str, tuple[object, list[str]]] = {
    "byte order mark": (b"\xef\xbb\xbf" + text().encode(), []),
    "minus zero": (text('"class_id": 0', '"class_id": -0').replace("0.5,", "-0.0,"), []),
    "lone surrogates where nothing reads": (
        one(**{"\ud800": "\udfff"}),
        [f'{FOUND}["\\ud800"]: warning: YZ705 unknown key (said once, at its first place)'],
    ),
    "4000 digits where nothing reads": (text("0.5,", '0.5, "note": 1' + "0" * 4000 + ","), [UNKNOWN_NOTE]),
}

MOST_SECONDS = 20  # each takes well under one; machines that run tests are shared
MOST_MIB = 1000  # a text of 50 MB is held a few times while its end is looked for


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n"])
    return tmp_path


def said(output: str) -> list[str]:
    """What the findings say first; coverage is beside the point here."""
    lines = [line for line in output.splitlines() if ": YZ" in line or ": warning: YZ" in line]
    return [line for line in lines if "YZ716" not in line]


def run(*words) -> int:
    """Run a command within bounds."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = main([*map(str, words)])
    assert time.perf_counter() - started < MOST_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MIB
    return code


@pytest.mark.parametrize("name", [*POISON, *HARMLESS])
def test_every_command_says_the_same_of_a_spoiled_file(data, capsys, name):
    value, findings = (POISON | HARMLESS)[name]
    path, spoiled = write(data, value), name in POISON
    assert run("validate", "predictions", path, "--dataset", "data") == int(spoiled)
    assert said(capsys.readouterr().out) == findings
    assert run("validate", "predictions", path, "--dataset", "data", "--json") == int(spoiled)
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["counts"]["errors"] > 0) == (not spoiled, spoiled)
    assert said("\n".join(Finding(**row).render() for row in report["findings"])) == findings

    assert run("eval-coco", "--dataset", "data", "--predictions", path, "--output", "eval.json") == 2 * spoiled
    errors = [f"{path}: {line}" for line in findings if ": warning: " not in line]
    assert said(capsys.readouterr().err) == errors
    assert (data / "eval.json").exists() != spoiled

    assert run("convert-predictions", path, "--to", "list", "--output", "list.json", "--dataset", "data") == 2 * spoiled
    assert (data / "list.json").exists() != spoiled


def test_a_directory_is_no_file(data, capsys):
    for words in (
        ("validate", "predictions", "data"), ("eval-coco", "--dataset", "data", "--predictions", "data"),
        ("convert-predictions", "data", "--to", "list", "--output", "o.json"),
    ):  # fmt: skip
        assert run(*words) == 2
        assert said(capsys.readouterr().err) == ["data: YZ701 cannot be read: Is a directory"]
    assert not (data / "o.json").exists()
