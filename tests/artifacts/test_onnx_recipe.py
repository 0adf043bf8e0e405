from yolozu.artifacts.onnx_recipe import RECIPE


def test_every_part_has_words_for_programs_and_sentences_for_people():
    for part in RECIPE.values():
        assert all(rule.endswith(".") for rule in part["rules"])
        assert all(isinstance(value, str | int | float | bool) for name, value in part.items() if name != "rules")
