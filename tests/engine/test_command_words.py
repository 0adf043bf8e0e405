import pytest

from yolozu.engine.command_words import parse_words
from yolozu.errors import UsageError


def test_words_are_sorted_by_what_they_are():
    words = parse_words(["exp.yaml", "eval", "lr=0.1", "run_id=exp01", "forget=epochs,seed"])
    assert (words.config, words.run_id, words.names, words.forget) == (
        "exp.yaml",
        "exp01",
        ["evaluate"],
        ["epochs", "seed"],
    )
    assert [(override.key, override.value) for override in words.given] == [("lr", 0.1)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["evla"],
            "evla: YZ310 is no contract file (.yaml, .yml, .json), no KEY=VALUE and no stage\n"
            "  fix: did you mean 'eval'?",
        ),
        (
            ["a.yaml", "config=b.yaml"],
            "config=b.yaml: YZ310 config is given twice, also as 'a.yaml'\n  fix: leave one of them out",
        ),
    ],
)
def test_a_word_that_means_nothing_is_one_message(words, text):
    with pytest.raises(UsageError) as caught:
        parse_words(words)
    assert str(caught.value) == text


def test_a_run_may_be_named_by_its_directory():
    assert parse_words(["run_dir=out/exp01"]).run_dir == "out/exp01"


def test_the_contract_and_the_directory_of_a_run_may_be_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = parse_words(["config=~/exp.yaml", "run_dir=~/runs/a", "run_id=~"])
    assert (words.config, words.run_dir, words.run_id) == (f"{tmp_path}/exp.yaml", f"{tmp_path}/runs/a", "~")
    with pytest.raises(UsageError, match=r"YZ292 ~no-such-user/exp\.yaml: there is no home directory ~no-such-user"):
        parse_words(["config=~no-such-user/exp.yaml"])


@pytest.mark.parametrize(("word", "expected"), [("paranoid=true", True), ("paranoid=false", False), ("lr=0.1", False)])
def test_paranoid_is_a_word_of_the_command_and_no_key(word, expected):
    words = parse_words([word])
    assert (words.paranoid, [override.key for override in words.given]) == (expected, ["lr"] * (word == "lr=0.1"))


def test_paranoid_is_true_or_false():
    with pytest.raises(UsageError) as refused:
        parse_words(["paranoid=very"])
    assert str(refused.value) == (
        "paranoid=very: YZ856 is neither true nor false\n"
        "  fix: write paranoid=true to have every file read, or leave it out"
    )
