import pytest

REFUSED = {
    "no own scale": (
        "tta_scales: [0.8, 1.25]\n",
        "exp.yaml:2: tta_scales: YZ105 1, the network's own view, is not among [0.8, 1.25]\n"
        "  fix: add 1: other views are fused with it",
    ),
    "no upright view": (
        "tta_rotations_deg: [-5, 5]\n",
        "exp.yaml:2: tta_rotations_deg: YZ105 0, the network's own view, is not among [-5, 5]\n"
        "  fix: add 0: other views are fused with it",
    ),
    "twice the same": (
        "tta_scales: [1, 0.5, 0.5]\n",
        "exp.yaml:2: tta_scales: YZ105 a view stands twice in [1, 0.5, 0.5]\n  fix: name every view once",
    ),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED)
def test_views_are_the_networks_own_and_further_ones(refusal, line, said):
    assert refusal(f"epochs: 1\n{line}") == said


@pytest.mark.parametrize("line", ["tta_scales: [1, 0.1]", "tta_scales: [1, 5]", "tta_rotations_deg: [0, 181]"])
def test_views_are_those_a_network_can_make_something_of(refusal, line):
    assert f"{line.partition(':')[0]}[1]: YZ" in refusal(f"epochs: 1\n{line}\n")
