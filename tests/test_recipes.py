"""The page on the five sizes states what `yolozu model info` counts, and weights that there are."""

from __future__ import annotations

import re

import pytest

from tests.test_examples import REPOSITORY
from yolozu.app.described_model import model_meant_by
from yolozu.app.smoke import BUCKETS, CONTRACTS
from yolozu.artifacts.published_weights import SPELLINGS

PAGE = (REPOSITORY / "docs/yolo26_rtdetr_pose_recipes.md").read_text()


def row_of(bucket):
    row = re.search(rf"^\| \[{bucket}\].*$", PAGE, re.MULTILINE)
    assert row is not None
    return [cell.strip() for cell in row.group().strip("|").split("|")]


def counted(bucket, *words):
    path = str(REPOSITORY / CONTRACTS / f"{bucket}.yaml")
    meant = model_meant_by([path, *words], image_size=None, num_classes=None, batch_size=None, latency=False)
    return meant.described()[1].total


@pytest.mark.slow
@pytest.mark.parametrize("bucket", BUCKETS)
def test_parameters_and_flops_are_those_that_model_info_counts(bucket):
    _, _, _, parameters, gflops, posed, _ = row_of(bucket)
    found = counted(bucket)
    assert (parameters, gflops) == (f"{found.parameters / 1e6:.1f} M", f"{found.flops / 1e9:.1f}")
    assert posed == f"{counted(bucket, 'model.pose=true').parameters / 1e6:.1f} M"


@pytest.mark.parametrize("bucket", BUCKETS[1:])
def test_the_weights_that_a_size_starts_from_fit_its_backbone(bucket):
    name = row_of(bucket)[-1].strip("`")
    backbone = row_of(bucket)[3 - 1].strip("`")
    assert backbone.removesuffix("_vd").removeprefix("resnet") in SPELLINGS[name].contract
