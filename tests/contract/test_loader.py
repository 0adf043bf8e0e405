import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contract.broken import BROKEN, STRICT
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.overrides import Override, parse_assignments
from yolozu.contract.sections.losses import LossWeights
from yolozu.contract.sections.run import Contract
from yolozu.errors import ContractError, Finding


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_contract_is_refused_with_all_its_findings(refusal, text, said):
    assert refusal(text) == said


def test_everything_wrong_is_said_at_once_by_line(refusal):
    text = "lr: fast\nepochs: 0\nbatchsize: 4\noptimizer: adamw\nnesterov: true\namp: fp16\nlr: 1\n"
    assert refusal(text) == (
        "exp.yaml:1: lr: YZ103 must be a number of at least 0, got fast\n"
        "  fix: correct it, or drop lr for its default, 0.0001\n"
        "exp.yaml:2: epochs: YZ104 must be a whole number of at least 1, or null, got 0\n"
        "  fix: correct it, or drop epochs for its default, null\n"
        "exp.yaml:3: batchsize: warning: YZ102 unknown key\n"
        "  fix: did you mean 'batch_size'?\n"
        "exp.yaml:5: nesterov: YZ105 nesterov is for sgd, the optimizer is adamw (optimizer: exp.yaml:4)\n"
        "  fix: drop nesterov or set optimizer: sgd\n"
        "exp.yaml:6: amp: YZ105 amp fp16 needs a CUDA device, the device is cpu (device: default)\n"
        "  fix: set amp: bf16 (works on CPUs) or device: cuda\n"
        "exp.yaml:7: lr: YZ108 written twice, first on line 1\n"
        "  fix: keep one of the two"
    )


def test_an_unknown_key_is_a_warning_outside_strict_mode_with_the_same_words(load):
    loaded = load("epochs: 2\nweight_deacy: 0.1\nmodel: {backbone: {nmae: x}}\n")
    assert [warning.render() for warning in loaded.warnings] == [
        "exp.yaml:2: weight_deacy: warning: YZ102 unknown key\n  fix: did you mean 'weight_decay'?",
        "exp.yaml:3: model.backbone.nmae: warning: YZ102 unknown key\n  fix: did you mean 'model.backbone.name'?",
    ]
    assert not loaded.strict


def test_an_unknown_override_is_always_an_error(refusal):
    assert refusal("epochs: 2\n", "lr_=0.1", "model.projector.dmodel=64", "seed.x=1") == (
        "lr_=0.1: YZ102 unknown key\n  fix: did you mean 'lr'?\n"
        "model.projector.dmodel=64: YZ102 unknown key\n  fix: did you mean 'model.projector.d_model'?\n"
        "seed.x=1: YZ102 unknown key\n  fix: seed holds no keys"
    )


@pytest.mark.effect("run_contract", "config_version")
@pytest.mark.parametrize("asking", ["run_id: exp01", "config_version: 1", "run_contract: true"])
def test_a_key_in_the_file_asks_for_strict_mode(refusal, asking):
    assert f"a run contract (asked for by {asking.partition(':')[0]}, exp.yaml:1) must spell out" in refusal(
        f"{asking}\nepochs: 2\n"
    )


def test_an_override_of_the_run_id_asks_for_strict_mode(refusal):
    assert refusal("epochs: 2\nconfig_version: 1\n", "run_id=exp01").startswith("exp.yaml: YZ109 a run contract (asked")


def test_the_caller_can_ask_for_strict_mode(refusal):
    assert refusal("epochs: 2\n", strict=True).startswith(
        "exp.yaml: YZ109 a run contract must spell out config_version"
    )


def test_a_strict_contract_loads(load):
    loaded = load(STRICT)
    assert loaded.strict
    assert loaded.warnings == ()
    assert loaded.contract.run.run_id == "exp01"


def test_overrides_do_not_replace_what_a_strict_file_must_spell(refusal):
    said = refusal(STRICT.replace("seed: 0\n", ""), "seed=3")
    assert said.splitlines()[0].endswith("must spell out seed")


def test_without_a_file_the_overrides_spell_the_required_keys():
    words = ["config_version=1", "dataset_root=synthetic", "seed=0", "device=cpu", "ddp=false", "amp=none", "epochs=1"]
    loaded = load_contract(None, parse_assignments(words), strict=True)
    assert loaded.strict
    with pytest.raises(ContractError, match="command line: YZ109 a run contract must spell out config_version"):
        load_contract(None, parse_assignments(words[1:]), strict=True)


