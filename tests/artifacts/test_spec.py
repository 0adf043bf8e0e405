from yolozu.artifacts.spec import Change, changes


def test_changes_are_named_by_the_keys_a_user_writes_in_alphabetical_order():
    old = {"optim": {"lr": 0.1}, "model": {"model": {"encoder": {"num_layers": 1}}}, "loop": {"amp": "none"}}
    new = {"optim": {"lr": 0.2}, "model": {"model": {"encoder": {"num_layers": 2}}}, "loop": {"amp": "none"}}
    assert [change.render() for change in changes(old, new)] == ["lr: 0.1 → 0.2", "model.encoder.num_layers: 1 → 2"]


def test_equal_specs_have_no_change():
    assert changes({"optim": {"lr": 1.0}}, {"optim": {"lr": 1.0}}) == []


def test_keys_inside_maps_are_dotted_and_absent_ones_say_so():
    old = {"model": {"model": {"backbone": {"name": "cspresnet"}, "num_queries": 300}}, "losses": {}}
    new = {"model": {"model": {"backbone": {"name": "tiny_cnn"}, "num_queries": 300, "pose": True}}, "losses": {}}
    assert changes(old, new) == [
        Change("model.backbone.name", '"cspresnet"', '"tiny_cnn"'),
        Change("model.pose", "absent", "true"),
    ]


def test_an_emptied_map_is_a_change():
    assert changes({"evaluate": {"require": {"map50": "> 0"}}}, {"evaluate": {"require": {}}}) == [
        Change("require", "absent", "{}"),
        Change("require.map50", '"> 0"', "absent"),
    ]
