"""Charts as text."""

from yolozu.report.charts import MOST_POINTS, Line, bar_chart, line_chart, thinned


def test_a_line_with_its_axes_and_a_title_for_each_point():
    text = str(line_chart([Line("loss", [(0.0, 1.0), (2.0, 3.0)])], x_name="step", name="Loss <x>"))
    assert text.startswith('<svg viewBox="0 0 400 230" role="img" class="chart"><title>Loss &lt;x&gt;</title>')
    assert '<polyline points="48,132.7 388,10" class="line s1"></polyline>' in text
    assert "<title>loss, step 2: 3</title>" in text
    assert 'class="axis-name">step</text>' in text
    assert "legend" not in text


def test_several_lines_have_a_legend_in_their_colors_and_a_reference_no_titles():
    lines = [Line("a", [(0.0, 0.5), (1.0, 0.5)]), Line("b", [(0.0, 0.0), (1.0, 1.0)], dashed=True)]
    text = str(line_chart(lines, x_name="recall", name="x", unit=True, whole_x=False))
    assert '<li><span class="key s1"></span>a</li><li><span class="key s2"></span>b</li>' in text
    assert 'class="line s2 dashed"' in text
    assert "b, recall" not in text


def test_values_that_are_no_numbers_are_left_out():
    text = str(line_chart([Line("a", [(1.0, float("nan")), (2.0, float("inf")), (3.0, 1.0)])], x_name="x", name="x"))
    assert text.count("<circle") == 1
    assert "nan" not in text


def test_a_line_of_one_point_is_a_dot():
    text = str(line_chart([Line("a", [(3.0, 1.0)])], x_name="x", name="x"))
    assert text.count('class="dot s1"') == 1


def test_long_lines_are_means_of_neighbors_and_keep_their_end():
    points = [(float(x), float(x % 2)) for x in range(10 * MOST_POINTS)]
    shown = thinned(points)
    assert len(shown) == MOST_POINTS
    assert shown[-1] == (points[-1][0], 0.5)
    assert thinned(points[:3]) == points[:3]


def test_bars_are_as_long_as_their_values():
    text = str(bar_chart([("Missed", 0.5), ("Background", 0.25), ("None", 0.0)], name="Errors"))
    assert [part.split('"')[0] for part in text.split('width="')[1:]] == ["186", "93", "0.5"]
    assert ">0.250</text>" in text
    assert str(bar_chart([("a", 0.0)], name="x")).count("<rect") == 1
