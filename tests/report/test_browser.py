"""The page in a browser: nothing is missing, nothing complains, and nothing is wider than the screen."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.made import material_in, rows_in
from tests.report.test_sections import forgotten
from yolozu.report.material import Material, RunFiles, Show
from yolozu.report.write import page_text

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RUN = Path(__file__).parents[1] / "fixtures/release_0_1_0/runs/finished"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--virtual-time-budget=4000",
)  # fmt: skip
MEASURE = """
<iframe id="phone" width="390" height="800" srcdoc="PAGE"></iframe>
<iframe id="desk" width="1280" height="900" srcdoc="PAGE"></iframe>
<pre id="measured"></pre>
<script>
const measured = {};
const look = (name) => {
  const page = document.getElementById(name).contentDocument;
  for (const one of page.querySelectorAll("details")) one.open = true;
  const images = [...page.images];
  measured[name] = {
    width: page.documentElement.clientWidth,
    content: page.documentElement.scrollWidth,
    images: images.length,
    broken: images.filter((one) => !(one.complete && one.naturalWidth > 0)).length,
    headings: [...page.querySelectorAll("h2")].map((one) => one.textContent),
  };
};
addEventListener("load", () => {
  look("phone"); look("desk");
  document.getElementById("measured").textContent = JSON.stringify(measured);
});
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


def measured(page: str, place: Path) -> dict[str, dict[str, object]]:
    """What a browser says of the page on a phone and on a desk, and what its console says."""
    whole = place / "measure.html"
    whole.write_text("<!doctype html>" + MEASURE.replace("PAGE", html.escape(page)), encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={place / 'profile'}", "--dump-dom", whole.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout)
    assert found is not None, done.stderr
    return json.loads(html.unescape(found[1]))


def pages(tmp_path):
    """A run of boxes with a long name and hostile classes, and a finished run with poses and scenarios."""
    steps = [("train_step", step, {"total": 1.0 / step, "bbox": 0.5}, {"lr": 0.1}) for step in range(1, 500)]
    rows = rows_in(tmp_path / "rows.jsonl", *steps)
    names = ("a very long name of a class that nobody would write by hand, but somebody did", "<img src=x>", "o" * 90)
    past = forgotten(tmp_path, tasks=["r" * 64, "s" * 64])
    yield page_text(material_in(tmp_path, names=names, run="r" * 64, train_metrics=rows, forgetting=past))
    files = {
        "index": "data/predict.json", "models": "data/models.json", "predictions": "predictions/predictions.json",
        "boxes": "reports/eval_coco.json", "poses": "reports/eval_pose.json", "parity": "reports/onnx_parity.json",
        "run_meta": "reports/run_meta.json", "contract": "reports/config_resolved.yaml", "receipts": "receipts",
        "scenarios": "reports/scenarios.json", "train_metrics": "reports/train_metrics.jsonl",
        "val_metrics": "reports/val_metrics.jsonl",
    }  # fmt: skip
    finished = RunFiles(**{name: RUN / path for name, path in files.items()})
    yield page_text(Material("finished", finished, Show(0, 0.0)))


def test_no_complaint_all_pictures_and_no_sideways_scrolling(tmp_path):
    for number, page in enumerate(pages(tmp_path)):
        place = tmp_path / str(number)
        place.mkdir()
        found = measured(page, place)
        for width, one in ((390, found["phone"]), (1280, found["desk"])):
            assert (one["content"] <= one["width"] <= width, one["broken"]) == (True, 0), (number, width, one)
        assert found["phone"]["headings"] == found["desk"]["headings"]
        assert (found["desk"]["images"] > 0) is (number == 0)
