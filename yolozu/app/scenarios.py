"""The scenario suite that a command line means, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.prediction_request import ADAPTER_OF, require_device
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.contract.sections.scenario_setting import ScenarioSetting
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.progress import Progress

OPTIONS = (*ADAPTER_OF, "device", "batch_size", "intrinsics")
"""Keys of a setting that are the adapter's."""


def setting_meant_by(path: Path | None, flags: Mapping[str, Any]) -> ScenarioSetting:
    """The setting in a file with flags on top, without the file's options for another adapter than a flag names.

    Args:
        path: the file; None for the standard suite.
        flags: key -> value, None where a flag is not given; ``intrinsics`` is a comma list, and a file alone means its
            adapter (`ADAPTER_OF`).

    Raises:
        ContractError: everything that is wrong with the setting.
        UsageError: YZ820 no data set is named, YZ612 the adapter lacks a file, or does not read an option.
    """
    from yolozu.contract.strict.scenario_file import load_setting
    from yolozu.predict.adapters.opening import adapter_uses, check_options

    given = dict(flags)
    if given["adapter"] is None:
        given["adapter"] = next((ADAPTER_OF[name] for name in ADAPTER_OF if given[name] is not None), None)
    if given["intrinsics"] is not None:
        given["intrinsics"] = _camera(given["intrinsics"])
    loaded = load_setting(path, {key: value for key, value in given.items() if value is not None})
    setting = loaded.setting
    if setting.dataset is None:
        fix = "give --dataset ROOT, or dataset: ROOT in the setting file"
        where = "command line" if path is None else str(path)
        raise UsageError.one("YZ820", where=where, problem="no data set is named", fix=fix)
    if "adapter" in loaded.given:
        uses = adapter_uses(setting.adapter)
        foreign = [option for option in OPTIONS if option not in loaded.given and option not in uses]
        setting = setting.model_copy(update=dict.fromkeys(foreign))
    or_else = {option: f", or {option}: FILE in the setting file" for option in ADAPTER_OF}
    asked = [option for option in OPTIONS if getattr(setting, option) is not None]
    check_options(setting.adapter, asked, or_else=or_else)
    return setting


def files_of(setting: ScenarioSetting) -> dict[str, Any]:
    """The files that the adapter is given; None where there is none."""
    files = {option: getattr(setting, option) for option in ADAPTER_OF}
    return {option: None if text is None else Path(text) for option, text in files.items()}


def measure_scenarios(setting: ScenarioSetting, progress: Progress) -> dict[str, Any]:
    """The report of ``scenarios.json``.

    Raises:
        YolozuError: the device, a file or the data set cannot be used.
    """
    from yolozu.app.datasets import open_evaluated
    from yolozu.data.detections import with_cameras
    from yolozu.evaluation.scenarios.suite import Suite
    from yolozu.predict.scenario_predictor import AdapterPredictor

    if setting.device is not None:
        require_device(setting.adapter, setting.device)
    assert setting.dataset is not None
    opened = open_evaluated(Path(setting.dataset), setting.split, progress)
    index, models = opened.index, opened.models
    index = with_cameras(replace(index, records=index.records[: setting.max_images]), setting.intrinsics)
    predictor = AdapterPredictor(setting.adapter, _request(setting, index, progress))
    return Suite(setting, index, models, predictor).run().model_dump(mode="json")


def _request(setting: ScenarioSetting, index: DataIndex, progress: Progress) -> AdapterRequest:
    from yolozu.predict.adapters.base import AdapterRequest

    request = AdapterRequest(classes=index.classes, progress=progress, **files_of(setting))
    if setting.device is not None:
        request = replace(request, device=setting.device)
    return request if setting.batch_size is None else replace(request, batch_size=setting.batch_size)


def _camera(text: str) -> tuple[float | str, ...]:
    """The numbers of a comma list; what is none stays a text, which the setting refuses."""
    from yolozu.contract.text.scalars import resolve

    values = [resolve(word.strip()) for word in text.split(",")]
    return tuple(float(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in values)
