from __future__ import annotations

import hashlib
import json
import random
import shutil

import onnx
import pytest

from tests.fixtures.perturbed import save_changed
from yolozu.artifacts.onnx_content import DIGEST_KEY, content_digest, content_findings, require_content, stated_digest
from yolozu.errors import InputError

PURPOSE = "if another tool has changed it on purpose, "


@pytest.fixture
def model(exported, tmp_path):
    """The exported file in a directory of its own, without the JSON beside it."""
    return shutil.copy(exported.onnx, tmp_path / "model.onnx")


def said_of(path):
    return [(finding.code, finding.problem, finding.fix) for finding in content_findings(path)]


def test_the_digest_is_that_of_graph_and_own_properties_as_the_words_say():
    message = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []), producer_name="me", ir_version=10)
    for key, value in (("yolozu.b", "2"), ("author", "me"), ("yolozu.a", '"ü"'), (DIGEST_KEY, "whatever")):
        message.metadata_props.add(key=key, value=value)
    opset = message.opset_import[0].SerializeToString()
    graph = message.graph.SerializeToString()
    hasher = hashlib.sha256(b"1 1\n\x0a" + b"2 2\nme")
    hasher.update(f"7 {len(graph)}\n".encode() + graph + f"8 {len(opset)}\n".encode() + opset)
    hasher.update('{"yolozu.a":"\\"ü\\"","yolozu.b":"2"}'.encode())
    assert content_digest(message.SerializeToString()) == hasher.hexdigest()
    assert stated_digest(message.SerializeToString()) == f'"{hasher.hexdigest()}"'


def test_an_exported_file_states_its_digest_and_holds_what_it_states(exported):
    properties = {entry.key: entry.value for entry in onnx.load(exported.onnx).metadata_props}
    assert json.loads(properties[DIGEST_KEY]) == content_digest(exported.onnx.read_bytes())
    require_content(exported.onnx)


def test_written_anew_or_with_notes_of_others_it_is_the_same(model):
    loaded = onnx.load(model)
    loaded.metadata_props.add(key="author", value="me")
    onnx.save(loaded, model)
    assert content_findings(model) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_bit_is_found_wherever_it_is(model, seed):
    """Half of them anywhere, which is mostly in weights; half in the metadata at the end of the file."""
    content = bytearray(model.read_bytes())
    at = random.Random(seed).randrange(len(content) if seed % 2 else 4000)
    content[at if seed % 2 else len(content) - 200 - at] ^= 1 << seed % 8
    model.write_bytes(content)
    (said,) = said_of(model)
    assert said == (
        "YZ633",
        "its graph, weights or metadata are not those that were exported: they have another SHA-256 than it states as "
        "yolozu.content_sha256",
        f"take an intact copy, or export the model again from its checkpoint; {PURPOSE}take yolozu.content_sha256 out "
        "of its properties",
    )


def test_a_file_that_states_nothing_is_let_pass(model, tmp_path):
    save_changed(onnx.load(model), model)
    require_content(model)
    require_content(tmp_path / "missing.onnx")


def test_the_digest_beside_it_counts_too_and_both_are_named(exported, model):
    beside = shutil.copy(exported.meta, model.with_name("model.onnx.meta.json"))
    assert content_findings(model) == []
    loaded = onnx.load(model)
    loaded.graph.initializer[0].name += "_"
    save_changed(loaded, model)
    other = (
        "YZ633",
        f"is not the file that {beside.name} beside it tells of: its SHA-256 is not that onnx_sha256",
        f"take both from one export; {PURPOSE}remove {beside.name}",
    )
    assert said_of(model) == [other]
    content = bytearray(exported.onnx.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(InputError) as refused:
        require_content(model)
    assert [finding.code for finding in refused.value.findings] == ["YZ633", "YZ633"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "cannot be read as JSON: line 1, column 2: expecting property name enclosed in double quotes"),
        ("[]", "holds no onnx_sha256, the SHA-256 of the exported file beside it"),
        ('{"onnx_sha256": 3}', "holds no onnx_sha256, the SHA-256 of the exported file beside it"),
    ],
)
def test_what_cannot_be_read_beside_it_is_named(model, text, problem):
    model.with_name("model.onnx.meta.json").write_text(text)
    assert said_of(model) == [("YZ634", problem, "take an intact copy, or remove it")]
