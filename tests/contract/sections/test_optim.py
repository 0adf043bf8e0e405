def test_nesterov_needs_momentum(refusal):
    assert refusal("epochs: 1\noptimizer: sgd\nmomentum: 0\nnesterov: true\n") == (
        "exp.yaml:4: nesterov: YZ105 nesterov needs momentum above 0 (momentum: exp.yaml:3)\n"
        "  fix: drop nesterov or raise momentum"
    )


def test_milestones_rise(refusal):
    assert refusal("epochs: 1\nscheduler: multistep\nscheduler_milestones: 300,100,100\n") == (
        "exp.yaml:3: scheduler_milestones: YZ104 milestones must rise, got [300, 100, 100]\n  fix: write 100,300"
    )
