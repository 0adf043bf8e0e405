from tests.app.own_data.photos import write_photos
from tests.data.builders import bop_box, bop_row, survey_of, write_bop, write_file
from yolozu.app.own_data.facts import DataFacts, facts_of


def test_facts_are_counts_and_sizes(tmp_path):
    images = survey_of(write_photos(tmp_path, 4)).splits[0].images
    assert facts_of(images[:3], images[3:]) == DataFacts(
        num_pictures=3,
        num_held_out=1,
        num_objects=3,
        most_objects=1,
        box_side=0.5,
        longest_side_px=64,
        has_poses=False,
    )


def test_pictures_that_cannot_be_read_do_not_count(tmp_path):
    write_file(write_photos(tmp_path, 2) / "IMG_0.jpg", "none")
    facts = facts_of(survey_of(tmp_path).splits[0].images, [])
    assert (facts.num_pictures, facts.num_objects) == (1, 1)


def test_poses_are_seen(tmp_path):
    write_bop(tmp_path, {0: [bop_row(7)]}, {0: [bop_box(16, 18, 32, 12)]})
    assert facts_of(survey_of(tmp_path).splits[0].images, []).has_poses
