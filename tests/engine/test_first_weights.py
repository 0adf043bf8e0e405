import pytest

from tests.engine.conftest import opened
from tests.fixtures.hub import stand_in_hub, write_files
from yolozu.engine.first_weights import fetch_first_weights
from yolozu.errors import InputError

NAME = "rtdetr_r18vd_coco"


@pytest.fixture
def hub(config, monkeypatch, tmp_path):
    return stand_in_hub(monkeypatch, **{NAME: write_files(tmp_path / "published")})


def fetch(*words, names=()):
    told = []
    fetch_first_weights(opened(*words), names, told.append)
    return told


def test_what_a_training_starts_from_is_fetched_before_it(hub):
    assert fetch(f"init_from={NAME}") == ["fetching rtdetr_r18vd_coco (80.9 MB) from PekingU/rtdetr_r18vd"]
    assert fetch(f"init_from={NAME}") == []
    assert [name for _, _, name in hub.fetched] == ["config.json", "model.safetensors"]


def test_nothing_is_fetched_where_no_training_is_asked_for_or_it_starts_from_the_seed(hub):
    fetch(f"init_from={NAME}", names=["prepare_data"])
    fetch()
    assert hub.fetched == []


def test_a_build_that_cannot_fetch_ends_before_its_first_stage(hub):
    hub.online = False
    with pytest.raises(InputError, match="YZ457"):
        fetch(f"init_from={NAME}")
