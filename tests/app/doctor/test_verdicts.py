import pytest

from yolozu.app.doctor.verdicts import Verdict, exit_code


@pytest.mark.parametrize(("states", "code"), [([], 0), (["ok", "warning"], 0), (["ok", "wrong"], 1)])
def test_only_what_is_wrong_fails(states, code):
    assert exit_code([Verdict("x", state, "said") for state in states]) == code
