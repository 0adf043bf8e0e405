"""Result files of BOP as participants write them."""

from __future__ import annotations

import pytest

from tests.cli.commands.test_eval_pose import EYE, data, report, results

__all__ = ["data"]

GOOD = f"2,4,3,0.5,{EYE},3 0 1004,-1"


# yannlabb/cosypose#45: estimates for objects that are not in the image, and several of one object.
def test_estimates_nobody_asked_for_change_nothing(data, capsys):
    results(data, GOOD)
    alone = report(capsys)["metrics"]
    results(data, GOOD, GOOD.replace("2,4,3,0.5", "2,4,15,0.9"), GOOD.replace("2,4,3,0.5", "2,400,3,0.9"), GOOD)
    found = report(capsys)
    assert found["metrics"] == pytest.approx(alone)
    assert sum("are left out" in warning or "is left out" in warning for warning in found["warnings"]) == 2


# NVlabs/FoundationPose#105, #276: what is to be found is a file beside the data.
def test_targets_beside_the_data_are_read(data, capsys):
    results(data, GOOD)
    (data / "data/test_targets_bop19.json").write_text('[{"scene_id": 2, "im_id": 4, "obj_id": 3, "inst_count": 1}]')
    assert report(capsys)["counts"]["ground_truth"] == 1