def test_a_flag_wins_over_an_assignment_over_the_file_over_the_default(load):
    text = "epochs: 2\nlr: 0.1\nweight_decay: 0.1\nmomentum: 0.1\noptimizer: sgd\n"
    loaded = load_contract(
        load(text).path,
        [Override("lr", 0.3, "--lr"), *parse_assignments(["lr=0.2", "weight_decay=0.2"])],
    )
    optim = loaded.contract.optim
    assert (optim.lr, optim.weight_decay, optim.momentum, optim.clip_grad_norm) == (0.3, 0.2, 0.1, 0.0)
    keys = ("lr", "weight_decay", "momentum", "clip_grad_norm")
    assert [loaded.origin_of(key) for key in keys] == ["--lr", "weight_decay=0.2", "exp.yaml:4", "default"]
    assert loaded.explicit["lr"] == 0.3
    assert "clip_grad_norm" not in loaded.explicit


def test_zero_and_false_are_values_not_absences(load):
    loaded = load("epochs: 2\nlr: 0.1\nuse_matcher: true\n", "lr=0", "use_matcher=false")
    assert loaded.contract.optim.lr == 0.0
    assert loaded.contract.matching.use_matcher is False


def test_an_override_reaches_into_maps(load):
    loaded = load("epochs: 2\nmodel:\n  num_queries: 30\n", "model.backbone.name=tiny_cnn", "require.map50=>= 0.3")
    model = loaded.contract.model.model
    assert (model.backbone.name, model.num_queries) == ("tiny_cnn", 30)
    assert loaded.contract.evaluate.require == {"map50": ">= 0.3"}
    assert loaded.origin_of("model.backbone.name") == "model.backbone.name=tiny_cnn"
    assert loaded.origin_of("model.num_queries") == "exp.yaml:3"
    assert loaded.origin_of("model.backbone.args.width_mult") == "default"


def test_a_whole_map_applies_before_what_is_inside_it(load):
    loaded = load("epochs: 2\n", "loss_weights.vfl=3", "loss_weights={vfl: 2, bbox: 4}")
    weights = loaded.contract.losses.loss_weights
    assert weights == LossWeights(vfl=3.0, bbox=4.0)
    assert (weights.giou, weights.log_z) == (LossWeights().giou, LossWeights().log_z)


@pytest.mark.parametrize("name", ["model.yaml", "model.json"])
def test_the_model_may_live_in_its_own_file(load, tmp_path, name):
    (tmp_path / name).write_text('{"num_queries": 7,\n "backbone": {"name": "tiny_cnn"}}\n')
    loaded = load(f"epochs: 2\nmodel_config: {name}\n", "model.anchor_size=0.1")
    model = loaded.contract.model.model
    assert (model.num_queries, model.backbone.name, model.anchor_size) == (7, "tiny_cnn", 0.1)
    assert loaded.origin_of("model.backbone.name") == f"{name}:2"


def test_what_is_wrong_in_the_model_file_points_there(refusal, tmp_path):
    (tmp_path / "m.yaml").write_text("num_queries: many\nencodr: {}\n")
    assert refusal("epochs: 2\nmodel: m.yaml\n") == (
        "m.yaml:1: model.num_queries: YZ103 must be a whole number from 1 to 3000, got many\n"
        "  fix: correct it, or drop model.num_queries for its default, 300\n"
        "m.yaml:2: model.encodr: warning: YZ102 unknown key\n  fix: did you mean 'model.encoder'?"
    )


def test_a_model_file_beside_the_contract_is_pointed_to(refusal, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "m.yaml").write_text("num_queries: 7\n")
    assert refusal("epochs: 2\nmodel: m.yaml\n", name="configs/exp.yaml") == (
        "configs/exp.yaml:2: model: YZ101 m.yaml: no such file\n"
        "  fix: paths are relative to the working directory: write configs/m.yaml"
    )


@pytest.mark.parametrize(("written", "amp"), [("true", "fp16"), ("false", "none")])
def test_use_amp_means_amp(load, written, amp):
    assert load(f"epochs: 2\ndevice: cuda\nuse_amp: {written}\n").contract.loop.amp == amp


def test_aliases_mean_their_keys(load):
    loaded = load("epochs: 2\ngrad_accum: 3\nnum_queries: 9\n")
    assert loaded.contract.optim.gradient_accumulation_steps == 3
    assert loaded.contract.model.model.num_queries == 9
    assert loaded.origin_of("gradient_accumulation_steps") == "exp.yaml:2"
    assert loaded.origin_of("model.num_queries") == "exp.yaml:3"


@pytest.mark.parametrize("written", ["100,200", "[100, 200]", '"100, 200"', "[100,\n  200]"])
def test_a_comma_list_is_a_list(load, written):
    loaded = load(f"epochs: 2\nscheduler: multistep\nscheduler_milestones: {written}\n")
    assert loaded.contract.schedule.scheduler_milestones == (100, 200)


def test_one_milestone_needs_no_list(load):
    loaded = load("epochs: 2\nscheduler: multistep\nscheduler_milestones: 100\n")
    assert loaded.contract.schedule.scheduler_milestones == (100,)


