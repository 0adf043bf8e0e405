import re

from yolozu.error_codes import CODES


def test_codes_are_three_digits_in_rising_order():
    assert all(re.fullmatch(r"YZ[1-9]\d\d", code) for code in CODES)
    assert list(CODES) == sorted(CODES)


def test_meanings_are_sentences():
    assert all(meaning.endswith(".") for meaning in CODES.values())
