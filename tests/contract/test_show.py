import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.contract.loader import contract_digest, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.show import entry_rows, recorded_rows, rows, to_yaml
from yolozu.contract.strict.slots import keys

TEXT = """config_version: 1
run_id: "123"
dataset_root: synthetic
seed: 0
device: cpu
ddp: false
amp: none
max_steps: 100
lr: 1.0e-7
scheduler: multistep
scheduler_milestones: 10,20
image_size: [320, 640]
require: {map50: ">= 0.3", ar1: "> 0"}
model: {backbone: {name: tiny_cnn}}
"""


def test_the_resolved_contract_is_a_strict_contract_of_the_same_meaning(load):
    loaded = load(TEXT, "weight_decay=0")
    again = load(to_yaml(loaded), name="config_resolved.yaml")
    assert again.contract == loaded.contract
    assert contract_digest(again.contract) == contract_digest(loaded.contract)
    assert again.strict
    assert again.warnings == ()
    assert set(again.explicit) >= set(keys()) - {"model", "loss_weights", "require"}


def test_a_dead_key_that_was_set_stays_a_warning_in_the_resolved_contract(load):
    again = load(to_yaml(load(TEXT, "momentum=0.5")), name="config_resolved.yaml")
    assert [finding.code for finding in again.warnings] == ["YZ111"]


def test_every_value_carries_its_origin(load):
    lines = to_yaml(load(TEXT, "weight_decay=0.5")).splitlines()
    assert 'run_id: "123"                            # exp.yaml:2' in lines
    assert "lr: 1.0e-07                              # exp.yaml:9" in lines
    assert "weight_decay: 0.5                        # weight_decay=0.5" in lines
    assert "momentum: 0.9                            # default" in lines
    assert "scheduler_milestones: [10, 20]           # exp.yaml:11" in lines
    assert "    name: tiny_cnn                       # exp.yaml:14" in lines
    assert '  map50: ">= 0.3"                        # exp.yaml:13' in lines


def test_an_origin_cannot_break_out_of_its_comment(load):
    loaded = load_contract(load(TEXT).path, [Override("lr", 0.5, "lr=0.5\nddp: true")])
    assert "lr: 0.5                                  # lr=0.5\\nddp: true" in to_yaml(loaded).splitlines()


def test_rows_name_every_key_with_a_value_once(load):
    names = [row.key for row in rows(load(TEXT))]
    assert len(names) == len(set(names))
    assert {"lr", "model.backbone.args.width_mult", "loss_weights.vfl", "require"} <= set(names)
    assert "model" not in names


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    root=st.text(st.characters(exclude_categories=["C"], exclude_characters="~$"), min_size=1),
    lr=st.floats(min_value=0, allow_infinity=False, allow_nan=False),
    split=st.sampled_from(
        ["yes", "no", "null", "1e5", "0x1", "2024-01-01", "~", "- a", "# x", "a: b", "'", '"', "on", ".5"]
    ),
)
def test_any_values_come_back(tmp_path_factory, root, lr, split):
    given_values = [("dataset_root", root), ("lr", lr), ("split", split), ("epochs", 1)]
    loaded = load_contract(None, [Override(key, value, f"{key}={value}") for key, value in given_values])
    path = tmp_path_factory.getbasetemp() / "back.yaml"
    path.write_text(to_yaml(loaded), encoding="utf-8")
    assert load_contract(path).contract == loaded.contract


def test_a_map_has_the_places_where_its_entries_were_given(load):
    loaded = load("epochs: 2\nrequire: {map50: '>= 0.3'}\n", "require.ar1=> 0", name="exp.yaml")
    (whole,) = (row for row in rows(loaded) if row.key == "require")
    assert whole.origin == "exp.yaml:2, require.ar1=> 0"
    assert [(row.key, row.origin) for row in entry_rows(loaded) if row.key.startswith("require")] == [
        ("require.map50", "exp.yaml:2"),
        ("require.ar1", "require.ar1=> 0"),
    ]
    assert [row.origin for row in entry_rows(load("epochs: 2\n")) if row.key.startswith("require")] == ["default"]


def test_the_origins_that_a_resolved_contract_notes_are_read_from_it(load):
    loaded = load(TEXT, "weight_decay=0.5")
    text = to_yaml(loaded)
    again = load(text, name="config_resolved.yaml")
    assert recorded_rows(again, text) == entry_rows(loaded)
