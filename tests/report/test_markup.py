"""What is text stays text."""

import pytest

from yolozu.report.markup import Markup, element, joined


def test_text_and_attributes_are_escaped_and_markup_is_not():
    inner = element("b", '1 < 2 & "3"')
    assert inner == Markup('<b>1 &lt; 2 &amp; "3"</b>')
    assert element("p", inner, None, " it's", title='a"b<c', class_="n") == Markup(
        '<p title="a&quot;b&lt;c" class="n"><b>1 &lt; 2 &amp; "3"</b> it\'s</p>'
    )


def test_attributes_without_a_value_and_with_dashes():
    assert str(element("input", disabled=True, hidden=False, alt=None, aria_label="x")) == (
        '<input disabled aria-label="x"></input>'
    )


def test_an_element_without_content_has_no_end():
    assert str(element("img", src="data:,", alt="")) == '<img src="data:," alt="">'
    with pytest.raises(AssertionError):
        element("br", "text")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x00b", r"a\u0000b"), ("\u202egpj", r"\u202egpj"), ("\udcff", r"\udcff"), ("ä 猫 🙂", "ä 猫 🙂")],
)
def test_what_html_does_not_have_or_would_turn_around_is_an_escape(text, shown):
    assert str(joined(text)) == shown
    assert str(element("i", title=text)) == f'<i title="{shown}"></i>'
