import pytest

from tests.data.builders import write_file
from yolozu.data.readers.xml_file import read_xml, text_at


def test_the_root_is_read_and_so_are_texts_below_it(tmp_path):
    root = read_xml(write_file(tmp_path / "a.xml", "<a><b><c> x </c></b><d/></a>"), "a")
    assert text_at(root, "b/c") == "x"
    for place in ("d", "e"):
        with pytest.raises(ValueError, match=f"has no {place}"):
            text_at(root, place)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<b/>", "holds <b> where <a> is expected"),
        ("<a>", "is no XML: "),
        ("", "is no XML: no element found"),
        ('<?xml version="1.0" encoding="utfnan"?><a/>', "is no XML: unknown encoding: utfnan"),
    ],
)
def test_what_is_something_else_is_refused(tmp_path, text, problem):
    with pytest.raises(ValueError, match=problem):
        read_xml(write_file(tmp_path / "a.xml", text), "a")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        read_xml(tmp_path / "a.xml", "a")


def test_entities_that_explode_are_refused(tmp_path):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE a [<!ENTITY e0 "lol">{levels}]><a>&e11;</a>'
    with pytest.raises(ValueError, match=r"is no XML: .*amplification"):
        read_xml(write_file(tmp_path / "a.xml", text), "a")
