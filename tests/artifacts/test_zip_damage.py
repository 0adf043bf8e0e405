"""Whatever byte of an archive is wrong, reading it raises what is named, or gives what was written."""

import io
import zipfile
from contextlib import suppress

import pytest

from yolozu.artifacts.zip_damage import ZIP_DAMAGE

CONTENT = b"weights " * 40
PACKINGS = pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])


def archive(packing):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as written:
        written.writestr("a.bin", CONTENT)
    return file.getvalue()


def content(data):
    """What an archive holds; None where it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            return read.read("a.bin")
    except ZIP_DAMAGE:
        return None


@PACKINGS
def test_a_cut_archive_raises_what_is_named(packing):
    whole = archive(packing)
    assert content(whole) == CONTENT
    assert [content(whole[:end]) for end in range(len(whole))] == [None] * len(whole)


@PACKINGS
def test_a_wrong_byte_of_the_content_is_noticed_or_changes_nothing(packing):
    whole = archive(packing)
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        packed = read.getinfo("a.bin").compress_size
    header = 30 + len("a.bin")
    found = []
    for place in range(header, header + packed):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        found.append(content(bytes(damaged)))
    # LZMA has bytes that nobody needs to read, such as the version of the program that packed.
    assert set(found) == ({None, CONTENT} if packing == zipfile.ZIP_LZMA else {None})


@PACKINGS
def test_a_wrong_bit_anywhere_raises_what_is_named(packing):
    """Beside that of the system, which callers tell apart: bz2 raises it without a number for what it cannot unpack."""
    whole = archive(packing)
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            with suppress(*ZIP_DAMAGE, OSError), zipfile.ZipFile(io.BytesIO(damaged)) as read:
                read.testzip()
                for name in read.namelist():
                    read.read(name)
