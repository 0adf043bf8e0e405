"""Adapters of installed packages are values of a key like our own, known without being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from yolozu.contract import adapters
from yolozu.contract.adapters import OfferedAdapter, offered_adapter, offered_adapters, require_known_adapter
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.errors import ContractError
from yolozu.predict.adapters.registry import ADAPTERS


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose adapter cannot even be imported."""
    information = tmp_path / "their_package-1.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.2\n")
    (information / "entry_points.txt").write_text("[yolozu.adapters]\nblobs = no_such_module:Blobs\n")
    monkeypatch.syspath_prepend(tmp_path)


def loaded(**keys):
    given = {"max_steps": 1, **keys}
    return load_contract(None, [Override(key, value, f"{key}={value}") for key, value in given.items()])


def test_a_package_s_adapter_is_known_with_its_version(package):
    blobs = OfferedAdapter("blobs", "no_such_module:Blobs", "their-package", "1.2")
    assert blobs in offered_adapters()
    assert offered_adapter("blobs") == blobs
    assert loaded(adapter="blobs").contract.predict.adapter == "blobs"


def test_packages_are_not_looked_at_for_our_own(monkeypatch):
    monkeypatch.setattr(adapters, "offered_adapters", lambda: pytest.fail("they were looked at"))
    for name in ADAPTERS:
        assert require_known_adapter(name) == name
        assert offered_adapter(name) is None


def test_an_unknown_adapter_offers_the_nearest(package):
    with pytest.raises(ContractError) as refused:
        loaded(adapter="blob")
    assert str(refused.value) == (
        "adapter=blob: YZ104 there is no adapter 'blob', neither here nor in an installed package\n"
        "  fix: did you mean 'blobs'? Known: rtdetr_pose, onnxruntime, openvino, precomputed, dummy, blobs"
    )
    with pytest.raises(ContractError) as refused:
        loaded(adapter=3)
    assert refused.value.findings[0].problem == (
        "must be rtdetr_pose, onnxruntime, openvino, precomputed, dummy, or the adapter of an installed package, got 3"
    )


def test_what_a_package_s_adapter_reads_is_not_called_dead(package):
    """Only the adapter knows whether it reads the file."""
    assert loaded(adapter="blobs", predictions="x.json").warnings == ()
    assert [found.where for found in loaded(adapter="dummy", predictions="x.json").warnings] == ["predictions=x.json"]


def test_contracts_without_such_an_adapter_look_at_no_package():
    code = (
        "import sys\n"
        "from yolozu.contract.loader import load_contract\n"
        "from yolozu.contract.overrides import Override\n"
        "from yolozu.contract import adapters\n"
        "adapters.offered_adapters = lambda: sys.exit('looked')\n"
        "given = {'max_steps': 1, 'adapter': 'dummy'}\n"
        "load_contract(None, [Override(key, value, key) for key, value in given.items()])\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
