from yolozu.report.change_chart import change_chart


def test_a_row_says_both_values_and_in_which_direction():
    text = str(change_chart([("cat", 0.5, 0.5), ("<dog>", 1.0, 0.0), ("o" * 30, 0.0, 0.25)], name="AP"))
    assert "<title>&lt;dog&gt;: 1.000 before, 0.000 after</title>" in text
    lines = [part.split('class="line ')[1][:2] for part in text.split("<line ") if 'class="line ' in part]
    assert lines == ["s8", "s5", "s3"]
    assert f">{'o' * 19}…</text>" in text
    assert text.count("<circle") == 6
