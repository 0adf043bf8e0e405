from yolozu.contract.diff import differences


def test_what_resolves_differently_is_named_with_section_and_origins(load):
    before = load("epochs: 2\nlr: 0.1\nnum_workers: 0\n", name="a.yaml")
    after = load("lr: 0.2\nmodel: {num_queries: 9}\nepochs: 2\n", "max_images=5", name="b.yaml")
    assert [
        (entry.key, entry.section, entry.before.value, entry.before.origin, entry.after.value, entry.after.origin)
        for entry in differences(before, after)
    ] == [
        ("model.num_queries", "model", "300", "default", "9", "b.yaml:2"),
        ("lr", "optim", "0.1", "a.yaml:2", "0.2", "b.yaml:1"),
        ("max_images", "predict", "null", "default", "5", "max_images=5"),
    ]


def test_spelling_a_default_changes_nothing(load):
    assert differences(load("epochs: 2\n", name="a.yaml"), load("epochs: 2\nlr: 1e-4\n", name="b.yaml")) == []


def test_a_map_is_named_with_its_place(load):
    pair = load("epochs: 2\n", name="a.yaml"), load("epochs: 2\nsymmetries: {tin: z}\n", name="b.yaml")
    (entry,) = differences(*pair)
    assert (entry.key, entry.before.origin, entry.after.origin) == ("symmetries", "default", "b.yaml:2")
