"""What deleting files frees."""

from yolozu.app.gc.freed import FreedBytes, bytes_of


def test_a_file_with_two_links_is_freed_with_the_second(tmp_path):
    first, second, other = (tmp_path / name for name in "abc")
    first.write_text("four")
    second.hardlink_to(first)
    other.write_text("three")
    freed = FreedBytes()
    assert [freed.of([first]), freed.of([second, other]), freed.of([tmp_path / "gone"])] == [0, 9, 0]
    assert bytes_of([first, second, other, tmp_path / "gone"]) == 9


def test_a_link_to_a_file_frees_itself_alone(tmp_path):
    (tmp_path / "far").write_text("x" * 1000)
    (tmp_path / "near").symlink_to("far")
    assert FreedBytes().of([tmp_path / "near"]) == len("far")
