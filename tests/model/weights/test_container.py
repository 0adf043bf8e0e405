"""Weights files are opened by what they hold, and nothing in them is executed."""

import json
import os
import zipfile
from contextlib import suppress

import pytest
import torch
from safetensors.torch import save_file

from tests.model.weights.own import checkpoint_in, trained
from yolozu.errors import InputError
from yolozu.model.weights.container import open_weights

STATE = {"a.weight": torch.ones(2), "b.weight": torch.zeros(3)}
FIX = "  fix: give a checkpoint of yolozu, a published RT-DETR or RT-DETRv2, or a backbone of torchvision"


def refusal(path):
    with pytest.raises(InputError) as caught:
        open_weights(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("payload", "entry"),
    [
        (STATE, ""),
        ({"model": STATE, "epoch": 3}, "model"),
        ({"state_dict": STATE}, "state_dict"),
        ({"model": {"c": torch.ones(1)}, "ema": {"module": STATE, "updates": 3}}, "ema.module"),
    ],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_a_torch_file_may_hold_the_state_dict_in_several_places(tmp_path, payload, entry, legacy):
    torch.save(payload, tmp_path / "weights.bin", _use_new_zipfile_serialization=not legacy)
    found = open_weights(tmp_path / "weights.bin")
    assert (list(found.tensors), found.entry, found.config) == (["a.weight", "b.weight"], entry, None)


def test_safetensors_bring_the_config_beside_them(tmp_path):
    save_file(STATE, tmp_path / "model.safetensors")
    assert open_weights(tmp_path).config is None
    (tmp_path / "config.json").write_text(json.dumps({"d_model": 32}))
    for path in (tmp_path, tmp_path / "model.safetensors"):
        found = open_weights(path)
        assert (set(found.tensors), found.config) == (set(STATE), {"d_model": 32})
    (tmp_path / "config.json").write_text("[]")
    assert refusal(tmp_path) == f"{tmp_path / 'config.json'}: YZ415 holds no JSON object\n{FIX}"
    (tmp_path / "config.json").write_text("{")
    assert refusal(tmp_path).startswith(f"{tmp_path / 'config.json'}: YZ415 cannot be read as JSON: ")


def test_a_checkpoint_of_ours_is_known_whatever_it_is_called(tmp_path):
    found = open_weights(checkpoint_in(tmp_path / "x.bin", trained()))
    assert found.checkpoint is not None
    assert found.checkpoint.step == 40


class Harm:
    def __reduce__(self):
        return (print, ("harm",))


def test_objects_are_refused_and_never_executed(tmp_path, capsys):
    torch.save({"model": STATE, "args": Harm()}, tmp_path / "x.pth")
    message = "holds Python objects other than tensors, which are never executed"
    assert refusal(tmp_path / "x.pth") == f"{tmp_path / 'x.pth'}: YZ415 {message}\n{FIX}"
    assert capsys.readouterr().out == ""


def test_what_holds_no_weights_says_what_it_holds(tmp_path):
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "x.pth")
    looked = "no state dict (looked for ema.module, model, state_dict)"
    assert refusal(tmp_path / "x.pth") == f"{tmp_path / 'x.pth'}: YZ415 holds the keys epoch, lr, but {looked}\n{FIX}"
    torch.save([1], tmp_path / "x.pth")
    assert refusal(tmp_path / "x.pth") == f"{tmp_path / 'x.pth'}: YZ415 holds a list, but {looked}\n{FIX}"
    (tmp_path / "x.pth").write_text("hello")
    assert refusal(tmp_path / "x.pth") == f"{tmp_path / 'x.pth'}: YZ415 is neither a torch file nor safetensors\n{FIX}"
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == f"{tmp_path / 'empty'}: YZ415 holds no weights (model.safetensors)\n{FIX}"


@pytest.mark.parametrize("kind", ["torch", "safetensors"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damage_is_told(tmp_path, kind, damage):
    path = tmp_path / "x"
    state = {"a": torch.arange(5000.0)}
    torch.save(state, path) if kind == "torch" else save_file(state, path)
    content = bytearray(path.read_bytes())
    if damage == "flipped" and kind == "safetensors":
        content[12] ^= 0xFF  # its header; numbers have no checksum
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    assert "YZ415 is damaged: " in refusal(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_in_an_archive_that_is_packed_is_told(tmp_path, method):
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", os.urandom(4000))
    content = bytearray(path.read_bytes())
    content[200:2000] = bytes(1800)
    path.write_bytes(content)
    assert "YZ415 is damaged: " in refusal(path)
    assert refusal(path).endswith("\n  fix: copy it again from where it came")


def test_damage_anywhere_in_an_archive_is_told(tmp_path):
    """Not only in what it holds: names, flags and places in its table of contents, too."""
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.arange(2.0)}, path)
    whole = path.read_bytes()
    path.write_bytes(b"\x80" + whole[1:])  # as if it were a pickle, of a protocol that nobody knows
    assert "YZ415 holds Python objects" in refusal(path)
    table = whole.index(b"PK\x01\x02")
    for place in (*range(60), *range(table, table + 120), *range(len(whole) - 22, len(whole))):
        for bit in (0, 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            with suppress(InputError):
                open_weights(path)
