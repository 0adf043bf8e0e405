import sys

import pytest

from tests.fixtures.hub import stand_in_hub, write_files
from yolozu.artifacts.hub import cached_weights, fetch_weights, is_cached
from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.errors import InputError

NAME = "rtdetr_r18vd_coco"
REVISION = "ac77a11ff0170a41b771c03264987f8ce2b0d753"
BY_HAND = (
    f"or get https://huggingface.co/PekingU/rtdetr_r18vd/resolve/{REVISION}/model.safetensors and "
    f"https://huggingface.co/PekingU/rtdetr_r18vd/resolve/{REVISION}/config.json elsewhere, "
    "put both into weights/rtdetr_r18vd_coco/, and set init_from: weights/rtdetr_r18vd_coco"
)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    return stand_in_hub(monkeypatch, **{NAME: write_files(tmp_path / "published")})


def test_weights_and_their_configuration_are_fetched_once_by_their_commit(hub, tmp_path):
    told = []
    assert not is_cached(SPELLINGS[NAME])
    for _ in range(2):
        assert fetch_weights(SPELLINGS[NAME], told.append) == tmp_path / "published"
    assert told == ["fetching rtdetr_r18vd_coco (80.9 MB) from PekingU/rtdetr_r18vd"]
    assert hub.fetched == [
        ("PekingU/rtdetr_r18vd", REVISION, "config.json"),
        ("PekingU/rtdetr_r18vd", REVISION, "model.safetensors"),
    ]
    hub.online = False
    assert cached_weights(SPELLINGS[NAME]) == tmp_path / "published"


def test_without_a_connection_the_error_says_which_file_belongs_where(hub):
    hub.online = False
    with pytest.raises(InputError) as caught:
        fetch_weights(SPELLINGS[NAME], lambda _: None)
    assert str(caught.value) == (
        "rtdetr_r18vd_coco: YZ457 cannot be fetched: OfflineModeIsEnabled: HF_HUB_OFFLINE is set\n"
        f"  fix: repeat it where there is a connection; {BY_HAND}"
    )


def test_without_the_package_the_error_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError) as caught:
        cached_weights(SPELLINGS[NAME])
    assert str(caught.value) == (
        "rtdetr_r18vd_coco: YZ457 needs the package huggingface_hub, which is not installed\n"
        f"  fix: pip install 'yolozu[hub]'; {BY_HAND}"
    )


def test_what_is_not_here_is_not_fetched_by_looking(hub):
    with pytest.raises(InputError) as caught:
        cached_weights(SPELLINGS[NAME])
    assert str(caught.value) == (
        f"rtdetr_r18vd_coco: YZ457 has not been fetched yet\n  fix: yolozu weights get rtdetr_r18vd_coco; {BY_HAND}"
    )
    assert hub.fetched == []


def test_other_weights_than_the_published_ones_are_refused(hub, tmp_path):
    (tmp_path / "published/model.safetensors").write_text("other")
    with pytest.raises(InputError, match="YZ458 is not what was published as rtdetr_r18vd_coco: sha256 "):
        fetch_weights(SPELLINGS[NAME], lambda _: None)
