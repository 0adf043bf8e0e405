import pickle

from yolozu.contract.base import Conflict


def test_a_conflict_says_problem_and_fix_and_survives_pickling():
    conflict = Conflict("a", "b", problem="a and b", fix="drop one", code="YZ104")
    again = pickle.loads(pickle.dumps(conflict))
    assert str(again) == "a and b; drop one"
    assert (again.keys, again.problem, again.fix, again.code) == (("a", "b"), "a and b", "drop one", "YZ104")


def test_a_conflicts_keys_nest_at_dots_except_in_names_of_requirements():
    conflict = Conflict("lr", "model.encoder.num_heads", "require.a.b", problem="", fix="")
    assert conflict.paths == [("lr",), ("model", "encoder", "num_heads"), ("require", "a.b")]
