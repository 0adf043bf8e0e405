from yolozu.app.building import Lines
from yolozu.errors import Finding


def test_lines_are_passed_on_when_they_are_complete():
    said = []
    stream = Lines(said.append)
    assert stream.write("one\ntw") == 6
    stream.write("o\n\nthree")
    assert said == ["one", "two", ""]


def test_findings_come_back_from_what_was_rendered():
    findings = [
        Finding("YZ102", "exp.yaml:4: weight_deacy", "unknown key", "did you mean 'weight_decay'?"),
        Finding("YZ201", "data: set", "no such directory", "name another", "warning"),
    ]
    assert Finding.parse("\n".join(finding.render() for finding in findings)) == findings
    assert Finding.parse("Traceback (most recent call last):\nValueError: no") == []
