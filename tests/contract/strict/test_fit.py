from yolozu.contract.strict.fit import fit
from yolozu.contract.text.yaml import read_yaml_text


def fitted(text):
    root, _ = read_yaml_text(text, "exp.yaml")
    problems = fit(root)
    return root.plain(), [problem.finding.where for problem in problems]


def test_unknown_keys_are_taken_out_at_every_depth():
    assert fitted("lr: 1\nx: 1\nmodel: {y: 1, encoder: {z: 1, num_heads: 4}}\n") == (
        {"lr": 1, "model": {"encoder": {"num_heads": 4}}},
        ["exp.yaml:2: x", "exp.yaml:3: model.y", "exp.yaml:3: model.encoder.z"],
    )


def test_comma_texts_and_lone_numbers_become_lists():
    assert fitted("scheduler_milestones: 1, 2\n")[0] == {"scheduler_milestones": [1, 2]}
    assert fitted("scheduler_milestones: 5\n")[0] == {"scheduler_milestones": [5]}
    assert fitted("image_size: 64\n")[0] == {"image_size": 64}
    assert fitted("image_size: 64,96\n")[0] == {"image_size": [64, 96]}
    assert fitted("scheduler_milestones: true\n")[0] == {"scheduler_milestones": True}
