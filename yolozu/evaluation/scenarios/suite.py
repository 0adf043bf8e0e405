"""A scenario suite: every slice and every perturbation of a setting, measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.scenario_setting import PerturbConfig, Scenario, ScenarioSetting
from yolozu.data.index import DataIndex
from yolozu.data.selection import choose
from yolozu.data.transform import ImageTransform
from yolozu.errors import Finding, InputError
from yolozu.evaluation.scenarios.measure import Evaluation, Measured
from yolozu.evaluation.scenarios.perturb import shown
from yolozu.evaluation.scenarios.report import (
    Deltas,
    Numbers,
    ScenarioRow,
    ScenariosReport,
    SuiteAdapter,
    SuiteData,
)
from yolozu.evaluation.scenarios.slices import everything, sliced
from yolozu.registry import nearest
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import TimedPredictions

NAMED_CLASSES = 10
"""Classes that an error names one by one."""
SAME_IMAGES = "clean, same images"
SERVED = "the predictions were made before"
SLICED = "a slice is measured on the predictions of all images"


class Predictor(Protocol):
    """Something that predicts pictures.

    Attributes:
        name: of the adapter.
        uses: options that it reads; a perturbation needs ``transform`` or ``intrinsics`` among them.
    """

    name: str
    uses: frozenset[str]

    def __call__(
        self, title: str, records: Sequence[ImageRecord], transform: ImageTransform | None
    ) -> TimedPredictions:
        """The predictions of ``records`` after ``transform``; ``title`` is what a person sees meanwhile."""
        ...

    def describe(self) -> dict[str, Any]:
        """What predicts, as JSON values."""
        ...


@dataclass(frozen=True)
class Suite:
    """All that a suite is about.

    Attributes:
        setting: what is measured.
        index: images to test, with their truth; ``max_images`` of the setting has been applied.
        models: by network class index.
        predictor: what predicts.
        clean: predictions of all images as they are; None makes them.
        comparable: whether `clean` was predicted as the predictor predicts; otherwise perturbations are compared with
            predictions of the same images that it makes.
        warnings: what a reader of the numbers should know.
    """

    setting: ScenarioSetting
    index: DataIndex
    models: ObjectModels
    predictor: Predictor
    clean: TimedPredictions | None = None
    comparable: bool = True
    warnings: tuple[str, ...] = ()

    def run(self) -> ScenariosReport:
        """Measure everything.

        Raises:
            InputError: YZ821 a slice names a class that there is not; as the predictor's.
        """
        self._require_classes()
        records = self.index.records
        clean = self.predictor("clean", records, None) if self.clean is None else self.clean
        evaluation = self._evaluation(self.index, clean)
        whole = evaluation.measure(everything(evaluation.problem))
        base = _row("clean", "clean", {}, whole, images=len(records), predicted=clean)
        reference = self._reference(clean, base)
        rows: list[ScenarioRow] = []
        for scenario in self.setting.scenarios:
            if scenario.perturb is None:
                rows.append(self._sliced(scenario, evaluation, base))
            else:
                assert reference is not None
                rows += self._perturbed(scenario.name, scenario.perturb, reference)
        return self._report(base, reference, rows)

    def _require_classes(self) -> None:
        names = list(self.index.classes.names)
        findings = []
        for scenario in self.setting.scenarios:
            for name in () if scenario.slice is None else scenario.slice.classes or ():
                if name not in names:
                    guess = nearest(name, names)
                    known = ", ".join(names[:NAMED_CLASSES]) + (", …" if len(names) > NAMED_CLASSES else "")
                    fix = f"did you mean {guess!r}?" if guess else f"choose among {known}"
                    findings.append(Finding("YZ821", f"scenario {scenario.name}", f"no class is called {name!r}", fix))
        if findings:
            raise InputError(findings)

    def _evaluation(self, index: DataIndex, predicted: TimedPredictions) -> Evaluation:
        setting = self.setting
        return Evaluation(
            index, self.models, predicted.entries, engine=setting.eval_engine, score_threshold=setting.score_threshold
        )

    def _sliced(self, scenario: Scenario, evaluation: Evaluation, base: ScenarioRow) -> ScenarioRow:
        assert scenario.slice is not None
        part = sliced(evaluation.problem, scenario.slice, self.models)
        definition = scenario.slice.model_dump(mode="json", exclude_none=True)
        row = _row(scenario.name, "slice", definition, evaluation.measure(part), images=part.images, predicted=None)
        return _against(base, row)

    def _reference(self, clean: TimedPredictions, base: ScenarioRow) -> ScenarioRow | None:
        """The clean numbers of the images that are perturbed; None where none is."""
        if all(scenario.perturb is None for scenario in self.setting.scenarios):
            return None
        chosen = self._perturbed_records
        if self.comparable and len(chosen) == len(self.index.records):
            return base
        names = {record.image for record in chosen}
        if self.comparable:
            predicted = TimedPredictions([entry for entry in clean.entries if entry.image in names], None)
        else:
            predicted = self.predictor(SAME_IMAGES, chosen, None)
        evaluation = self._evaluation(replace(self.index, records=chosen), predicted)
        whole = evaluation.measure(everything(evaluation.problem))
        return _row(SAME_IMAGES, "clean", {}, whole, images=len(chosen), predicted=predicted)

    @property
    def _perturbed_records(self) -> tuple[ImageRecord, ...]:
        names = {record.image: frozenset[int]() for record in self.index.records}
        most = self.setting.perturb_images
        chosen = set(choose(names, seed=self.setting.seed, count=len(names) if most is None else most, per_class=None))
        return tuple(record for record in self.index.records if record.image in chosen)

    def _perturbed(self, name: str, config: PerturbConfig, reference: ScenarioRow) -> Iterator[ScenarioRow]:
        severities = config.severities
        for severity in severities:
            title = f"{name} {severity}" if len(severities) > 1 else name
            definition = _definition(config, severity)
            view = shown(config, severity, self._perturbed_records, seed=self.setting.seed)
            why = self._unable(view.needs)
            if why is not None:
                yield _unmeasured(title, definition, reference, why)
                continue
            predicted = self.predictor(title, view.told, view.transform)
            evaluation = self._evaluation(replace(self.index, records=view.true), predicted)
            whole = evaluation.measure(everything(evaluation.problem))
            row = _row(title, "perturbation", definition, whole, images=len(view.true), predicted=predicted)
            yield _against(reference, row)

    def _unable(self, needs: str) -> str | None:
        """Why the predictor cannot take part; None where it can."""
        if needs not in self.predictor.uses:
            what = "shown other pictures" if needs == "transform" else "told another camera"
            return f"adapter {self.predictor.name} cannot be {what}"
        if needs == "intrinsics" and not any(
            record.poses is not None and record.poses.K_4 is not None for record in self._perturbed_records
        ):
            return "no camera is known"
        return None

    def _report(self, base: ScenarioRow, reference: ScenarioRow | None, rows: list[ScenarioRow]) -> ScenariosReport:
        index = self.index
        content = {"classes": index.classes.to_json(), "images": [record.to_json() for record in index.records]}
        return ScenariosReport(
            timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
            setting=self.setting.model_dump(mode="json"),
            adapter=SuiteAdapter(name=self.predictor.name, description=self.predictor.describe()),
            dataset=SuiteData(root=str(index.root), split=index.split, images=len(index), sha256=digest_of(content)),
            clean=base,
            reference=None if reference is base else reference,
            scenarios=rows,
            warnings=list(self.warnings),
        )


def _definition(config: PerturbConfig, severity: int | None) -> dict[str, Any]:
    values = config.model_dump(mode="json", exclude={"severity"})
    if severity is None:
        return values
    return {"kind": config.kind, "severity": severity}


def _row(
    name: str,
    kind: Any,
    definition: dict[str, Any],
    measured: Measured,
    *,
    images: int,
    predicted: TimedPredictions | None,
) -> ScenarioRow:
    speed = None if predicted is None or not predicted.seconds else images / predicted.seconds
    reasons = dict(measured.reasons)
    if speed is None:
        reasons["fps"] = SLICED if predicted is None else SERVED
    return ScenarioRow(
        name=name,
        kind=kind,
        definition=definition,
        images=images,
        objects=measured.objects,
        detections=measured.detections,
        fps=None if speed is None else round(speed, 2),
        delta=None,
        reasons=reasons,
        **measured.numbers.model_dump(),
    )


def _unmeasured(name: str, definition: dict[str, Any], reference: ScenarioRow, why: str) -> ScenarioRow:
    nothing = dict.fromkeys(Numbers.model_fields)
    return ScenarioRow(
        name=name,
        kind="perturbation",
        definition=definition,
        images=reference.images,
        objects=reference.objects,
        detections=None,
        fps=None,
        delta=None,
        reasons=dict.fromkeys((*nothing, "detections", "fps", "delta"), why),
        **nothing,
    )


def _against(base: ScenarioRow, row: ScenarioRow) -> ScenarioRow:
    """The row with what it differs from ``base`` by."""
    deltas = {}
    for name in Numbers.model_fields:
        before, after = getattr(base, name), getattr(row, name)
        deltas[name] = None if before is None or after is None else after - before
    return row.model_copy(update={"delta": Deltas(**deltas)})
