"""The whole contract: what the user wrote, typed, defaults filled."""

from typing import Annotated, Literal

from pydantic import Field

from yolozu.contract.base import Form, Section
from yolozu.contract.sections.continual import ContinualSection, DistillationSection, ReplaySection
from yolozu.contract.sections.data import AugmentSection, DatasetSection, PreprocessSection, SynthSection
from yolozu.contract.sections.evaluate import EvaluateSection
from yolozu.contract.sections.export import ExportSection, ParitySection
from yolozu.contract.sections.files import FilesSection
from yolozu.contract.sections.init_from import InitSection
from yolozu.contract.sections.lora import LoraSection, QuantizationSection
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.precisions import CellsSection, PrecisionsSection
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.report import ReportSection
from yolozu.contract.sections.scenarios import ScenariosSection
from yolozu.contract.sections.train import DeviceSection, LoopSection, MimSection, SeedSection
from yolozu.paths import RUN_ID_PATTERN

RunId = Annotated[
    str,
    Field(pattern=f"^{RUN_ID_PATTERN}$"),
    Form("1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"),
]


class RunSection(Section):
    """Which run this is. No stage reads it."""

    config_version: Literal[1] = 1
    """Version of the contract's language."""

    run_id: RunId | None = None
    """Name of the run's directory under `runs/`; without one, the UTC time."""

    run_contract: bool = False
    """Ask for strict mode: unknown keys are errors, and the keys that decide a run must be spelled out."""


class Contract(Section):
    """Every section; a stage's spec is a subset of these fields."""

    run: RunSection = RunSection()
    seed: SeedSection = SeedSection()
    device: DeviceSection = DeviceSection()
    dataset: DatasetSection = DatasetSection()
    synth: SynthSection = SynthSection()
    preprocess: PreprocessSection = PreprocessSection()
    augment: AugmentSection = AugmentSection()
    model: ModelSection = ModelSection()
    init: InitSection = InitSection()
    optim: OptimSection = OptimSection()
    schedule: ScheduleSection = ScheduleSection()
    length: LengthSection = LengthSection()
    loop: LoopSection = LoopSection()
    matching: MatchingSection = MatchingSection()
    losses: LossSection = LossSection()
    mim: MimSection = MimSection()
    lora: LoraSection = LoraSection()
    quantization: QuantizationSection = QuantizationSection()
    distillation: DistillationSection = DistillationSection()
    continual: ContinualSection = ContinualSection()
    replay: ReplaySection = ReplaySection()
    export: ExportSection = ExportSection()
    precisions: PrecisionsSection = PrecisionsSection()
    parity: ParitySection = ParitySection()
    cells: CellsSection = CellsSection()
    predict: PredictSection = PredictSection()
    corruption: CorruptionSection = CorruptionSection()
    tta: TtaSection = TtaSection()
    ttt: TttSection = TttSection()
    evaluate: EvaluateSection = EvaluateSection()
    scenarios: ScenariosSection = ScenariosSection()
    report: ReportSection = ReportSection()
    files: FilesSection = FilesSection()
    operations: OperationsSection = OperationsSection()


def section_of_key() -> dict[str, str]:
    """Flat key -> name of the section that holds it.

    Raises:
        AssertionError: two sections share a field name.
    """
    owner: dict[str, str] = {}
    for section, field in Contract.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        for key in field.annotation.model_fields:
            assert key not in owner, f"{key} is in both {owner[key]} and {section}"
            owner[key] = section
    return owner
