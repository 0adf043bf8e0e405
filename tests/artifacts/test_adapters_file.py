"""Adapters by themselves: what is written comes back, equal ones are equal files, and other files are told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.fixtures.exported import CLASSES, random_checkpoint
from yolozu.artifacts.adapters_file import Adapters, digest_of_base, read_adapters, write_adapters
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.errors import InputError

ADAPTERS = Adapters(
    model_config={"num_queries": 7, "lora": {"rank": 2}},
    classes=CLASSES,
    preprocess={"height": 64},
    contract_digest="c" * 64,
    step=4,
    epoch=1,
    metrics={"map50_95": 0.25},
    base_sha256="b" * 64,
    tensors={"a.lora_up.weight": torch.ones(3, 2), "a.lora_down.weight": torch.arange(8.0).view(2, 4)},
)


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_adapters(path)
    return str(caught.value)


def test_what_is_written_comes_back(tmp_path):
    write_adapters(tmp_path / "a.pt", ADAPTERS)
    found = read_adapters(tmp_path / "a.pt")
    assert replace(found, tensors={}) == replace(ADAPTERS, tensors={})
    assert {name: value.tolist() for name, value in found.tensors.items()} == {
        name: value.tolist() for name, value in ADAPTERS.tensors.items()
    }
    assert found.source == str(tmp_path / "a.pt")


def test_equal_adapters_are_equal_files(tmp_path):
    other = replace(ADAPTERS, tensors=dict(reversed(ADAPTERS.tensors.items())))
    for name, adapters in (("a.pt", ADAPTERS), ("b.pt", other)):
        write_adapters(tmp_path / name, adapters)
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_a_digest_tells_names_shapes_types_and_bits():
    ones = torch.ones(2, 3)
    digests = [
        digest_of_base(tensors)
        for tensors in (
            {"a": ones}, {"b": ones}, {"a": ones.view(3, 2)}, {"a": ones.double()}, {"a": ones + 1e-7},
            {"a": torch.zeros(2, 3, dtype=torch.bfloat16)}, {"a": torch.tensor(3)},
        )
    ]  # fmt: skip
    assert len({*digests}) == len(digests)
    assert digest_of_base({"b": ones, "a": ones}) == digest_of_base({"a": ones, "b": ones})
    assert digest_of_base({"a": ones.t().contiguous().t()}) == digests[0]


def test_a_checkpoint_is_told_apart(tmp_path):
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0))
    assert refusal(tmp_path / "best.pt") == (
        f"{tmp_path}/best.pt: YZ473 holds no adapters by themselves\n"
        "  fix: give a file that `yolozu lora split` has written"
    )


def test_other_versions_and_contradictions_are_refused(tmp_path):
    write_adapters(tmp_path / "a.pt", ADAPTERS)
    payload = torch.load(tmp_path / "a.pt", weights_only=True)
    with (tmp_path / "new.pt").open("wb") as file:
        torch.save({**payload, "schema_version": 2}, file)
    assert refusal(tmp_path / "new.pt").splitlines()[0] == (
        f"{tmp_path}/new.pt: YZ474 adapters of schema version 2, this yolozu reads 1"
    )
    with (tmp_path / "odd.pt").open("wb") as file:
        torch.save({**payload, "header": "{}"}, file)
    assert "YZ474 adapters whose parts contradict each other: KeyError" in refusal(tmp_path / "odd.pt")


def test_a_cut_file_is_damaged_and_a_missing_one_is_missing(tmp_path):
    write_adapters(tmp_path / "a.pt", ADAPTERS)
    content = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[: len(content) // 2])
    assert "YZ474 adapters are damaged: " in refusal(tmp_path / "cut.pt")
    assert "YZ473 adapters cannot be read: " in refusal(tmp_path / "none.pt")
