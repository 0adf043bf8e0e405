"""Names of a sweep's runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.sweep_names import name_of, run_names
from yolozu.paths import check_run_id


@pytest.mark.parametrize(
    ("run", "name"),
    [
        ({("lr",): 0.001, ("seed",): 2}, "lr0.001-seed2"),
        ({("seed",): 2, ("lr",): 0.001}, "lr0.001-seed2"),
        ({("model", "decoder", "num_layers"): 3}, "decoder.num_layers3"),
        (
            {("optimizer",): "sgd", ("use_ema",): True, ("max_steps",): None},
            "max_steps_null-optimizer_sgd-use_ema_true",
        ),
        ({("lr",): 1e-05}, "lr1e-05"),
        ({("lr",): 1.0}, "lr1"),
        ({("lr",): 0.12345678}, "lr_b1a4b1"),
        ({("dataset_root",): "data/a b"}, "dataset_root_12c5ea"),
        ({("betas",): [0.9, 0.99]}, "betas_09ae29"),
    ],
)
def test_a_name_says_the_values(run, name):
    assert name_of(run) == name


def test_what_is_too_long_ends_in_a_digest_of_all_values():
    long = {(f"a_rather_long_key_{number}",): 0 for number in range(4)}
    runs = [{**long, ("seed",): value} for value in (1, 2)]
    names = run_names("sweep", runs)
    assert len({name[:57] for name in names}) == 1
    assert len(set(names)) == 2
    assert {len(name) for name in names} == {64}


def test_two_keys_that_read_alike_are_told_apart():
    names = run_names("s", [{("model", "x"): 1}, {("x",): 1}, {("y",): 1}])
    assert len(set(names)) == 3
    assert names[2] == "s-y1"


VALUES = st.dictionaries(
    st.tuples(st.text(min_size=1)),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    max_size=3,
)


@given(st.sampled_from(["s", "a" * 64]), st.lists(VALUES, min_size=1, max_size=4))
def test_names_can_be_those_of_runs_in_whatever_order_the_file_has(prefix, runs):
    names = run_names(prefix, runs)
    for name in names:
        check_run_id(name, where="")
    turned = [dict(reversed(run.items())) for run in reversed(runs)]
    assert run_names(prefix, turned) == names[::-1]
