from yolozu.engine.launchers import job_files
from yolozu.engine.launchers.job_files import JobFiles, Tail


def test_all_files_are_there_and_empty_before_a_job_begins(tmp_path):
    files = JobFiles(tmp_path / "scratch/train.job")
    files.make()
    files.request("SIGTERM")
    files.request("SIGKILL")
    assert files.requests_path.read_text() == "SIGTERM\nSIGKILL\n"
    files.make()
    assert {path.name: path.read_text() for path in files.directory.iterdir()} == {
        "log": "",
        "requests": "",
        "tries": "",
    }
    files.remove()
    files.remove()
    assert not files.directory.exists()


def test_tries_are_the_machines_that_began(tmp_path):
    files = JobFiles(tmp_path)
    files.make()
    assert files.tries() == []
    files.tries_path.write_text("n1\nn2\n")
    assert files.tries() == ["n1", "n2"]


def test_a_line_is_told_once_and_when_it_is_complete(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    tail = Tail(path)
    assert tail.lines() == ["one"]
    assert tail.lines() == []
    with path.open("ab") as file:
        file.write(b"o\r\n\n\xffthree")
    assert tail.lines() == ["two", ""]
    assert tail.rest() == ["\ufffdthree"]
    assert tail.rest() == []


def test_whoever_comes_late_hears_the_last_whole_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(job_files, "TAIL_BYTES", 9)
    (tmp_path / "log").write_text("one\ntwo\nthree\n")
    assert Tail(tmp_path / "log", late=True).lines() == ["three"]
    (tmp_path / "short").write_text("one\n")
    assert Tail(tmp_path / "short", late=True).lines() == ["one"]
