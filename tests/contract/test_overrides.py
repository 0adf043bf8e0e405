import pytest

from yolozu.contract.overrides import Override, given_twice, parse_assignments
from yolozu.errors import ContractError


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("lr=1e-3", 1e-3),
        ("lr=0", 0),
        ("use_ema=true", True),
        ("max_steps=null", None),
        ("scheduler_milestones=10,20", "10,20"),
        ("scheduler_milestones=[10, 20]", [10, 20]),
        ("model={num_queries: 5}", {"num_queries": 5}),
        ("run_id=123", "123"),
        ("run_id=true", "true"),
        ("dataset_root=a: b # c", "a: b # c"),
        ('dataset_root="a b"', "a b"),
        ("predict_split=null", None),
        ("predict_split=", None),
        ("split=null", "null"),
        ("require.map50=>= 0.3", ">= 0.3"),
    ],
)
def test_values_are_yaml_and_texts_stay_texts(word, value):
    (override,) = parse_assignments([word])
    assert override.value == value
    assert type(override.value) is type(value)
    assert (override.key, override.origin) == (word.partition("=")[0], word)
    assert not override.is_flag


def test_all_words_that_cannot_be_used_are_named():
    with pytest.raises(ContractError) as caught:
        parse_assignments(["lr", "=3", "lr=[", "lr=0.1", "seed=!!int 3", "lr=0.2", "use_amp=true", "amp=none"])
    assert str(caught.value) == (
        "lr: YZ112 is no KEY=VALUE\n  fix: write it like lr=0.001\n"
        "=3: YZ112 is no KEY=VALUE\n  fix: write it like lr=0.001\n"
        "lr=[: YZ106 a value that ends too early\n  fix: close what is open\n"
        "seed=!!int 3: YZ107 the tag !!int is refused: a contract is plain data\n  fix: remove !!int\n"
        "lr=0.2: YZ112 lr was given before, as lr=0.1\n  fix: give it once\n"
        "amp=none: YZ112 amp was given before, as use_amp=true\n  fix: give it once"
    )


def test_flags_are_known_by_their_dashes():
    assert Override("lr", 0.1, "--lr").is_flag
    assert (
        given_twice([Override("model", "a.yaml", "--model"), Override("model_config", "b.yaml", "--model-config")])[
            0
        ].render()
        == "--model-config: YZ112 model was given before, as --model\n  fix: give it once"
    )


def test_paths_replace_other_spellings():
    assert Override("num_queries", 3, "num_queries=3").path == ("model", "num_queries")
    assert Override("model_config.num_queries", 3, "").path == ("model", "num_queries")
