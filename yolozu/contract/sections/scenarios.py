"""The scenario suite of a run: which setting it follows."""

from typing import Annotated

from pydantic import Field

from yolozu.contract.base import FilePath, Form, Location, Section

STANDARD, NONE = "standard", "none"

SettingName = Annotated[
    str,
    Field(pattern=rf"^({STANDARD}|{NONE}|.*\.(yaml|yml|json))$"),
    Form(f"{STANDARD}, {NONE}, or the path of a .yaml, .yml or .json file"),
    FilePath((STANDARD, NONE)),
    Location(),
]


class ScenariosSection(Section):
    """The scenario suite: slices of the data, and perturbed pictures."""

    scenarios: SettingName = STANDARD
    """Setting of the suite: `standard` is the built-in one, `none` measures nothing, a path names a setting file as
    `yolozu test` takes it. Of that file a run takes scenarios, thresholds and numbers of images; data and adapter are
    the run's own."""
