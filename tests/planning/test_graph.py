from tests.planning.toy import COUNT, LETTERS, PRAISE, SHOUT
from yolozu.contract.sections.run import Contract
from yolozu.planning.compiler import compile_plan
from yolozu.planning.graph import Drawing, as_dot, as_mermaid, as_text, drawing_of

NODES = compile_plan(Contract(), [LETTERS, SHOUT, COUNT, PRAISE]).nodes
STATES = {"letters": "up to date", "shout": "up to date", "count": "refused", "praise": "not built"}


def test_text_says_of_each_stage_what_it_reads_from_whom_and_what_it_makes():
    assert list(as_text(NODES, STATES, 80)) == [
        "letters  up to date",
        "  reads plan/dataset.json",
        "  makes data/word.txt",
        "  may make data/extra",
        "shout    up to date",
        "  from letters: data/word.txt",
        "  makes out/loud.txt",
        "count    refused",
        "  from shout: out/loud.txt",
        "  makes reports/count.txt",
        "praise   not built",
        "  from shout: out/loud.txt",
        "  once passed: reports/count.txt",
        "  makes out/praise.txt",
    ]


def test_no_line_of_text_is_wider_than_asked_for_but_for_a_path_that_is():
    assert max(map(len, as_text(NODES, STATES, 30))) <= 30
    assert "    out/praise.txt" in list(as_text(NODES, STATES, 18))


def test_mermaid_draws_stages_with_their_state_and_the_files_between_them():
    assert list(as_mermaid(drawing_of(NODES, STATES))) == [
        "flowchart TD",
        '  s1["letters<br/>up to date"]:::done',
        '  s2["shout<br/>up to date"]:::done',
        '  s3["count<br/>refused"]:::bad',
        '  s4["praise<br/>not built"]:::new',
        '  f1(["plan/dataset.json"])',
        '  f2(["data/word.txt"])',
        '  f3(["data/extra"])',
        '  f4(["out/loud.txt"])',
        '  f5(["reports/count.txt"])',
        '  f6(["out/praise.txt"])',
        "  f1 --> s1",
        "  s1 --> f2",
        "  s1 --> f3",
        "  f2 --> s2",
        "  s2 --> f4",
        "  f4 --> s3",
        "  s3 --> f5",
        "  f4 --> s4",
        "  f5 -. must pass .-> s4",
        "  s4 --> f6",
        "  classDef done fill:#d7f0d7,stroke:#555555,color:#000000",
        "  classDef bad fill:#f8d0d0,stroke:#555555,color:#000000",
        "  classDef new fill:#ffffff,stroke:#555555,color:#000000",
    ]


def test_dot_draws_the_same():
    assert list(as_dot(drawing_of(NODES[:2], STATES))) == [
        "digraph plan {",
        '  s1 [label="letters\\nup to date", shape=box, style=filled, fillcolor="#d7f0d7"];',
        '  s2 [label="shout\\nup to date", shape=box, style=filled, fillcolor="#d7f0d7"];',
        '  f1 [label="plan/dataset.json", shape=box, style=rounded];',
        '  f2 [label="data/word.txt", shape=box, style=rounded];',
        '  f3 [label="data/extra", shape=box, style=rounded];',
        '  f4 [label="out/loud.txt", shape=box, style=rounded];',
        "  f1 -> s1;",
        "  s1 -> f2;",
        "  s1 -> f3;",
        "  f2 -> s2;",
        "  s2 -> f4;",
        "}",
    ]
    gates = [line for line in as_dot(drawing_of(NODES, STATES)) if "dashed" in line]
    assert gates == ['  f5 -> s4 [style=dashed, label="must pass"];']


def test_odd_names_of_files_break_neither_language():
    drawing = Drawing({}, {"f1": 'a "b"<i>#1&\\.csv'}, [])
    assert list(as_mermaid(drawing))[1] == '  f1(["a #quot;b#quot;#lt;i#gt;#35;1#amp;\\.csv"])'
    assert list(as_dot(drawing))[1] == '  f1 [label="a \\"b\\"<i>#1&\\\\.csv", shape=box, style=rounded];'
