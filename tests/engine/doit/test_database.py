import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from yolozu.engine.doit.database import DurableDatabase


class Codec:
    encode = staticmethod(json.dumps)
    decode = staticmethod(json.loads)


def test_looking_makes_no_file(tmp_path):
    database = DurableDatabase(str(tmp_path / "runs" / "doit.sqlite"), Codec())
    assert database.get("train", "deps:") is None
    assert not database.in_("train")
    database.remove_all()
    database.dump()
    assert list(tmp_path.iterdir()) == []


def test_a_record_survives_a_process_that_never_closes(tmp_path):
    path = tmp_path / "doit.sqlite"
    code = (
        "import json, os, sys\n"
        "from yolozu.engine.doit.database import DurableDatabase\n"
        "database = DurableDatabase(sys.argv[1], json)\n"
        "json.encode, json.decode = json.dumps, json.loads\n"
        "database.set('train', 'deps:', ['a', 'b'])\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    database = DurableDatabase(str(path), Codec())
    assert database.get("train", "deps:") == ["a", "b"]
    database.dump()


def test_a_removed_task_stays_removed(tmp_path):
    path = str(tmp_path / "doit.sqlite")
    database = DurableDatabase(path, Codec())
    database.set("train", "result:", 1)
    database.set("eval", "result:", 2)
    database.remove("train")
    database.dump()
    database = DurableDatabase(path, Codec())
    assert (database.in_("train"), database.get("eval", "result:")) == (False, 2)
    database.dump()


@pytest.mark.parametrize("text", ["{", "[]", "7", None, b"\xff"])
def test_a_damaged_record_is_one_that_is_not_known(tmp_path, text):
    path = tmp_path / "doit.sqlite"
    database = DurableDatabase(str(path), Codec())
    database.set("train", "result:", 1)
    database.set("eval", "result:", 2)
    database.dump()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update records set record = ? where task = 'train'", [text])
    database = DurableDatabase(str(path), Codec())
    assert (database.in_("train"), database.get("eval", "result:")) == (False, 2)
    database.set("train", "result:", 3)
    database.dump()
    assert DurableDatabase(str(path), Codec()).get("train", "result:") == 3


def test_a_damaged_file_forgets_everything_and_goes_on(tmp_path, caplog):
    path = tmp_path / "doit.sqlite"
    path.write_bytes(b"garbage")
    database = DurableDatabase(str(path), Codec())
    assert not database.in_("train")
    database.set("train", "result:", 1)
    database.dump()
    assert DurableDatabase(str(path), Codec()).get("train", "result:") == 1
    assert [record.message for record in caplog.records] == [
        f"warning: {path} was damaged (file is not a database) and is made anew; it only saves time"
    ]
