"""The page of a comparison."""

from tests.evaluation.scenes import index_of, predictions_of
from tests.report.html_reading import read_page
from tests.report.made import SCENES, Scene
from yolozu.app.compared_sides import BOX_TITLES, POSE_TITLES
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.comparison.compare import compare
from yolozu.evaluation.comparison.report import ComparedInterval, ComparedSide
from yolozu.progress import SilentProgress
from yolozu.report.compared import compared_page, signed


def page_of(warnings=()):
    worse = [Scene(scene.truth, []) for scene in SCENES]
    report = compare(
        index_of(list(SCENES)),
        ObjectModels(),
        (predictions_of(list(SCENES)), predictions_of(worse)),
        sides=(ComparedSide(name="<a>", sha256="0" * 64, meta={}), ComparedSide(name="b", sha256="1" * 64, meta={})),
        max_images=None,
        interval=ComparedInterval(resamples=100, seed=0, confidence=0.95),
        warnings=warnings,
        progress=SilentProgress(),
    )
    return read_page(compared_page(report, {**BOX_TITLES, **POSE_TITLES}))


def test_both_sides_their_difference_and_its_interval_are_there():
    page = page_of(["score_threshold is 0.1 in a, 0.2 in b"])
    assert page.title == "<a> and b · yolozu"
    assert "AP, IoU .50" in page.text
    assert "score_threshold is 0.1 in a, 0.2 in b" in page.text
    assert "95 % intervals of 100 paired bootstraps" in page.text
    assert ("classes" in page.ids, "poses" in page.ids) == (True, False)
    assert "1" * 64 in page.text


def test_a_difference_has_its_sign():
    assert (signed(0.1234), signed(-0.5), signed(-0.0001)) == ("+0.123", "−0.500", "+0.000")
