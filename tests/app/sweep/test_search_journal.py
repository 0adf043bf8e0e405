"""The journal of a search."""

from pathlib import Path

import pytest

from yolozu.app.sweep.search_journal import Chosen, Pruned, SearchJournal
from yolozu.errors import InputError

CHOSEN = Chosen(number=0, run_id="s-lr0.1", values={"lr": 0.1})
PRUNED = Pruned(run_id="s-lr0.1", decided_by="abc", validation=2, optim_step=16, value=0.25)


@pytest.fixture
def path(tmp_path):
    journal = SearchJournal.read(tmp_path / "below/s.jsonl")
    journal.add(CHOSEN)
    journal.add(PRUNED)
    return journal.path


def test_what_was_written_is_read(path):
    assert SearchJournal.read(path) == SearchJournal(path, [CHOSEN], {"s-lr0.1": PRUNED})


def test_half_a_line_counts_as_none_and_is_cut_off_by_the_next(path):
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "chos')
    journal = SearchJournal.read(path)
    assert journal.chosen == [CHOSEN]
    journal.add(Chosen(number=1, run_id="s-lr0.2", values={"lr": 0.2}))
    assert [one.number for one in SearchJournal.read(path).chosen] == [0, 1]


@pytest.mark.parametrize("line", [b"x", b"[]", b'{"event": "chosen"}', b'{"event": "other"}', b"\xff"])
def test_a_line_that_is_none_is_refused_with_its_place(path, line):
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(InputError) as refused:
        SearchJournal.read(path)
    assert str(refused.value) == (
        f"{path}:3: YZ731 is no line of a search's journal\n"
        f"  fix: delete {path}: runs that are there are kept, and found again where they are chosen again"
    )


def test_nothing_is_written_by_reading(tmp_path):
    SearchJournal.read(tmp_path / "s.jsonl")
    assert list(Path(tmp_path).iterdir()) == []
