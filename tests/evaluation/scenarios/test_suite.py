from dataclasses import dataclass, field, replace

import pytest

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.scenario_setting import ScenarioSetting
from yolozu.data.corruption.corruption import Corruption
from yolozu.errors import InputError
from yolozu.evaluation.scenarios.perturb import Shrink
from yolozu.evaluation.scenarios.report import Numbers
from yolozu.evaluation.scenarios.suite import Suite
from yolozu.structures.predictions import TimedPredictions

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.8)]) for _ in range(8)]


@dataclass
class Oracle:
    """Finds everything in clean pictures and nothing in perturbed ones."""

    uses: frozenset[str] = frozenset({"transform", "intrinsics"})
    name: str = "oracle"
    asked: list[tuple] = field(default_factory=list)

    def __call__(self, title, records, transform):
        self.asked.append((title, [record.image for record in records], transform))
        known = {entry.image: entry for entry in predictions_of(SCENES)}
        entries = [known[record.image] for record in records]
        if transform is not None:
            none = predictions_of([Scene([], [])])[0]
            entries = [replace(none, image=record.image) for record in records]
        return TimedPredictions(entries, 2.0 if self.uses else None)

    def describe(self):
        return {"version": 1}


def setting_of(*scenarios, **keys):
    return ScenarioSetting.model_validate({"scenarios": scenarios, **keys})


NOISE = {"name": "noise", "perturb": {"kind": "noise", "severity": (1, 5)}}
SMALL = {"name": "small", "slice": {"area": "medium"}}


def run(setting, predictor=None, **keys):
    predictor = Oracle() if predictor is None else predictor
    return Suite(setting, index_of(SCENES), ObjectModels(), predictor, **keys).run()


def test_clean_pictures_are_predicted_once_and_sliced():
    oracle = Oracle()
    report = run(setting_of(SMALL, {"name": "large", "slice": {"area": "large"}}), oracle)
    assert [title for title, _, _ in oracle.asked] == ["clean"]
    assert report.clean.map50_95 == pytest.approx(1.0)
    assert (report.clean.fps, report.clean.images, report.clean.objects, report.clean.delta) == (4.0, 8, 8, None)
    small, large = report.scenarios
    assert (small.map50_95, small.delta.map50_95, small.fps) == (pytest.approx(1.0), 0.0, None)
    assert small.reasons["fps"] == "a slice is measured on the predictions of all images"
    assert (large.map50_95, large.delta.map50_95) == (None, None)
    assert report.reference is None


def test_a_perturbation_is_predicted_for_each_severity_and_compared_with_the_same_images():
    oracle = Oracle()
    report = run(setting_of(NOISE, perturb_images=3, seed=5), oracle)
    (_, everyone, _), (_, some, first), (_, same, second) = oracle.asked
    assert (first, second) == (Corruption("gaussian_noise", 1, 5), Corruption("gaussian_noise", 5, 5))
    assert len(everyone) == 8
    assert some == same == sorted(some)
    assert len(some) == 3
    assert [row.name for row in report.scenarios] == ["noise 1", "noise 5"]
    assert report.scenarios[1].definition == {"kind": "noise", "severity": 5}
    assert (report.reference.name, report.reference.images) == ("clean, same images", 3)
    assert (report.scenarios[0].map50_95, report.scenarios[0].delta.map50_95) == (0.0, pytest.approx(-1.0))
    assert report.scenarios[0].fps == 1.5


def test_which_images_are_perturbed_depends_on_seed_and_names_alone():
    chosen = []
    for seed in (0, 0, 1, 2, 3):
        oracle = Oracle()
        run(setting_of(NOISE, perturb_images=3, seed=seed), oracle)
        chosen.append(tuple(oracle.asked[-1][1]))
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_where_all_images_are_perturbed_the_clean_row_is_the_reference():
    report = run(setting_of(NOISE, perturb_images=None))
    assert report.reference is None
    assert report.scenarios[0].delta.map50_95 == pytest.approx(-1.0)


