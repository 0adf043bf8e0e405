"""The document around the sections."""

from tests.report.html_reading import read_page
from yolozu.report.markup import Markup
from yolozu.report.page import Section, details, number, page, table


def test_the_contents_lead_to_the_sections():
    read = read_page(page("Run <a>", ["lead"], [Section("one", "One & only", Markup("<p>text</p>"))]))
    assert (read.title, read.ids) == ("Run <a> · yolozu", ["content", "one", "one-title"])
    assert read.links == ["data:,", "#content", "#one"]
    assert read.text.count("One & only") == 2


def test_a_table_has_headings_and_numbers_to_the_right():
    assert str(table(["class", "AP"], [["cat", "0.5"]], name="Classes")) == (
        '<div class="scroll" role="region" aria-label="Classes" tabindex="0"><table><thead><tr>'
        '<th scope="col">class</th><th scope="col" class="n">AP</th></tr></thead><tbody><tr>'
        '<th scope="row">cat</th><td class="n">0.5</td></tr></tbody></table></div>'
    )


def test_details_are_closed():
    assert str(details("More", "text")) == "<details><summary>More</summary>text</details>"


def test_what_was_not_measured_is_a_dash():
    assert (number(None), number(0.12345), number(12.34, ".1f")) == ("–", "0.123", "12.3")
