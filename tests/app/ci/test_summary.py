"""The summary for a pull request."""

from hypothesis import given
from hypothesis import strategies as st

from yolozu.app.ci.cases import Case, Results
from yolozu.app.ci.summary import MOST_LINES, summary_markdown

CASES = (
    Case("a", "train", "passed", 61.0, message="done in 1m 01s"),
    Case("a", "onnx_parity", "failed", 2.0, "YZ605", "reports/x.json: a|b <b>", "x.json: YZ605 no\n  fix: ```"),
    Case("a", "predict", "skipped", message="the build ended before it"),
)


def test_the_whole_summary():
    metrics = {"map50_95": 0.31234, "map_large": None}
    found = Results("a", "a: exp.yaml + lr=0.1", CASES, 63.0, metrics, [("model", "runs/a/checkpoints/best.pt")])
    assert (
        summary_markdown(found)
        == r"""### yolozu: a failed

a: exp.yaml + lr=0.1

1 passed, 1 failed, 1 skipped in 1m 03s

|  |  | time |  |
| --- | --- | --- | --- |
| train | passed | 1m 01s | done in 1m 01s |
| onnx\_parity | **failed** | 2.0s | reports/x.json: a\|b &lt;b&gt; |
| predict | skipped |  | the build ended before it |

| metric | value |
| --- | --- |
| map50\_95 | 0.3123 |
| map\_large | - |

#### onnx\_parity

````text
x.json: YZ605 no
  fix: ```
````

- model: runs/a/checkpoints/best.pt

"""
    )


def test_of_a_long_failure_the_end_is_shown():
    text = "\n".join(f"line {number}" for number in range(MOST_LINES + 5))
    shown = summary_markdown(Results("a", "a", (Case("a", "train", "error", text=text),)))
    assert "(5 lines before)\nline 5\n" in shown
    assert f"line {MOST_LINES + 4}\n```\n" in shown


@given(st.text(st.characters(codec=None), max_size=30))
def test_no_text_leaves_its_cell_or_its_fence(text):
    case = Case("a", text, "failed", message=text, text=text)
    lines = summary_markdown(Results(text, text, (case,))).split("\n")
    lines[0].encode()
    (row,) = [line for line in lines if "**failed**" in line]
    assert len(row.replace(r"\\", "").replace(r"\|", "").split("|")) == 6
    assert not {"<", ">"} & set(row.replace("&lt;", "").replace("&gt;", ""))
    fences = [place for place, line in enumerate(lines) if line.startswith("```") and line.strip("`") in ("", "text")]
    fence = lines[fences[0]].removesuffix("text")
    assert [line for line in lines[fences[0] :] if line.startswith(fence)] == [f"{fence}text", fence]
