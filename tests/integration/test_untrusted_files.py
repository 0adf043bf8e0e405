"""What docs/security.md says of files that nobody vouches for; other tests hold archives, tar files, names and HTML."""

import json
import struct
import zlib

import onnx
import pytest
from onnx import TensorProto, helper

from tests.data.builders import write_image, write_yolo
from yolozu.cli.app import main
from yolozu.errors import EXIT_DONE, EXIT_REFUSED, EXIT_USAGE


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def bilevel_png(side):
    """A black PNG of ``side``² px, in a few kilobytes."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(side)) + rows.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked(said, tmp_path):
    write_yolo(tmp_path / "data", {"train/small": "0 0.5 0.5 0.2 0.2\n", "train/huge": "0 0.5 0.5 0.2 0.2\n"})
    (tmp_path / "data/images/train/huge.png").write_bytes(bilevel_png(20_000))
    code, text = said("data", "check", "data")
    assert (code, "Image size (400000000 pixels) exceeds limit" in " ".join(text.split())) == (EXIT_REFUSED, True), text


@pytest.mark.slow
@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd"])
def test_weights_that_an_onnx_file_keeps_elsewhere_are_not_read(said, tmp_path, location):
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    write_image(tmp_path / "photo.png")
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", "16")):
        weight.external_data.add(key=key, value=value)
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", sides[:1], sides[1:], [weight])
    (tmp_path / "models").mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, tmp_path / "models/m.onnx")
    code, text = said("predict", "photo.png", "--onnx", "models/m.onnx")
    assert (code, "models/m.onnx: YZ602" in text, "xternal data" in text) == (EXIT_USAGE, True, True), text


ENTITIES = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True))
NAMED = "<annotation><filename>&{};</filename></annotation>"
XML = {
    "entities that grow": f'<!DOCTYPE x [<!ENTITY a "{"x" * 50}">{ENTITIES}]>{NAMED.format("j")}',
    "an entity of a file": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{NAMED.format("a")}',
    "depth": "<annotation>" + "<a>" * 100_000,
}


@pytest.mark.parametrize("name", XML)
def test_annotations_in_xml_expand_and_fetch_nothing(said, tmp_path, name):
    write_image(tmp_path / "voc/JPEGImages/a.png")
    (tmp_path / "voc/Annotations").mkdir()
    (tmp_path / "voc/Annotations/a.xml").write_text(XML[name])
    code, text = said("data", "check", "voc")
    assert (code, "root:" in text) == (EXIT_REFUSED, False), text
    assert "Annotations/a.xml" in text


def test_a_page_shows_the_names_of_classes_as_text(said, tmp_path):
    write_image(tmp_path / "data/images/val/a.png")
    (tmp_path / "data/labels/val").mkdir(parents=True)
    (tmp_path / "data/labels/val/a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "data/classes.txt").write_text("<script>alert(1)</script>\n")
    box = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}
    entry = {"image": "images/val/a.png", "detections": [{"class_id": 0, "score": 0.5, "bbox": box}]}
    (tmp_path / "p.json").write_text(json.dumps([entry]))
    code, text = said("compare", "p.json", "p.json", "--dataset", "data", "--bootstrap", "100", "--html", "page.html")
    assert code == EXIT_DONE, text
    page = (tmp_path / "page.html").read_text()
    assert ("<script>alert" in page, "&lt;script&gt;alert(1)" in page) == (False, True)
