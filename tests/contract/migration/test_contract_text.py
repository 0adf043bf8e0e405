"""Single keys change, every other character stays; what cannot be done so is refused with its place."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolozu.contract.migration.contract_text import ContractText
from yolozu.contract.text.yaml import read_yaml_text

WRITTEN = """\
# A contract.
config_version: 1   # the first
lr:   0.001  # with three blanks
"wd": 1.0e-4

model:
  # inside
  backbone: {name: tiny_cnn, args: {width_mult: 0.5}}  # one line
  num_queries: 12
milestones:
  - 1
  - 2
# about seed
seed: 0
note: >-
  two
  lines
amp:
"""


def changed(text, change, file="exp.yaml"):
    contract = ContractText(text, file)
    change(contract)
    contract.apply()
    return contract.text, [problem.finding.render() for problem in contract.refused]


def test_an_anchor_may_stand_twice():
    text = "lr: &a 0.1\nseed: &a 1\nepochs: *a\n"
    assert changed(text, lambda contract: contract.remove(("lr",))) == ("seed: &a 1\nepochs: *a\n", [])


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (lambda c: c.rename(("lr",), "rate"), "lr:   0.001  #", "rate:   0.001  #"),
        (lambda c: c.rename(("wd",), "decay"), '"wd": 1', '"decay": 1'),
        (lambda c: c.replace(("lr",), 0.5), "lr:   0.001  #", "lr:   0.5  #"),
        (lambda c: c.replace(("amp",), "none"), "amp:\n", "amp: none\n"),
        (lambda c: c.replace(("seed",), "a: b"), "seed: 0", 'seed: "a: b"'),
        (lambda c: c.replace(("milestones",), 3), "milestones:\n  - 1\n  - 2\n", "milestones:\n  3\n"),
        (lambda c: c.rename(("model", "backbone", "args"), "keys"), "args: {w", "keys: {w"),
        (lambda c: c.replace(("model", "backbone", "args", "width_mult"), 1), "width_mult: 0.5", "width_mult: 1"),
        (lambda c: c.remove(("model", "backbone", "name")), "{name: tiny_cnn, args", "{args"),
        (lambda c: c.remove(("model", "backbone", "args")), ", args: {width_mult: 0.5}}", "}"),
        (lambda c: c.remove(("lr",)), "lr:   0.001  # with three blanks\n", ""),
        (lambda c: c.remove(("milestones",)), "milestones:\n  - 1\n  - 2\n", ""),
        (lambda c: c.remove(("note",)), "note: >-\n  two\n  lines\n", ""),
        (lambda c: c.remove(("amp",)), "amp:\n", ""),
        (lambda c: c.add(("model", "pose"), False), "  backbone", "  pose: false\n  backbone"),
        (lambda c: c.add(("model", "backbone", "norm"), "bn"), "{name", "{norm: bn, name"),
        (lambda c: c.add(("ddp",), False, before=("seed",)), "seed: 0", "ddp: false\nseed: 0"),
    ],
)
def test_one_key_changes_and_nothing_else(change, before, after):
    assert changed(WRITTEN, change) == (WRITTEN.replace(before, after), [])


def test_json_and_other_line_ends_stay_what_they_are():
    text = '{\r\n\t"batch": 3, "lr": 0.1,\r\n\t"a": {"b": [1]}\r\n}'
    assert changed(text, lambda c: (c.rename(("batch",), "size"), c.replace(("a", "b"), None)), "exp.json") == (
        '{\r\n\t"size": 3, "lr": 0.1,\r\n\t"a": {"b": null}\r\n}',
        [],
    )
    assert changed("a: 1\r\nb: 2\r\n", lambda c: c.add(("z",), 0))[0] == "z: 0\r\na: 1\r\nb: 2\r\n"


def test_several_changes_are_made_at_once():
    def change(c):
        c.rename(("a",), "x")
        c.replace(("a",), 5)
        c.remove(("b",))
        c.add(("z",), 0)

    assert changed("a: 1 # one\nb: 2 # two\nc: 3\n", change) == ("z: 0\nx: 5 # one\nc: 3\n", [])


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        (
            "a: 1\nb: 2\n",
            lambda c: c.rename(("a",), "b"),
            "exp.yaml:1: a: YZ369 means b, which is written, too\n  fix: keep one of the two",
        ),
        (
            "a: &x 1\nb: *x\n",
            lambda c: c.replace(("b",), 2),
            "exp.yaml:2: b: YZ368 shares its value with other keys (& or *)\n  fix: write the values out",
        ),
        (
            "m:\n  a: 1\n",
            lambda c: c.remove(("m", "a")),
            "exp.yaml:2: m.a: YZ368 is the only key there\n"
            "  fix: change it by hand, as docs/explanation/evolution.md says, and run the command again",
        ),
        (
            "a: &x 1\nb: *x\n",
            lambda c: c.remove(("a",)),
            "exp.yaml:1: YZ368 is laid out so that its keys cannot be changed alone\n"
            "  fix: change it by hand, as docs/explanation/evolution.md says, and run the command again",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_the_text(text, change, said):
    assert changed(text, change) == (text, [said])


def test_a_refusal_names_the_line_of_the_original_file():
    contract = ContractText("a: 1\nb: 2\nc: 3\n", "exp.yaml")
    contract.remove(("a",))
    contract.add(("x",), 0)
    contract.add(("y",), 0)
    contract.apply()
    contract.refuse(("c",), "is unclear", "say it")
    contract.refuse(("y",), "is unclear", "say it")
    assert [problem.finding.where for problem in contract.refused] == ["exp.yaml:3: c", "exp.yaml: y"]


SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.text("ab#:' é", max_size=4), st.none())
MAPS = st.dictionaries(st.sampled_from("abcdefg"), SCALARS, min_size=2, max_size=5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(MAPS, SCALARS, st.data())
def test_whatever_is_written_means_what_was_asked_for(values, value, data):
    from yolozu.contract.text.scalars import write_flow, write_scalar

    flow = data.draw(st.booleans())
    text = (
        write_flow(values)
        if flow
        else "".join(f"{key}: {write_scalar(entry)} # {key}\n" for key, entry in values.items())
    )
    key, other = data.draw(st.permutations(sorted(values)))[:2]
    result, refused = changed(text, lambda c: (c.replace((key,), value), c.remove((other,)), c.add(("new",), value)))
    expected = {**values, key: value, "new": value}
    del expected[other]
    assert refused == []
    assert read_yaml_text(result, "x")[0].plain() == expected
