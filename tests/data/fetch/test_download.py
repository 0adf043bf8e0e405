"""Downloads that are cut, refused, or of another file."""

from __future__ import annotations

import random
import socket

import pytest

from tests.data.prepare.server import Served, serving
from yolozu.data.fetch import download as module
from yolozu.data.fetch.download import NotFetched, PartialFile, download
from yolozu.progress import SilentProgress

CONTENT = random.Random(0).randbytes(300_000)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def part(tmp_path):
    return PartialFile(tmp_path / "data/file.part")


def fetched(served, part):
    with serving({"file": served}) as base:
        download(f"{base}file", part, SilentProgress())
    return part.path.read_bytes()


def test_a_file_comes_whole(part):
    served = Served(CONTENT)
    assert fetched(served, part) == CONTENT
    assert served.asked == [(None, None)]
    part.remove()
    assert list(part.path.parent.iterdir()) == []


def test_a_cut_connection_is_gone_on_with(part):
    served = Served(CONTENT, cuts=[100_000, 50_000])
    assert fetched(served, part) == CONTENT
    assert served.asked == [(None, None), ("bytes=100000-", '"one"'), ("bytes=150000-", '"one"')]


def test_a_later_try_goes_on_where_the_last_one_ended(part):
    served = Served(CONTENT, cuts=[100_000, 1000, 500])
    with serving({"file": served}) as base:
        with pytest.raises(NotFetched, match="the connection ended after 101500 of 300000 bytes"):
            download(f"{base}file", part, SilentProgress())
        assert part.size == 101_500
        download(f"{base}file", part, SilentProgress())
    assert part.path.read_bytes() == CONTENT
    assert served.asked[-1] == ("bytes=101500-", '"one"')


def test_a_server_that_gives_nothing_is_not_asked_forever(part):
    served = Served(CONTENT, cuts=[0, 0, 0])
    with pytest.raises(NotFetched, match="the connection ended after 0 of 300000 bytes"):
        fetched(served, part)
    assert len(served.asked) == 1


@pytest.mark.parametrize(
    "served", [Served(CONTENT, ranges=False, cuts=[9000]), Served(CONTENT, etag=None, cuts=[9000])]
)
def test_without_ranges_or_a_validator_the_file_comes_from_its_start(part, served):
    assert fetched(served, part) == CONTENT
    assert len(served.asked) == 2


def test_a_weak_validator_is_not_trusted(part):
    served = Served(CONTENT, etag='W/"one"', cuts=[9000])
    assert fetched(served, part) == CONTENT
    assert served.asked[1] == (None, None)


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(part):
    with serving({"file": (old := Served(CONTENT, cuts=[9000, 0]))}) as base:
        with pytest.raises(NotFetched):
            download(f"{base}file", part, SilentProgress())
        old.content, old.etag = CONTENT[::-1], '"two"'
        download(f"{base}file", part, SilentProgress())
    assert part.path.read_bytes() == CONTENT[::-1]
    assert old.asked[-1] == ("bytes=9000-", '"one"')


def test_a_part_of_another_address_is_not_gone_on_with(part):
    part.begin("http://elsewhere/file", '"one"')
    part.path.write_bytes(b"x" * 5000)
    assert fetched(Served(CONTENT), part) == CONTENT


def test_a_whole_part_is_not_fetched_again_and_too_long_a_one_is(part):
    served = Served(CONTENT)
    with serving({"file": served}) as base:
        download(f"{base}file", part, SilentProgress())
        download(f"{base}file", part, SilentProgress())
        assert (part.path.read_bytes(), served.asked[1:]) == (CONTENT, [("bytes=300000-", '"one"')])
        part.path.write_bytes(CONTENT + b"x")
        download(f"{base}file", part, SilentProgress())
    assert part.path.read_bytes() == CONTENT
    assert served.asked[-1] == (None, None)


def test_another_part_than_was_asked_for_is_refused(part):
    served = Served(CONTENT, cuts=[9000], wrong_range=True)
    with pytest.raises(NotFetched, match="answers with another part of the file than was asked for"):
        fetched(served, part)
    assert part.size == 0


def test_an_answer_of_unknown_length_ends_with_the_connection(part):
    assert fetched(Served(CONTENT, says_length=False), part) == CONTENT


@pytest.mark.parametrize("says_length", [True, False])
def test_an_endless_answer_is_refused(part, monkeypatch, says_length):
    monkeypatch.setattr(module, "MOST_BYTES", 200_000)
    with pytest.raises(NotFetched, match="sends"):
        fetched(Served(CONTENT, says_length=says_length), part)


def test_what_the_server_says_is_passed_on(part):
    with pytest.raises(NotFetched, match="answers 404 Not Found"):
        fetched(Served(CONTENT, status=404), part)
    assert not part.path.exists()


def test_an_address_that_nobody_listens_at(part):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotFetched, match=r"cannot be reached: .*refused"):
        download(f"http://127.0.0.1:{port}/file", part, SilentProgress())


def test_a_silent_server_is_given_up(part):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotFetched, match="timed out"):
        download(f"http://127.0.0.1:{silent.getsockname()[1]}/file", part, SilentProgress(), timeout_s=0.1)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "coco128.zip", "http://[::1", "http:///x"])
def test_other_addresses_are_refused(part, url):
    with pytest.raises(NotFetched):
        download(url, part, SilentProgress())


def test_a_note_that_cannot_be_read_costs_a_download_only(part):
    part.begin("x", None)
    part.path.write_bytes(b"x" * 5000)
    for text in ("{", "[]", "{}"):
        part.origin_path.write_text(text)
        assert part.origin() == (None, None)
    assert fetched(Served(CONTENT), part) == CONTENT
