def test_matching_needs_a_cost(refusal):
    assert refusal("epochs: 1\ncost_class: 0\ncost_bbox: 0\ncost_giou: 0\n").splitlines()[0] == (
        "exp.yaml:2: cost_class: YZ105 all matching costs are 0 (cost_bbox: exp.yaml:3, cost_giou: exp.yaml:4)"
    )


def test_without_the_matcher_all_costs_may_be_zero(load):
    assert load("epochs: 1\nuse_matcher: false\ncost_class: 0\ncost_bbox: 0\ncost_giou: 0\n").contract


def test_training_needs_a_loss(refusal):
    assert refusal("epochs: 1\nloss_weights: {vfl: 0, bbox: 0, giou: 0}\n") == (
        "exp.yaml:2: loss_weights: YZ105 all loss weights are 0\n  fix: raise one of them"
    )
