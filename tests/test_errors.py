import pickle

import pytest

from yolozu.errors import ContractError, Finding, GateFailed, InputError, Interrupted, UsageError, YolozuError


def test_a_finding_is_two_lines():
    finding = Finding("YZ102", "exp.yaml:4: weight_deacy", "unknown key", "did you mean 'weight_decay'?")
    assert finding.render() == "exp.yaml:4: weight_deacy: YZ102 unknown key\n  fix: did you mean 'weight_decay'?"


def test_a_warning_says_so():
    finding = Finding("YZ110", "exp.yaml:4: momentum", "has no effect", "set optimizer: sgd", "warning")
    assert finding.render().startswith("exp.yaml:4: momentum: warning: YZ110 has no effect\n")


def test_an_error_shows_all_its_findings():
    error = InputError([Finding("YZ201", "a:1", "bad", "mend"), Finding("YZ202", "b:2", "worse", "mend")])
    assert str(error) == "a:1: YZ201 bad\n  fix: mend\nb:2: YZ202 worse\n  fix: mend"


@pytest.mark.parametrize(
    ("kind", "code"), [(ContractError, 2), (UsageError, 2), (InputError, 2), (GateFailed, 1), (Interrupted, 75)]
)
def test_exit_codes_are_the_documented_ones(kind, code):
    error = kind.one("YZ901", where="here", problem="no", fix="yes")
    assert type(error) is kind
    assert error.exit_code == code


def test_errors_travel_between_processes():
    error = GateFailed.one("YZ602", where="here", problem="no", fix="yes")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.findings) == (GateFailed, error.findings)


def test_an_error_without_a_finding_is_a_mistake_of_ours():
    with pytest.raises(AssertionError):
        YolozuError([])


def test_what_no_terminal_shows_is_escaped():
    finding = Finding("YZ284", "a\x1b[31m/\udce9", "is\x00no UTF-8", "rename it")
    assert finding.render() == r"a\x1b[31m/\udce9: YZ284 is\x00no UTF-8" + "\n  fix: rename it"
