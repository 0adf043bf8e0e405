"""What is disturbed beside it: Make and `torch.save`, as a careful person would write them in an hour."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fault_injection.trial import digests

MAKEFILE = """\
RUN ?= exp
all: $(RUN)/metrics.json
$(RUN)/weights.pt: train.py $(wildcard parts/*/train/*)
\tpython train.py $(RUN)
$(RUN)/model.onnx: $(RUN)/weights.pt export.py
\tpython export.py $(RUN)
$(RUN)/predictions.json: $(RUN)/model.onnx predict.py $(wildcard parts/images/val/*)
\tpython predict.py $(RUN)
$(RUN)/metrics.json: $(RUN)/predictions.json evaluate.py
\tpython evaluate.py $(RUN)
"""

COMMON = """\
import json, os, pathlib, sys
import numpy, torch
from PIL import Image

run = pathlib.Path(sys.argv[1])
run.mkdir(exist_ok=True)

def samples(split):
    for path in sorted(pathlib.Path("parts/images", split).glob("*.png")):
        label = pathlib.Path("parts/labels", split, path.stem + ".txt").read_text().split()
        image = torch.from_numpy(numpy.array(Image.open(path).resize((32, 32)))).permute(2, 0, 1) / 255
        yield image, torch.tensor([float(word) for word in label[1:5]])

def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.BatchNorm2d(8), torch.nn.Flatten(),
        torch.nn.Dropout(0.1), torch.nn.LazyLinear(4),
    )
"""

SCRIPTS = {
    "train.py": COMMON
    + """
torch.manual_seed(0)
images, boxes = map(torch.stack, zip(*samples("train")))
model = network()
model(images)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
checkpoint, first = run / "checkpoint.pt", 0
if checkpoint.exists():
    saved = torch.load(checkpoint)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    first = saved["step"]
for step in range(first, 200):
    chosen = torch.randperm(len(images))[:4]
    loss = (model(images[chosen]) - boxes[chosen]).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, checkpoint)
torch.save(model.state_dict(), run / "weights.pt")
checkpoint.unlink()
""",
    "export.py": COMMON
    + """
model = network()
model(torch.zeros(2, 3, 32, 32))
model.load_state_dict(torch.load(run / "weights.pt"))
torch.onnx.export(model.eval(), torch.zeros(1, 3, 32, 32), run / "model.onnx", input_names=["image"], dynamo=False)
""",
    "predict.py": COMMON
    + """
import onnxruntime
session = onnxruntime.InferenceSession(run / "model.onnx")
found = [session.run(None, {"image": image[None].numpy()})[0][0].tolist() for image, _ in samples("val")]
(run / "predictions.json").write_text(json.dumps(found))
""",
    "evaluate.py": COMMON
    + """
found = torch.tensor(json.loads((run / "predictions.json").read_text()))
error = (found - torch.stack([box for _, box in samples("val")])).abs().mean()
(run / "metrics.json").write_text(json.dumps({"error": error.item()}))
""",
}

MADE = {
    "train": ("weights.pt", "model.onnx", "predictions.json", "metrics.json"),
    "export": ("model.onnx", "predictions.json", "metrics.json"),
    "predict": ("predictions.json", "metrics.json"),
    "evaluate": ("metrics.json",),
}


class Baseline:
    """A Makefile and four scripts."""

    name = "Make + torch.save"
    stages: tuple[str, ...] = tuple(MADE)
    documented = False

    def lay_out(self, where: Path) -> None:
        """The Makefile, the scripts, the pictures."""
        from benchmarks.interruptions import make_project

        make_project(where)
        (where / "Makefile").write_text(MAKEFILE)
        for name, text in SCRIPTS.items():
            (where / name).write_text(text)

    def command(self, run: str = "exp", *, closely: bool = False) -> list[str]:  # noqa: ARG002 - make knows no such thing
        """`make`."""
        return ["make", f"RUN={run}"]

    def make_stale(self, where: Path, stage: str) -> None:
        """What a stage and those behind it make."""
        for name in MADE[stage]:
            (where / "exp" / name).unlink()

    def outputs(self, where: Path, run: str = "exp") -> dict[str, str]:
        """All files of a run."""
        made = digests(where, [where / run / name for name in MADE["train"]])
        return {name.removeprefix(f"{run}/"): digest for name, digest in made.items()}

    def users_files(self, where: Path) -> list[Path]:
        """Scripts and data set."""
        return [where / "Makefile", *where.glob("*.py"), *(where / "parts").rglob("*")]

    def is_worker(self, command_line: str) -> bool:
        """A script's process."""
        return ".py exp" in command_line or ".py other" in command_line
