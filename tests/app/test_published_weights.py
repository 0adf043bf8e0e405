import pytest

from yolozu.app.published_weights import weights_named
from yolozu.errors import UsageError


def test_weights_have_their_name_the_repository_s_and_the_repository_s_without_its_owner():
    names = ("rtdetr_v2_r50vd_coco", "PekingU/rtdetr_v2_r50vd", "rtdetr_v2_r50vd")
    assert {weights_named(name, "x").name for name in names} == {"rtdetr_v2_r50vd_coco"}


def test_what_is_no_name_is_refused():
    with pytest.raises(UsageError) as caught:
        weights_named("yolo11n.pt", "--from yolo11n.pt")
    assert str(caught.value) == (
        "--from yolo11n.pt: YZ459 no published weights are called so\n  fix: `yolozu weights` lists all names"
    )
