from __future__ import annotations

from tests.evaluation.benchmark.test_run import predicted, protocol, reported


def test_the_report_holds_the_protocol_and_every_file(tmp_path):
    path, asked = predicted(tmp_path / "a.json"), protocol()
    report = reported([path], asked).model_dump(mode="json")
    assert report["protocol_sha256"] == asked.sha256
    assert report["protocol"] == asked.model_dump(mode="json")
    (file,) = report["files"]
    assert (file["file"], file["bbox_format"], file["poses"], file["warnings"]) == (
        path.as_posix(),
        "cxcywh_norm",
        None,
        ["1 of 3 classes have no object here and count in no mean: owl"],
    )
    assert file["boxes"]["counts"] == {"images": 2, "ground_truth": 2, "detections": 2, "covered_images": 2}
    assert [row["name"] for row in file["boxes"]["per_class"]] == ["cat", "dog", "owl"]
