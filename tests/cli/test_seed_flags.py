"""The flags of `yolozu train` as people know them: spelling, type, default and choices, against literal tables."""

import pytest
import typer

from yolozu.cli.commands.build import train
from yolozu.cli.flags import overrides_of
from yolozu.contract.docs.docstrings import docstrings_of
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.slots import flat_values, keys, sections
from yolozu.optim.registry import OPTIMIZERS, SCHEDULES

CONTRACT = Contract()

NUMBERS = {
    "--lr": ("lr", float, 1e-4),
    "--weight-decay": ("weight_decay", float, 0.01),
    "--momentum": ("momentum", float, 0.9),
    "--backbone-lr-mult": ("backbone_lr_mult", float, 1.0),
    "--head-lr-mult": ("head_lr_mult", float, 1.0),
    "--backbone-wd-mult": ("backbone_wd_mult", float, 1.0),
    "--head-wd-mult": ("head_wd_mult", float, 1.0),
    "--min-lr": ("min_lr", float, 0.0),
    "--scheduler-gamma": ("scheduler_gamma", float, 0.1),
    "--lr-warmup-steps": ("lr_warmup_steps", int, 0),
    "--lr-warmup-init": ("lr_warmup_init", float, 0.0),
    "--gradient-accumulation-steps": ("gradient_accumulation_steps", int, 1),
    "--clip-grad-norm": ("clip_grad_norm", float, 0.0),
    "--ema-decay": ("ema_decay", float, 0.999),
    "--cost-z": ("cost_z", float, 0.0),
    "--cost-rot": ("cost_rot", float, 0.0),
    "--cost-t": ("cost_t", float, 0.0),
    "--cost-z-start-step": ("cost_z_start_step", int, 0),
    "--cost-rot-start-step": ("cost_rot_start_step", int, 0),
    "--cost-t-start-step": ("cost_t_start_step", int, 0),
    "--stage-off-steps": ("stage_off_steps", int, 0),
    "--stage-k-steps": ("stage_k_steps", int, 0),
}
SWITCHES = {
    "--nesterov": ("nesterov", False),
    "--use-param-groups": ("use_param_groups", False),
    "--wd-exclude-bias": ("wd_exclude_bias", True),
    "--wd-exclude-norm": ("wd_exclude_norm", True),
    "--use-ema": ("use_ema", False),
    "--ema-eval": ("ema_eval", False),
    "--use-matcher": ("use_matcher", True),
}
CHOICES = {
    "--optimizer": ("optimizer", "adamw", tuple(OPTIMIZERS)),
    "--scheduler": ("scheduler", "none", tuple(SCHEDULES)),
    "--amp": ("amp", "none", ("none", "bf16", "fp16")),
    "--task-aligner": ("task_aligner", "none", ("none", "uncertainty")),
}
OTHERS = {
    "--scheduler-milestones": ("scheduler_milestones", "1000,2000,3000", (1000, 2000, 3000), ()),
    "--device": ("device", "cuda:0", "cuda:0", "cpu"),
    "--batch-size": ("batch_size", "4", 4, 16),
    "--max-steps": ("max_steps", "50", 50, None),
    "--dataset-root": ("dataset_root", "data/coco128", "data/coco128", "synthetic"),
}
NESTED = {
    "model.backbone.name": ("cspresnet", {"cspdarknet_s", "resnet50", "convnext_tiny", "cspresnet", "tiny_cnn"}),
    "model.backbone.norm": ("bn", {"bn"}),
    "model.backbone.args.width_mult": (1.0, {0.5}),
    "model.backbone.args.depth_mult": (1.0, {0.5}),
    "model.projector.d_model": (256, {256}),
    "model.pose": ("auto", {"auto", True, False}),
    "model.use_uncertainty": (False, {True}),
}


@pytest.fixture(scope="module")
def options():
    """Flag -> option of the real command."""
    app = typer.Typer()
    app.command()(train)
    command = typer.main.get_command(app)
    return {flag: option for option in command.params for flag in (*option.opts, *option.secondary_opts)}


