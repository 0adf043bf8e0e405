from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.fixtures.exported import CLASSES
from yolozu.contract.adapters import OfferedAdapter
from yolozu.contract.sections.predict import TtaSection
from yolozu.data.corruption.corruption import corruption_of
from yolozu.errors import UsageError
from yolozu.predict.adapters import opening
from yolozu.predict.adapters.base import Adapter, AdapterRequest
from yolozu.predict.adapters.dummy import DummyAdapter
from yolozu.predict.adapters.opening import ADAPTERS, OPTIONS, available_adapters, check_options, open_adapter
from yolozu.progress import SilentProgress


@pytest.fixture
def installed(monkeypatch):
    """Pretend that packages offer adapters."""

    def offer(**entries):
        offered = [OfferedAdapter(name, value, "their-package", "1.0") for name, value in entries.items()]
        monkeypatch.setattr(opening, "offered_adapters", lambda: offered)

    return offer


@pytest.fixture
def full(exported, tmp_path):
    """A request with everything any adapter reads."""
    predictions = tmp_path / "given.json"
    predictions.write_text("[]")
    return AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress(),
        checkpoint=exported.checkpoint,
        onnx=exported.onnx,
        predictions=predictions,
    )


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_gives_an_entry_per_image_and_says_whether_it_can_adapt(exported, full, name):
    adapter = open_adapter(name, full)
    records = exported.index.records[:3]
    found = adapter.predict(records)
    assert [(entry.image, entry.width, entry.height) for entry in found] == [
        (record.image, record.width, record.height) for record in records
    ]
    for entry in found:
        assert entry.scores.tolist() == sorted(entry.scores.tolist(), reverse=True)
        assert set(entry.class_ids.tolist()) <= set(CLASSES.category_ids)
    assert set(adapter.uses) <= set(OPTIONS)
    assert adapter.describe() == open_adapter(name, full).describe() or name == "precomputed"
    if adapter.supports_ttt():
        (batch,) = adapter.build_loader(records, 3)
        assert adapter.get_model()(batch).pred_logits.shape == (3, 20, 3)
    else:
        with pytest.raises(UsageError):
            adapter.get_model()


def test_adapters_of_installed_packages_are_listed_without_importing_them(installed):
    installed(theirs="no_such_package.adapter:Theirs")
    assert list(available_adapters()) == ["rtdetr_pose", "onnxruntime", "openvino", "precomputed", "dummy", "theirs"]


def test_an_adapter_of_an_installed_package_opens(installed, full):
    installed(theirs="yolozu.predict.adapters.dummy:DummyAdapter")
    assert isinstance(open_adapter("theirs", full), DummyAdapter)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("no_such_package.adapter:Theirs", "cannot be imported: No module named 'no_such_package'"),
        ("json:Theirs", "cannot be imported: module 'json' has no attribute 'Theirs'"),
        ("json:loads", "is no adapter: it lacks uses, open, predict, supports_ttt, get_model, build_loader, describe"),
    ],
)
def test_what_a_package_offers_must_be_an_adapter(installed, full, value, problem):
    installed(theirs=value)
    with pytest.raises(UsageError) as refused:
        open_adapter("theirs", full)
    assert str(refused.value) == (
        f"adapter 'theirs' ({value}): YZ618 {problem}\n  fix: mend or uninstall the package that offers it"
    )


def test_members_are_those_of_the_protocol():
    assert set(opening.MEMBERS) == {name for name in dir(Adapter) if not name.startswith("_")} | {"uses"}


def test_a_package_cannot_take_a_name_of_ours(installed):
    installed(dummy="theirs:Adapter")
    with pytest.raises(UsageError) as refused:
        available_adapters()
    assert str(refused.value) == (
        "entry point yolozu.adapters: dummy: YZ616 their-package offers theirs:Adapter under a name that "
        "yolozu.predict.adapters.dummy:DummyAdapter has\n"
        "  fix: uninstall their-package, or ask its authors for another name"
    )


def test_an_unknown_adapter_offers_the_nearest(full):
    with pytest.raises(UsageError) as refused:
        open_adapter("onnxruntme", full)
    assert str(refused.value) == (
        "adapter 'onnxruntme': YZ901 no such adapter\n"
        "  fix: did you mean 'onnxruntime'? Known: rtdetr_pose, onnxruntime, openvino, precomputed, dummy"
    )


def test_a_file_that_is_not_given_is_asked_for():
    with pytest.raises(UsageError) as refused:
        open_adapter("rtdetr_pose", AdapterRequest(classes=None, progress=SilentProgress()))
    assert str(refused.value) == (
        "--checkpoint: YZ612 adapter 'rtdetr_pose' needs it\n"
        "  fix: give --checkpoint FILE, or --run-id ID of a run that has one"
    )


def test_options_that_have_no_effect_are_refused_together():
    with pytest.raises(UsageError) as refused:
        check_options("onnxruntime", {"checkpoint", "predictions", "device"})
    assert str(refused.value) == (
        "--onnx: YZ612 adapter 'onnxruntime' needs it\n"
        "  fix: give --onnx FILE, or --run-id ID of a run that has one\n"
        "--checkpoint: YZ612 adapter 'onnxruntime' does not read it\n"
        "  fix: leave it out, or choose --adapter rtdetr_pose\n"
        "--predictions: YZ612 adapter 'onnxruntime' does not read it\n"
        "  fix: leave it out, or choose --adapter precomputed"
    )


def test_pictures_that_an_adapter_does_not_look_at_are_refused(full):
    """In a run as on the command line: what a package's adapter reads is known only when it is opened."""
    changed = replace(full, transform=corruption_of("fog", 3), views=TtaSection(tta=True, tta_mode="model"))
    with pytest.raises(UsageError) as refused:
        open_adapter("dummy", changed)
    assert str(refused.value) == (
        "corruption: YZ612 adapter 'dummy' reads no 'transform'\n"
        "  fix: drop corruption, or choose rtdetr_pose, onnxruntime or openvino\n"
        "tta_mode: model: YZ612 adapter 'dummy' reads no 'views'\n"
        "  fix: drop tta_mode: model, or choose rtdetr_pose, onnxruntime or openvino"
    )


def test_options_that_an_adapter_reads_are_fine():
    check_options("rtdetr_pose", {"checkpoint", "device", "batch_size"})
    check_options("dummy", set())


@pytest.mark.slow
def test_listing_adapters_imports_none():
    code = (
        "import sys; from yolozu.predict.adapters.opening import available_adapters; list(available_adapters())\n"
        "heavy = {'torch', 'numpy', 'onnxruntime'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
