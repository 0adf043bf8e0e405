"""What is known of interrupted work, and whether it can go on."""

import json
from dataclasses import replace

import pytest

from tests.planning.toy import TOYS
from yolozu.artifacts.spec import Change
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import SeedSection
from yolozu.errors import InputError
from yolozu.planning.begun import Begun, free_place, out_dir, saved_path, set_aside, state_path
from yolozu.planning.compiler import compile_plan
from yolozu.planning.plan import state_digest


def node(seed):
    return compile_plan(Contract(seed=SeedSection(seed=seed)), TOYS)["shout"]


INPUTS = {"word": "w"}


@pytest.fixture
def work(tmp_path):
    asked = node(3)
    made = Begun(tmp_path / "shout", state_digest(asked.request(), INPUTS), asked.spec, INPUTS, asked.stage.version)
    made.write()
    return made


def test_nothing_is_begun_where_nothing_is(tmp_path):
    assert Begun.read(tmp_path) is None


def test_it_is_read_as_it_was_written_with_what_is_saved(work):
    assert Begun.read(work.directory) == work
    assert (work.position, work.has_saved(node(3))) == ("at a step that was not noted", False)
    saved_path(work.directory).write_text(json.dumps({"done": 31, "total": 200}))
    assert Begun.read(work.directory).position == "at step 31 of 200"
    assert Begun.read(work.directory).has_saved(node(3))


def test_early_releases_did_not_note_the_step(work):
    output = out_dir(work.directory) / "out/loud.txt"
    output.parent.mkdir(parents=True)
    output.touch()
    assert work.has_saved(node(3))


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", *(f'{{"digest": "d", "spec": {spec}, "inputs": {{}}}}' for spec in ("3", '{"seed": 3}'))]
)
def test_a_broken_state_says_what_to_move_away(work, text):
    state_path(work.directory).write_text(text)
    with pytest.raises(InputError) as caught:
        Begun.read(work.directory)
    assert caught.value.findings[0].fix == (
        f"move {work.directory} elsewhere: the stage then starts afresh, and what it had saved stays there"
    )
    assert Begun.readable(work.directory) is None


def test_a_broken_note_of_the_step_is_refused_too(work):
    saved_path(work.directory).write_text('{"done": "all"}')
    with pytest.raises(InputError, match="done: Input should be a valid integer"):
        Begun.read(work.directory)


def test_the_same_request_goes_on(work):
    assert work.obstacle(node(3), INPUTS) is None
    assert work.differences(node(3), INPUTS) == []


def test_another_spec_goes_on_where_the_stage_says_so(work):
    assert work.obstacle(node(4), INPUTS) is None
    assert work.obstacle(node(5), INPUTS) == ""
    assert work.differences(node(5), INPUTS) == [Change("seed", "3", "5")]


def test_other_content_and_another_version_do_not_go_on(work):
    assert work.obstacle(node(3), {"word": "x"}) == ""
    assert work.differences(node(3), {"word": "x"}) == [Change("data/word.txt", "as it was read", "other content")]
    older = replace(work, version=0)
    assert older.obstacle(node(3), INPUTS) == ""
    assert older.differences(node(3), INPUTS) == [Change("version of the stage's code", "0", "1")]


def test_early_releases_wrote_the_version_into_the_digest_alone(work):
    early = replace(work, version=None)
    assert early.obstacle(node(4), INPUTS) is None
    assert replace(early, digest="0").differences(node(3), INPUTS) == [
        Change("version of the stage's code", "another", "1")
    ]


def test_places_to_set_work_aside_are_never_used_twice(work):
    scratch = work.directory
    for name in ("shout.prev", "shout.prev-2", "shout.prev-3"):
        place = free_place(scratch)
        assert place.name == name
        place.mkdir()
    assert sorted(path.name for path in set_aside(scratch)) == ["shout.prev", "shout.prev-2", "shout.prev-3"]