def test_predictions_that_are_there_are_not_made_again():
    oracle = Oracle()
    clean = TimedPredictions(predictions_of(SCENES), None)
    report = run(setting_of(SMALL, NOISE, perturb_images=2), oracle, clean=clean)
    assert [title for title, _, _ in oracle.asked] == ["noise 1", "noise 5"]
    assert (report.clean.fps, report.clean.reasons["fps"]) == (None, "the predictions were made before")
    assert report.reference.map50_95 == pytest.approx(1.0)


def test_predictions_made_in_another_way_are_no_reference():
    oracle = Oracle()
    run(
        setting_of(NOISE, perturb_images=2),
        oracle,
        clean=TimedPredictions(predictions_of(SCENES), None),
        comparable=False,
    )
    assert [(title, transform is None) for title, _, transform in oracle.asked] == [
        ("clean, same images", True),
        ("noise 1", False),
        ("noise 5", False),
    ]


def test_a_shrunk_picture_is_evaluated_with_its_own_truth():
    class Sees(Oracle):
        def __call__(self, title, records, transform):
            entry = predictions_of(SCENES)[0]
            found = [replace(entry, image=record.image, boxes_cxcywh=record.boxes_cxcywh) for record in records]
            self.asked.append((title, [], transform))
            return TimedPredictions(found, 1.0)

    oracle = Sees()
    report = run(setting_of({"name": "far", "perturb": {"kind": "scale", "severity": 4}}), oracle)
    assert isinstance(oracle.asked[-1][2], Shrink)
    assert report.scenarios[0].map50_95 == pytest.approx(1.0)


CAMERA = {"name": "camera", "perturb": {"kind": "intrinsics", "dfx": 0.1}}


@pytest.mark.parametrize(
    ("uses", "scenario", "why"),
    [
        (frozenset(), NOISE, "adapter oracle cannot be shown other pictures"),
        (frozenset({"transform"}), CAMERA, "adapter oracle cannot be told another camera"),
        (frozenset({"intrinsics"}), CAMERA, "no camera is known"),
    ],
)
def test_what_cannot_be_measured_is_null_with_a_reason(uses, scenario, why):
    oracle = Oracle(uses=uses)
    row = run(setting_of(scenario), oracle).scenarios[0]
    assert [title for title, _, _ in oracle.asked] == ["clean"]
    nothing = (*Numbers.model_fields, "detections", "fps", "delta")
    assert row.reasons == dict.fromkeys(nothing, why)
    assert {getattr(row, name) for name in nothing} == {None}
    assert (row.images, row.objects) == (8, 8)


def test_a_slice_of_an_unknown_class_is_refused_before_anything_is_predicted():
    oracle = Oracle()
    with pytest.raises(InputError) as caught:
        run(setting_of({"name": "cats", "slice": {"classes": ("cat", "catt", "zebra")}}), oracle)
    assert str(caught.value) == (
        "scenario cats: YZ821 no class is called 'catt'\n  fix: did you mean 'cat'?\n"
        "scenario cats: YZ821 no class is called 'zebra'\n  fix: choose among cat, dog, owl"
    )
    assert oracle.asked == []


def test_the_report_says_what_was_tested():
    report = run(setting_of(SMALL), warnings=("mind this",))
    assert (report.adapter.name, report.adapter.description) == ("oracle", {"version": 1})
    assert (report.dataset.root, report.dataset.split, report.dataset.images) == ("data", "val", 8)
    assert (report.setting["scenarios"][0]["name"], report.warnings) == ("small", ["mind this"])


def test_the_digest_is_that_of_the_tested_images_and_their_labels():
    whole, again = run(setting_of(SMALL)), run(setting_of(NOISE))
    index = index_of(SCENES)
    fewer = Suite(setting_of(SMALL), replace(index, records=index.records[:-1]), ObjectModels(), Oracle()).run()
    assert whole.dataset.sha256 == again.dataset.sha256 != fewer.dataset.sha256
