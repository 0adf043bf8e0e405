def test_replaying_needs_an_earlier_training(refusal):
    assert refusal("epochs: 1\nreplay_share: 0.5\n") == (
        "exp.yaml:2: replay_share: YZ105 there is no earlier training whose images could be replayed "
        "(continual_from: default)\n"
        "  fix: set continual_from to a run that has replay_images, or drop replay_share"
    )


def test_a_batch_of_one_has_no_room_for_two(refusal):
    text = "epochs: 1\nbatch_size: 1\nmodel: {backbone: {norm: gn}, encoder: {norm: gn}}\nreplay_share: 0.5\ncontinual_from: a\n"  # noqa: E501
    assert "YZ105 a batch of one image has no room for a new and a replayed one" in refusal(text)


def test_stored_outputs_are_replayed_ones_or_those_of_a_directory(refusal, load):
    assert refusal("epochs: 1\nderpp: true\n").startswith("exp.yaml:2: derpp: YZ105 no image has stored outputs")
    assert load("epochs: 1\nderpp: true\nderpp_teacher_key: teachers\n").contract
    assert load("epochs: 1\nderpp: true\ncontinual_from: a\nreplay_share: 0.5\n").contract
