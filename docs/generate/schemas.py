"""The frozen JSON Schemas of files that a run leaves, made from the code that writes them.

    python -m docs.generate.schemas            say which differ from the committed ones
    python -m docs.generate.schemas --write    write those anew

The contract's own schema is written by `yolozu contract schema --write`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.cells_report import CellsReport
from yolozu.artifacts.golden_vectors import GoldenVectors
from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.artifacts.onnx_metadata import onnx_metadata_schema
from yolozu.artifacts.parity_report import ParityReport
from yolozu.artifacts.precisions_report import PrecisionsReport
from yolozu.artifacts.predictions.schema import predictions_schema
from yolozu.artifacts.record import Record, schema_of
from yolozu.artifacts.run_meta import RunMeta
from yolozu.contract.docs.scenario_schema import scenario_setting_schema
from yolozu.contract.docs.sequence_schema import task_sequence_schema
from yolozu.contract.docs.sweep_schema import sweep_schema
from yolozu.engine.view.events import build_events_schema
from yolozu.evaluation.benchmark.protocol import EvalProtocol
from yolozu.evaluation.benchmark.report import SuiteReport
from yolozu.evaluation.boxes.report import CocoReport
from yolozu.evaluation.comparison.ranking import Ranking
from yolozu.evaluation.comparison.report import CompareReport
from yolozu.evaluation.forgetting.report import ForgettingReport
from yolozu.evaluation.pose.report import PoseReport
from yolozu.evaluation.scenarios.report import ScenariosReport
from yolozu.predict.ttt.report import TttReport

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = Path(__file__).parents[2] / "contracts" / "v1"

RECORDS: dict[str, type[Record]] = {
    "eval_coco": CocoReport,
    "eval_compare": CompareReport,
    "eval_pose": PoseReport,
    "eval_protocol": EvalProtocol,
    "eval_suite": SuiteReport,
    "export_precisions": PrecisionsReport,
    "forgetting": ForgettingReport,
    "golden": GoldenVectors,
    "onnx_parity": ParityReport,
    "ranking": Ranking,
    "run_meta": RunMeta,
    "runtime_parity": CellsReport,
    "scenarios": ScenariosReport,
    "ttt": TttReport,
}
"""Name of the file in ``contracts/v1`` -> the record that it describes."""

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    **{name: partial(schema_of, kind) for name, kind in RECORDS.items()},
    "build_events": build_events_schema,
    "onnx_metadata": onnx_metadata_schema,
    "predictions": predictions_schema,
    "scenario_setting": scenario_setting_schema,
    "sweep": sweep_schema,
    "task_sequence": task_sequence_schema,
}
"""Name of the file in ``contracts/v1`` -> what makes it."""


def path_of(name: str) -> Path:
    """Where a schema is committed."""
    return DIRECTORY / f"{name}.schema.json"


def main() -> int:
    """Write or compare; 1 when a committed one differs."""
    differing = [
        name
        for name, make in SCHEMAS.items()
        if not path_of(name).is_file() or path_of(name).read_text() != pretty(make())
    ]
    if "--write" in sys.argv[1:]:
        for name in differing:
            write_text_if_changed(path_of(name), pretty(SCHEMAS[name]()))
            print(f"{path_of(name)}: written")
        return 0
    print("\n".join(f"{path_of(name)}: differs; python -m docs.generate.schemas --write" for name in differing))
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
