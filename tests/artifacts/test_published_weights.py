import re

import pytest

from tests.test_examples import REPOSITORY
from yolozu.artifacts.published_weights import PUBLISHED_WEIGHTS, SPELLINGS


def test_every_spelling_means_one_thing():
    assert len(SPELLINGS) == len({entry.name for entry in PUBLISHED_WEIGHTS} | {*SPELLINGS})
    for entry in PUBLISHED_WEIGHTS:
        assert {SPELLINGS[spelling] for spelling in entry.spellings} == {entry}
    assert SPELLINGS["PekingU/rtdetr_r18vd"] is SPELLINGS["rtdetr_r18vd"] is SPELLINGS["rtdetr_r18vd_coco"]


@pytest.mark.parametrize("entry", PUBLISHED_WEIGHTS, ids=lambda entry: entry.name)
def test_what_is_stated_has_the_form_of_a_commit_and_a_digest_and_the_contract_is_there(entry):
    assert entry.revision is None or re.fullmatch(r"[0-9a-f]{40}", entry.revision)
    assert entry.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert (REPOSITORY / f"configs/examples/{entry.contract}.yaml").is_file()


def test_content_is_known_by_commit_else_by_digest_else_by_address():
    known = {entry.name: next(iter(entry.known_by.items())) for entry in PUBLISHED_WEIGHTS}
    r18, r101, v2 = (known[name] for name in ("rtdetr_r18vd_coco", "rtdetr_r101vd_coco", "rtdetr_v2_r101vd_coco"))
    assert r18 == ("PekingU/rtdetr_r18vd/model.safetensors", "ac77a11ff0170a41b771c03264987f8ce2b0d753")
    assert r101[1].startswith("6e84ee96")
    assert v2 == ("PekingU/rtdetr_v2_r101vd/model.safetensors", "main")


def test_addresses_are_those_of_the_commit():
    assert SPELLINGS["rtdetr_v2_r101vd"].addresses == (
        "https://huggingface.co/PekingU/rtdetr_v2_r101vd/resolve/main/model.safetensors",
        "https://huggingface.co/PekingU/rtdetr_v2_r101vd/resolve/main/config.json",
    )


@pytest.mark.parametrize("entry", PUBLISHED_WEIGHTS, ids=lambda entry: entry.name)
def test_the_guide_s_table_has_a_row_of_each(entry):
    known = ("yes" if value else "no" for value in (entry.revision, entry.sha256))
    cells = (f"`{entry.name}`", entry.repository, f"{entry.size_mb:g}", entry.trained_on, f"`{entry.contract}.yaml`")
    page = (REPOSITORY / "docs/how-to/start-from-published-weights.md").read_text()
    assert f"| {' | '.join((*cells, *known))} |" in page
