import io
import json

import pytest

from yolozu.cli.render import aligned, counted, number, say, say_json, shortened, show_findings, table, wrapped
from yolozu.errors import Finding

FINDINGS = [
    Finding("YZ102", "exp.yaml:4: weight_deacy", "unknown key", "did you mean 'weight_decay'?"),
    Finding("YZ111", "exp.yaml:5: momentum", "no effect [here]", "drop it", severity="warning"),
]
PLAIN = (
    "exp.yaml:4: weight_deacy: YZ102 unknown key\n  fix: did you mean 'weight_decay'?\n"
    "exp.yaml:5: momentum: warning: YZ111 no effect [here]\n  fix: drop it\n"
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_findings_are_plain_where_nobody_looks():
    stream = io.StringIO()
    show_findings(FINDINGS, stream)
    assert stream.getvalue() == PLAIN


def test_findings_are_red_and_yellow_on_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    show_findings(FINDINGS, stream)
    assert stream.getvalue() == (
        "\x1b[31mexp.yaml:4: weight_deacy: YZ102 unknown key\x1b[0m\n  fix: did you mean 'weight_decay'?\n"
        "\x1b[33mexp.yaml:5: momentum: warning: YZ111 no effect [here]\x1b[0m\n  fix: drop it\n"
    )


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colors_can_be_turned_off(monkeypatch, name, value):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    stream = Terminal()
    show_findings(FINDINGS, stream)
    assert stream.getvalue() == PLAIN


def test_a_table_is_as_wide_as_it_needs():
    assert (
        table(("key", "value"), [("lr", "0.1"), ("batch_size", "16")])
        == "key         value\nlr          0.1\nbatch_size  16"
    )


def test_a_table_gives_way_where_it_is_widest_and_origins_keep_their_line():
    text = table(("key", "value", "origin"), [("lr", "x" * 30, "configs/examples/exp.yaml:12")], width=40)
    assert text == "key  value             origin\nlr   xxxxxxxxxxxxxxx…  …ples/exp.yaml:12"
    assert max(len(line) for line in text.splitlines()) <= 40


def test_counts_know_one_from_several():
    assert [counted(number, "image") for number in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
    assert counted(2, "class", "classes") == "2 classes"


def test_paragraphs_are_wrapped_between_words_and_keep_long_ones_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    text = wrapped(f"fix: divide it by 1000, then look at {'x' * 30}", indent="  ", hanging="    ")
    assert text == f"  fix: divide it by\n    1000, then look at\n    {'x' * 30}"


def test_long_names_keep_their_ends():
    assert shortened(["a/b/one.json", "a/b/two.json"], 20) == ["one.json", "two.json"]
    assert shortened(["a/one.json", "b/one.json"], 20) == ["a/one.json", "b/one.json"]
    assert shortened(["a-name-of-forty-letters-or-so.json"], 13) == ["a-na…-so.json"]


def test_numbers_stand_at_the_right_and_titles_leave_a_space():
    assert aligned("a longer name", [number(None), number(0.25, 1, "+")], 8, (4, 6)) == "a long…    -  +0.2"
    assert aligned("short", [number(0.5), "7"], 8, 7) == "short    0.5000      7"
    assert table(("part", "n"), [("a", "7"), ("b", "1,024")], numbers=True) == "part      n\na         7\nb     1,024"


STRANGE = "ü\t\x1b[31m\x9b2J\x7f\ud800"


def test_what_a_terminal_would_obey_is_printed_as_its_escapes(capsys):
    say(STRANGE)
    assert capsys.readouterr().out == "ü\t\\x1b[31m\\x9b2J\\x7f\\ud800\n"


def test_json_that_is_printed_means_what_it_meant(capsys):
    text = json.dumps({STRANGE: [STRANGE]}, indent=2, ensure_ascii=False)
    say_json(text)
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads(text)
    assert printed == text.replace("\x9b", "\\u009b").replace("\x7f", "\\u007f").replace("\ud800", "\\ud800") + "\n"
