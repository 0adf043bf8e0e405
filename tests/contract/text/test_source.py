from pathlib import Path

import pytest

from yolozu.contract.text.source import MAX_BYTES, read_source
from yolozu.errors import ContractError


@pytest.fixture
def said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def said_about(name, data=None):
        if data is not None:
            Path(name).write_bytes(data)
        with pytest.raises(ContractError) as caught:
            read_source(Path(name))
        return str(caught.value)

    return said_about


def test_a_missing_file(said):
    assert said("exp.yaml") == "exp.yaml: YZ101 no such file\n  fix: check the path"


def test_a_missing_file_with_a_neighbor_of_a_similar_name(said, tmp_path):
    (tmp_path / "exp01.yaml").touch()
    assert said("exp1.yaml") == "exp1.yaml: YZ101 no such file\n  fix: did you mean 'exp01.yaml'?"


def test_a_link_that_leads_nowhere(said, tmp_path):
    (tmp_path / "exp.yaml").symlink_to("../gone.yaml")
    assert said("exp.yaml") == "exp.yaml: YZ101 links to ../gone.yaml, which is not there\n  fix: mend the link"


def test_a_directory(said, tmp_path):
    (tmp_path / "configs.yaml").mkdir()
    assert said("configs.yaml") == (
        "configs.yaml: YZ101 is a directory\n  fix: name a file in it, such as configs.yaml/contract.yaml"
    )


def test_another_suffix(said):
    assert said("exp.toml") == (
        "exp.toml: YZ101 is not named as YAML or JSON, got '.toml'\n  fix: name it .yaml, .yml or .json"
    )


def test_a_byte_order_mark(said):
    assert said("exp.yaml", b"\xef\xbb\xbflr: 1\n") == (
        "exp.yaml: YZ101 starts with a byte order mark\n  fix: save it as UTF-8 without BOM"
    )


def test_latin_1(said):
    assert said("exp.yaml", "lr: 1\nrun_id: caf\xe9\n".encode("latin-1")) == (
        "exp.yaml:2: YZ101 is no UTF-8 text (byte 0xe9)\n  fix: save it as UTF-8"
    )


def test_utf_16(said):
    assert (
        said("exp.yaml", "lr: 1".encode("utf-16"))
        == "exp.yaml: YZ101 is no UTF-8 text (UTF-16)\n  fix: save it as UTF-8"
    )


def test_nul(said):
    assert said("exp.yaml", b"lr: 1\n\0") == (
        "exp.yaml:2: YZ101 holds the control character U+0000\n  fix: remove that character"
    )


def test_a_file_that_is_too_large(said):
    assert (
        said("exp.yaml", b" " * (MAX_BYTES + 1)) == "exp.yaml: YZ101 is larger than 1 MiB\n  fix: is this a contract?"
    )


def test_a_path_that_cannot_be_one(said):
    assert (
        said("a\0.yaml")
        == "a\\x00.yaml: YZ101 cannot be read: embedded null byte\n  fix: check the path and its permissions"
    )
