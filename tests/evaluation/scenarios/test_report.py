from yolozu.evaluation.scenarios.report import Deltas, Numbers, ScenarioRow


def test_every_number_has_a_delta_and_stands_in_a_row():
    assert list(Deltas.model_fields) == list(Numbers.model_fields)
    assert set(Numbers.model_fields) < set(ScenarioRow.model_fields)
