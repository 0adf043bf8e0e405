"""`yolozu data shard`, as it is typed."""

from tests.data.builders import write_yolo
from yolozu.cli.app import main
from yolozu.engine.store.size import size_in_words


def test_it_says_what_it_has_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path / "set", {f"train/{number}": "0 .5 .5 .2 .2" for number in range(3)})
    assert main(["data", "shard", "set", "--out", "out", "--shard-size", "2"]) == 0
    size = size_in_words(sum(path.stat().st_size for path in tmp_path.rglob("*.tar")))
    assert capsys.readouterr().out == f"out/dataset.json: train, 3 images in 2 tar files, {size}\n"
    assert main(["data", "check", "out"]) == 0
    assert "ignored" not in capsys.readouterr().out
    assert main(["data", "shard", "set", "--out", "out"]) == 2
    assert "out: YZ905 is there already, and holds something" in capsys.readouterr().err
