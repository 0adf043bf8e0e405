import pytest

from yolozu.artifacts.record import Record, read_record, schema_of, write_record
from yolozu.errors import InputError


class Size(Record):
    """A size."""

    width: int
    """In px."""

    height: int
    """In px."""


def test_a_record_reads_as_it_was_written(tmp_path):
    write_record(tmp_path / "size.json", Size(width=3, height=4))
    assert read_record(tmp_path / "size.json", Size, code="YZ607", fix="mend it") == Size(width=3, height=4)


def test_every_field_that_is_wrong_is_a_finding(tmp_path):
    (tmp_path / "size.json").write_text('{"width": "3", "depth": 1}')
    with pytest.raises(InputError) as caught:
        read_record(tmp_path / "size.json", Size, code="YZ607", fix="mend it")
    places = [(finding.code, finding.where, finding.fix) for finding in caught.value.findings]
    where = f"{tmp_path / 'size.json'}: "
    assert sorted(places) == [("YZ607", f"{where}{name}", "mend it") for name in ("depth", "height", "width")]


def test_docstrings_are_the_schemas_descriptions():
    schema = schema_of(Size)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["width"] == {"description": "In px.", "title": "Width", "type": "integer"}
