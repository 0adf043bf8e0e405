import pytest


@pytest.mark.parametrize("gate", [">= 0.3", ">0", "<= 1e-3", "< -1.5"])
def test_gates(load, gate):
    assert load(f'epochs: 1\nrequire: {{map50: "{gate}"}}\n').contract.evaluate.require == {"map50": gate}


def test_gates_on_poses(load, refusal):
    gates = {"add_01d": ">= 0.5", "rot_deg_median": "< 5"}
    written = "".join(f'  {name}: "{gate}"\n' for name, gate in gates.items())
    assert load(f"epochs: 1\nrequire:\n{written}").contract.evaluate.require == gates
    assert refusal('epochs: 1\nrequire: {rot_deg_mediann: "< 5"}\n') == (
        "exp.yaml:2: require.rot_deg_mediann: YZ104 no metric is called 'rot_deg_mediann'\n"
        "  fix: did you mean 'rot_deg_median'?"
    )


@pytest.mark.parametrize("gate", ["= 0.3", "0.3", ">= x", ""])
def test_what_is_no_gate(refusal, gate):
    assert "exp.yaml:2: require.map50: YZ104 must be a comparison" in refusal(
        f'epochs: 1\nrequire: {{map50: "{gate}"}}\n'
    )


def test_a_gate_on_no_metric_with_a_dot_in_its_name(refusal):
    assert refusal('epochs: 1\nrequire: {a.b: ">= 1"}\n').startswith(
        "exp.yaml:2: require.'a.b': YZ104 no metric is called 'a.b'\n  fix: choose among map50_95,"
    )
