from yolozu.contract.sections.init_from import InitSection
from yolozu.contract.sections.run import Contract
from yolozu.stages.predict import PredictSpec
from yolozu.stages.train import TrainSpec

LENGTH = "epochs: 1\n"


def test_training_starts_from_the_seed_unless_a_file_is_named(load):
    assert load(LENGTH).contract.init == InitSection()
    assert (InitSection().init_from, InitSection().head_init) == (None, None)


def test_a_file_and_what_becomes_of_its_classes(load):
    found = load(f"{LENGTH}init_from: weights/r18.pth\nhead_init: extend\n").contract.init
    assert (found.init_from, found.head_init) == ("weights/r18.pth", "extend")


def test_another_word_is_refused(refusal):
    assert refusal(f"{LENGTH}init_from: a.pth\nhead_init: guess\n") == (
        "exp.yaml:3: head_init: YZ104 must be reinit, extend or remap, or null, got guess\n"
        "  fix: correct it, or drop head_init for its default, null"
    )
    assert "YZ104" in refusal(f'{LENGTH}init_from: ""\n')


def test_only_training_depends_on_it():
    assert "init" in TrainSpec.model_fields
    assert "init" not in PredictSpec.model_fields
    assert "init" in Contract.model_fields
