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

from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.artifacts.onnx_metadata import onnx_metadata_schema
from yolozu.artifacts.parity_report import parity_schema
from yolozu.artifacts.predictions.schema import predictions_schema
from yolozu.artifacts.record import schema_of
from yolozu.artifacts.run_meta import RunMeta
from yolozu.contract.docs.scenario_schema import scenario_setting_schema
from yolozu.evaluation.benchmark.protocol import EvalProtocol
from yolozu.evaluation.benchmark.report import SuiteReport
from yolozu.evaluation.boxes.report import CocoReport
from yolozu.evaluation.comparison.report import CompareReport
from yolozu.evaluation.pose.report import PoseReport
from yolozu.evaluation.scenarios.report import scenarios_schema
from yolozu.predict.ttt.report import TttReport

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = Path(__file__).parents[2] / "contracts" / "v1"

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "eval_coco": partial(schema_of, CocoReport),
    "eval_compare": partial(schema_of, CompareReport),
    "eval_pose": partial(schema_of, PoseReport),
    "eval_protocol": partial(schema_of, EvalProtocol),
    "eval_suite": partial(schema_of, SuiteReport),
    "onnx_metadata": onnx_metadata_schema,
    "onnx_parity": parity_schema,
    "predictions": predictions_schema,
    "run_meta": RunMeta.json_schema,
    "scenario_setting": scenario_setting_schema,
    "scenarios": scenarios_schema,
    "ttt": partial(schema_of, TttReport),
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
