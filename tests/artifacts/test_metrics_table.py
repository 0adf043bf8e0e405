import csv
import json

import pytest

from yolozu.artifacts.metrics_table import FIRST, read_rows, write_csv
from yolozu.errors import InputError


def row(kind, step, losses, metrics):
    meta = {"kind": kind, "epoch": 1, "step": 2 * step, "optim_step": step}
    return {"schema_version": 1, "timestamp": "T", "losses": losses, "metrics": metrics, "meta": meta}


ROWS = [
    row("train_step", 1, {"total": 2.5, "bbox": 0.1}, {"lr": 1e-05, "grad_norm": None}),
    row("train_epoch", 2, {"total": 2.0}, {"lr": 0.1, 'a "b", c': 1}),
]


@pytest.fixture
def table(tmp_path):
    def write(rows):
        source = tmp_path / "m.jsonl"
        source.write_text("".join(json.dumps(entry) + "\n" for entry in rows))
        return write_csv(source, tmp_path / "sub/m.csv"), (tmp_path / "sub/m.csv").read_bytes().decode()

    return write


def test_the_whole_table(table):
    assert table(ROWS) == (
        2,
        "timestamp,meta.kind,meta.epoch,meta.step,meta.optim_step,schema_version,losses.bbox,losses.total,"
        '"metrics.a ""b"", c",metrics.grad_norm,metrics.lr\r\n'
        "T,train_step,1,2,1,1,0.1,2.5,,,1e-05\r\n"
        "T,train_epoch,1,4,2,1,,2.0,1,,0.1\r\n",
    )


def test_columns_do_not_depend_on_the_order_of_rows_or_keys(table):
    _, text = table(ROWS)
    _, other = table([{**ROWS[1], "metrics": dict(reversed(ROWS[1]["metrics"].items()))}, ROWS[0]])
    assert other.splitlines()[0] == text.splitlines()[0]


def test_numbers_keep_every_digit(table):
    value = 0.1 + 0.2
    _, text = table([row("train_step", 1, {"total": value}, {})])
    (read,) = csv.DictReader(text.splitlines())
    assert float(read["losses.total"]) == value


def test_no_rows_give_a_header(table):
    assert table([]) == (0, ",".join(FIRST) + "\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        '{"losses": {}, "metrics": {}}',
        json.dumps({**ROWS[0], "losses": 1}),
        *(json.dumps({**ROWS[0], "metrics": {"lr": value}}) for value in (10**400, "1", True, [], {})),
        *(
            json.dumps({**ROWS[0], "meta": {"kind": "train_step", "optim_step": 1, **changed}})
            for changed in ({"kind": []}, {"optim_step": "1"}, {"optim_step": 10**400}, {"optim_step": None})
        ),
    ],
)
def test_what_is_no_row_is_named_with_its_line(tmp_path, line):
    source = tmp_path / "m.jsonl"
    source.write_text(f"{json.dumps(ROWS[0])}\n{line}\n")
    with pytest.raises(InputError) as caught:
        list(read_rows(source))
    assert str(caught.value) == (
        f"{source}:2: YZ527 is no row of metrics\n"
        "  fix: name a file as a training writes it: runs/RUN/reports/train_metrics.jsonl"
    )


def test_a_line_that_is_being_written_is_no_row_yet(tmp_path):
    source = tmp_path / "m.jsonl"
    source.write_text(f'{json.dumps(ROWS[0])}\n{{"losses"')
    assert list(read_rows(source)) == ROWS[:1]