def loaded(flag, options, text):
    """The contract after ``flag text`` (a switch takes none), with what else it needs to be one."""
    key = options[flag].name
    value = flag in options[flag].opts if text is None else text
    with_an_end = [] if key in {"max_steps", "epochs"} else [Override("max_steps", 100, "max_steps=100")]
    company = {
        "nesterov": {"optimizer": "sgd"},
        "ema_eval": {"use_ema": True},
        "fp16": {"device": "cuda"},
        "uncertainty": {"model.use_uncertainty": True},
    }
    needed = {**company.get(key, {}), **company.get(text, {})}
    extra = [Override(other, setting, f"{other}={setting}") for other, setting in needed.items()]
    return flat_values(load_contract(None, [*with_an_end, *extra, *overrides_of({key: value})]).contract)


@pytest.mark.parametrize(("flag", "row"), NUMBERS.items(), ids=NUMBERS)
def test_a_number(options, flag, row):
    key, kind, default = row
    given = 2 if kind is int else 0.25
    assert options[flag].name == key
    assert flat_values(CONTRACT)[key] == default
    assert type(flat_values(CONTRACT)[key]) is kind
    assert loaded(flag, options, str(given))[key] == given


@pytest.mark.parametrize(("flag", "row"), SWITCHES.items(), ids=SWITCHES)
def test_a_switch_can_be_turned_on_and_off(options, flag, row):
    key, default = row
    negation = flag.replace("--", "--no-", 1)
    assert (options[flag].name, options[negation]) == (key, options[flag])
    assert flat_values(CONTRACT)[key] is default
    assert loaded(flag, options, None)[key] is True
    assert loaded(negation, options, None)[key] is False


@pytest.mark.parametrize(("flag", "row"), CHOICES.items(), ids=CHOICES)
def test_a_choice(options, flag, row):
    key, default, choices = row
    assert options[flag].name == key
    assert flat_values(CONTRACT)[key] == default
    assert options[flag].metavar == "|".join(choices)
    assert {loaded(flag, options, choice)[key] for choice in choices} == set(choices)


@pytest.mark.parametrize(("flag", "row"), OTHERS.items(), ids=OTHERS)
def test_lists_texts_and_counts(options, flag, row):
    key, text, value, default = row
    assert options[flag].name == key
    assert flat_values(CONTRACT)[key] == default
    assert loaded(flag, options, text)[key] == value


def test_other_spellings(options):
    values = flat_values(
        load_contract(
            None,
            overrides_of({"max_steps": "9", "use_amp": True, "device": "cuda", "grad_accum": "4", "num_queries": "10"}),
        ).contract
    )
    assert (values["amp"], values["gradient_accumulation_steps"], values["model"].num_queries) == ("fp16", 4, 10)
    assert {"--use-amp", "--no-use-amp", "--grad-accum", "--num-queries"} <= set(options)


def test_learning_poses_step_by_step(options):
    """Phases and costs that start one after the other, as they stand in the example of a staged training."""
    texts = {
        "--stage-off-steps": "1000", "--stage-k-steps": "1000", "--cost-z": "1.0", "--cost-rot": "1.0",
        "--cost-t": "1.0", "--cost-z-start-step": "500", "--cost-rot-start-step": "1000",
        "--cost-t-start-step": "1500",
    }  # fmt: skip
    given = {options[flag].name: text for flag, text in texts.items()}
    loaded = load_contract(None, overrides_of({**given, "max_steps": "5000"}))
    assert loaded.warnings == ()
    values = flat_values(loaded.contract)
    assert {key: values[key] for key in given} == {
        "stage_off_steps": 1000, "stage_k_steps": 1000, "cost_z": 1.0, "cost_rot": 1.0, "cost_t": 1.0,
        "cost_z_start_step": 500, "cost_rot_start_step": 1000, "cost_t_start_step": 1500,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "row"), NESTED.items(), ids=NESTED)
def test_the_model_s_own_keys(key, row):
    default, some = row

    def value_of(contract):
        value = contract.model
        for part in key.split("."):
            value = getattr(value, part)
        return value

    assert value_of(CONTRACT) == default
    for value in some:
        given = [Override("max_steps", 1, "max_steps=1"), Override(key, value, f"{key}={value}")]
        assert value_of(load_contract(None, given).contract) == value


def test_every_flag_says_what_it_does(options):
    texts = {key: text for section in sections().values() for key, text in docstrings_of(section).items()}
    missing = [
        key
        for key in keys()
        if key != "run_id" and not options[f"--{key.replace('_', '-')}"].help.startswith(texts[key])
    ]
    assert missing == []
