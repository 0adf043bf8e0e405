"""What our torch files say of themselves, read without torch."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile

import pytest
import torch

from tests.artifacts.test_adapters_file import ADAPTERS
from tests.artifacts.test_checkpoint import sample, written
from yolozu.artifacts.adapters_file import write_adapters
from yolozu.artifacts.archive_header import read_header
from yolozu.artifacts.torch_archive import ArchiveError


def refusal(path):
    with pytest.raises(ArchiveError) as caught:
        read_header(path)
    return caught.value.kind, str(caught.value)


def test_a_checkpoint_says_what_it_is_and_of_which_training(tmp_path):
    header = read_header(written(tmp_path / "last.pt", sample()))
    assert (header.format, header.damage) == ("yolozu.checkpoint", None)
    assert (header.values["contract_digest"], header.values["step"]) == ("abc", 12)
    assert header.values["training"] == {"best": 0.1, "rows": [1, 2]}


def test_adapters_say_which_weights_they_belong_to(tmp_path):
    write_adapters(tmp_path / "adapters.pt", ADAPTERS)
    header = read_header(tmp_path / "adapters.pt")
    assert (header.format, header.values["base_sha256"]) == ("yolozu.adapters", "b" * 64)


def test_where_a_weight_is_damaged_the_header_can_be_read(tmp_path):
    path = written(tmp_path / "last.pt", sample())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        member = next(entry for entry in archive.infolist() if "/data/" in entry.filename)
    content[member.header_offset + 30 + len(member.filename) + 200] ^= 1
    path.write_bytes(content)
    header = read_header(path)
    assert header.values["step"] == 12
    assert header.damage is not None


def test_a_file_that_is_cut_off_is_damaged(tmp_path):
    path = written(tmp_path / "last.pt", sample())
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal(path)[0] == "damaged"


def test_files_of_others_are_told_apart(tmp_path):
    torch.save({"weights": torch.zeros(2)}, tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "hello")
        archive.getinfo("a.txt").external_attr = 0  # as torch, and others, leave it
    assert refusal(tmp_path / "other.pt") == ("foreign", "holds nothing that yolozu writes")
    assert refusal(tmp_path / "other.zip") == ("foreign", "holds nothing that yolozu writes")
    assert refusal(tmp_path / "text.pt") == ("foreign", "is no file that torch has written")
    assert refusal(tmp_path / "none.pt")[0] == "missing"


class Evil:
    def __reduce__(self):
        return print, ("ran",)


def test_nothing_in_a_file_is_executed(tmp_path, capsys):
    pickled = io.BytesIO()
    pickle.dump({"format": "yolozu.checkpoint", "header": "{}", "evil": Evil()}, pickled)
    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickled.getvalue())
    assert refusal(tmp_path / "evil.pt")[0] in ("foreign", "damaged")
    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        info = zipfile.ZipInfo("archive/data.pkl")
        info.external_attr = 0
        archive.writestr(info, pickled.getvalue())
    assert refusal(tmp_path / "evil.pt")[0] in ("foreign", "damaged")
    assert capsys.readouterr().out == ""


def test_torch_is_not_needed(tmp_path):
    path = written(tmp_path / "last.pt", sample())
    code = (
        "import sys\nfrom pathlib import Path\nfrom yolozu.artifacts.archive_header import read_header\n"
        f"assert read_header(Path({str(path)!r})).values['epoch'] == 2\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