def test_an_empty_comma_list_is_an_empty_list(load):
    assert load('epochs: 2\nscheduler_milestones: ""\n').contract.schedule.scheduler_milestones == ()


def test_a_pair_may_be_a_comma_list(load):
    assert load("epochs: 2\n", "image_size=480,640").contract.preprocess.image_size == (480, 640)


def test_a_date_is_a_name_like_any_other(load):
    assert load(STRICT.replace("exp01", "2024-01-01")).contract.run.run_id == "2024-01-01"


def test_json_is_read_by_its_suffix_with_lines(refusal):
    text = '{\n  "epochs": 2,\n  "lr": "0.1",\n  "weight_deacy": 1,\n  "lr": 3\n}\n'
    assert refusal(text, name="exp.json") == (
        'exp.json:3: lr: YZ103 must be a number of at least 0, got "0.1"\n  fix: write 0.1 without quotes\n'
        "exp.json:4: weight_deacy: warning: YZ102 unknown key\n  fix: did you mean 'weight_decay'?\n"
        "exp.json:5: lr: YZ108 written twice, first on line 3\n  fix: keep one of the two"
    )


def test_the_digest_ignores_names_and_operations_only(load):
    base = contract_digest(load(STRICT).contract)
    assert contract_digest(load("# other\n" + STRICT, "run_id=other", "num_workers=3", "log_every=5").contract) == base
    assert contract_digest(load(STRICT, "run_contract=true").contract) == base
    assert contract_digest(load(STRICT, "lr=0.3").contract) != base
    assert contract_digest(load(STRICT, "lr=0.0001").contract) == base


def test_no_override_can_name_a_run_outside_the_directory(refusal):
    assert refusal(STRICT, "run_id=a/b").splitlines()[0].startswith("run_id=a/b: YZ104 must be 1 to 64 letters")


def loaded_or_findings(load: Callable[[], LoadedContract]) -> LoadedContract | tuple[Finding, ...]:
    try:
        return load()
    except ContractError as error:
        return error.findings


def loaded_or_refused(directory: Path, name: str, data: bytes) -> None:
    path = directory / name
    path.write_bytes(data)
    outcome = loaded_or_findings(lambda: load_contract(path))
    if isinstance(outcome, LoadedContract):
        assert isinstance(outcome.contract, Contract)
        return
    assert outcome
    for finding in outcome:
        assert all(part.isprintable() for part in (finding.where, finding.problem, finding.fix))
        assert "pydantic" not in finding.render()


KEYS = st.sampled_from(
    ["epochs", "lr", "model", "image_size", "scheduler_milestones", "require", "ddp", "use_amp", "x", "<<"]
)
VALUES = st.recursive(
    st.sampled_from(
        ["1", "2.5", "no", "null", "~", "1e-4", "'x'", '"\\ud800"', "&a 1", "*a", "!!str x", ".nan", "0x1f", "a,b", ""]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda entries: f"[{', '.join(entries)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
DOCUMENTS = st.lists(st.tuples(KEYS, VALUES), max_size=5).map(
    lambda pairs: "".join(f"{key}: {value}\n" for key, value in pairs)
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.one_of(DOCUMENTS, st.text(max_size=60), st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t\\<0.", max_size=40)))
@example('a: "\\U00110000"\n')
@example("%YAML 1.99999999999999999999\n---\n")
@example("{" * 50)
@example("- " * 500)
@example("epochs: " + "9" * 5000)
@example("lr: 1e999\nepochs: 1")
@example('require: {"\\ud800": ">= 1"}\nepochs: 1')
@example("model: 5\nnum_queries: 3\nepochs: 1")
@example("require: {a.b: '>= 1'}\nepochs: 1")
@example("? a\n: b\n")
@example("a: &a [*a]")
def test_any_text_is_a_contract_or_refused(tmp_path_factory, text):
    data = text.encode("utf-8", errors="surrogatepass")
    directory = tmp_path_factory.getbasetemp()
    loaded_or_refused(directory, "any.yaml", data)
    loaded_or_refused(directory, "any.json", data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
@example(b"\xef\xbb\xbfepochs: 2\n")
@example(b"\xff\xfee\x00")
def test_any_bytes_are_a_contract_or_refused(tmp_path_factory, data):
    loaded_or_refused(tmp_path_factory.getbasetemp(), "any.yaml", data)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=12), st.tuples(KEYS, VALUES).map("=".join)), max_size=3))
@example(["dataset_root=\udc80"])
@example(["loss_weights.a.b=1"])
@example(["model=x.yaml", "model.backbone=1"])
@example(["=", "a", "lr=["])
def test_any_words_are_overrides_or_refused(words):
    assert loaded_or_findings(lambda: load_contract(None, parse_assignments(words)))


def test_a_file_nobody_may_read_is_refused(tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text(STRICT)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(ContractError, match="YZ101 cannot be read: Permission denied"):
        load_contract(path)
