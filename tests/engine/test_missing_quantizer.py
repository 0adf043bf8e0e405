import pytest

from tests.engine.conftest import opened
from yolozu.engine import missing_quantizer as module
from yolozu.engine.doit.tasks import Build
from yolozu.engine.missing_quantizer import missing_quantizer


@pytest.fixture
def _without(monkeypatch):
    monkeypatch.setattr(module, "find_spec", {}.get)


@pytest.mark.effect("torchao_required")
@pytest.mark.usefixtures("config", "_without")
def test_what_is_required_is_looked_for_before_anything_is_trained(capsys):
    build = Build(opened("lora_r=4", "torchao_quant=int8wo", "torchao_required=true"))
    (resolve,) = next(build.tasks())["actions"][0]
    assert resolve() is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err == (
        "torchao_required=true: YZ475 needs the package torchao, which is not installed\n"
        "  fix: pip install 'yolozu[torchao]', or leave out torchao_required: weights then stay whole\n"
    )
    assert not build.session.layout.plan_dir.exists()


@pytest.mark.effect("qlora")
@pytest.mark.usefixtures("config", "_without")
def test_qlora_requires_it():
    session = opened("lora_r=4", "qlora=true")
    (finding,) = missing_quantizer(session, [])
    assert finding.render() == (
        "qlora=true: YZ475 needs the package torchao, which is not installed\n"
        "  fix: pip install 'yolozu[torchao]', or use lora_r without qlora"
    )


@pytest.mark.usefixtures("config", "_without")
def test_what_is_not_required_or_not_trained_goes_without():
    assert missing_quantizer(opened("lora_r=4", "torchao_quant=int8wo"), []) == []
    assert missing_quantizer(opened("lora_r=4", "qlora=true"), ["prepare_data"]) == []


@pytest.mark.usefixtures("config")
def test_where_it_is_installed_there_is_nothing_to_say(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    assert missing_quantizer(opened("lora_r=4", "qlora=true"), []) == []
