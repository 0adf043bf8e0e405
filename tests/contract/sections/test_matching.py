def test_matching_needs_a_cost(refusal):
    assert refusal("epochs: 1\ncost_class: 0\ncost_bbox: 0\ncost_giou: 0\n").splitlines()[0] == (
        "exp.yaml:2: cost_class: YZ105 all matching costs are 0 (cost_bbox: exp.yaml:3, cost_giou: exp.yaml:4)"
    )


def test_without_the_matcher_all_costs_may_be_zero(load):
    assert load("epochs: 1\nuse_matcher: false\ncost_class: 0\ncost_bbox: 0\ncost_giou: 0\n").contract


def test_costs_of_poses_are_no_costs_for_objects_without_one(refusal):
    """Proposals say no pose either, and are matched all the same."""
    text = "epochs: 1\ncost_class: 0\ncost_bbox: 0\ncost_giou: 0\ncost_z: 1\n"
    assert "cost_class: YZ105 all matching costs are 0" in refusal(text)
