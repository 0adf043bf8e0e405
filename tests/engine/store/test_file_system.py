"""File systems that fsspec knows, and those whose drivers are not there."""

import gc
import sys
from importlib import import_module

import pytest

from yolozu.engine.store import file_system
from yolozu.engine.store.file_system import FileSystem, RemoteError, missing_for, one_line, protocol_of


def told(url):
    return [(finding.code, finding.problem, finding.fix) for finding in missing_for(url, where="here")]


def test_what_is_there_is_not_missed():
    assert protocol_of("s3://bucket/prefix") == "s3"
    assert told("file:///there") == told("memory://there") == []


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    problem = "a remote store needs the package fsspec, which is not installed"
    assert told("s3://b/p") == [("YZ740", problem, "pip install 'yolozu[remote]', or leave the remote store out")]


def test_without_a_driver_its_install_line_is_given(monkeypatch):
    monkeypatch.delitem(import_module("fsspec.registry")._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    problem = "the driver of s3:// is not installed (Install s3fs to access S3)"
    assert told("s3://b/p") == [("YZ742", problem, "pip install 'fsspec[s3]', or leave the remote store out")]


def test_a_protocol_that_nobody_knows_is_a_finding():
    fix = "write a URL such as s3://bucket/prefix; usual file systems: s3, gs, abfs, sftp, file"
    assert told("nosuch://b/p") == [("YZ741", "fsspec knows no file system 'nosuch'", fix)]


def test_what_a_library_says_is_one_short_line():
    assert one_line(OSError("a\n  b")) == "a b"
    assert one_line(OSError()) == "OSError"
    assert len(one_line(OSError("x" * 1000))) == 200


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    files = FileSystem(f"file://{tmp_path}/there")

    def blocks():
        yield b"one"
        raise KeyError

    with pytest.raises(KeyError):
        files.write("ab/x", blocks())
    assert files.names("ab") == []
    files.write("ab/x", iter([b"one", b"two"]))
    files.write("ab/x", iter([b"three"]))
    assert (files.names(), files.names("ab"), files.size("ab/x"), files.size("ab/y")) == (["ab"], ["x"], 5, None)
    assert list(files.blocks("ab/x", 2)) == [b"th", b"re", b"e"]


def test_what_is_not_there_and_what_cannot_be_asked_are_told_apart(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError):
        list(FileSystem(f"file://{tmp_path}").blocks("none", 1))
    with pytest.raises(RemoteError):
        list(FileSystem(f"file://{tmp_path}/file").blocks("none", 1))
    assert not FileSystem(f"file://{tmp_path}/none").is_there()


@pytest.fixture
def sent(monkeypatch):
    """Sizes of the parts that a file system of the kind of object stores is sent, and whether each is the last."""
    from fsspec.registry import register_implementation
    from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

    parts = []

    class File(AbstractBufferedFile):
        def _upload_chunk(self, final=False):
            parts.append((len(self.buffer.getvalue()), final))
            return True

        def _initiate_upload(self):
            pass

    class System(AbstractFileSystem):
        protocol = "partial"
        cachable = False

        def _open(self, path, mode="rb", block_size=None, **_):
            return File(self, path, mode, block_size, size=0)

    register_implementation("partial", System, clobber=True)
    return parts


def test_parts_are_small_enough_for_a_slow_line(sent, monkeypatch):
    monkeypatch.setattr(file_system, "PART_BYTES", 10)
    FileSystem("partial://a").write("x", iter([b"1234567", b"1234567", b"1"]))
    assert sent == [(14, False), (1, True)]


def test_what_is_given_up_is_not_sent_when_python_closes_it(sent):
    def blocks():
        yield b"one"
        raise KeyError

    with pytest.raises(KeyError):
        FileSystem("partial://a").write("x", blocks())
    gc.collect()
    assert sent == []
