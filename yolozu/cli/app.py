"""The `yolozu` command: a table of commands, of which only the one that was asked for is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer

import yolozu
from yolozu.cli.help import Command, Group
from yolozu.cli.render import show_findings
from yolozu.contract.foreign_keys import FOREIGN_KEYS, foreign_fix, option_of
from yolozu.engine.stopping import EndOnSignal
from yolozu.errors import EXIT_BUG, EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE, Finding, YolozuError
from yolozu.registry import nearest
from yolozu.system import spin_briefly
from yolozu.system_errors import explain_system_error

PROGRAM = "yolozu"
FOR_WORDS = "for_words"
"""What a command may have to be another one for other words, see `yolozu.cli.flags.unlisted_contract_flags`."""
EXIT_BY_SIGINT = 130  # what typer makes of Ctrl-C


class Entry(NamedTuple):
    """A command: where its function is, and the line that lists it."""

    location: str
    help: str


_COMMANDS = "yolozu.cli.commands"

COMMANDS = {
    "init": Entry(f"{_COMMANDS}.init:init", "Write a commented contract and a dodo.py to start from."),
    "run": Entry(f"{_COMMANDS}.build:run", "Build what is stale: doit, in any directory."),
    "train": Entry(f"{_COMMANDS}.build:train", "Train, export and check parity; every contract key is a flag."),
    "finish": Entry(f"{_COMMANDS}.build:finish", "End an interrupted training where it stands, and keep it."),
    "plan": Entry(f"{_COMMANDS}.plan:plan", "What would run, in order."),
    "why": Entry(f"{_COMMANDS}.plan:why", "Why each stage would run: which key or file, old and new."),
    "status": Entry(f"{_COMMANDS}.plan:status", "The stages of a run and how they stand."),
    "graph": Entry(f"{_COMMANDS}.graph:graph", "The plan as a graph: text, Mermaid or DOT."),
    "verify": Entry(f"{_COMMANDS}.plan:verify", "Check every artifact of a run against its receipt."),
    "trace": Entry(f"{_COMMANDS}.trace:trace", "What made a file, back to data and first weights."),
    "verify-resume": Entry(f"{_COMMANDS}.verify_resume:verify_resume", "Prove that a killed training resumes exactly."),
    "doctor": Entry(f"{_COMMANDS}.doctor:doctor", "Will it learn: look at machine, data and network in minutes."),
    "replay": Entry(f"{_COMMANDS}.replay:replay", "Repeat the step that ended a training; say what is not finite."),
    "smoke": Entry(f"{_COMMANDS}.smoke:smoke", "Try every size of the detector, from pictures to predictions."),
    "continual teachers": Entry(f"{_COMMANDS}.continual_teachers:teachers", "Store what a detector says, for derpp."),
    "continual run": Entry(f"{_COMMANDS}.continual:run", "Learn tasks one after another, as a sequence file says."),
    "sweep": Entry(f"{_COMMANDS}.sweep:sweep", "Build runs that differ in a few keys, and rank them."),
    "contract validate": Entry(f"{_COMMANDS}.contract:validate", "Check contracts; all errors at once."),
    "contract show": Entry(f"{_COMMANDS}.contract:show", "Every key as it resolves, with its origin."),
    "contract diff": Entry(f"{_COMMANDS}.contract:diff", "Where two contracts differ, and what that makes stale."),
    "contract migrate": Entry(
        f"{_COMMANDS}.contract_migrate:migrate", "Bring contracts to today's version, shown as a diff."
    ),
    "contract schema": Entry(f"{_COMMANDS}.contract:schema", "The JSON Schema of contracts."),
    "model info": Entry(f"{_COMMANDS}.model:info", "Parameters, FLOPs and latency of a detector."),
    "weights list": Entry(f"{_COMMANDS}.weights:list_weights", "Published weights by name, as init_from knows them."),
    "weights make": Entry(f"{_COMMANDS}.weights:make", "Pack a run's best weights into a file to hand on."),
    "weights get": Entry(f"{_COMMANDS}.weights:get", "Fetch published weights before a training does."),
    "gc": Entry(f"{_COMMANDS}.gc:gc", "Free the disk space of runs: by age, number, score; never what others need."),
    "store ls": Entry(f"{_COMMANDS}.store:ls", "Results that are kept for all runs: size, age, and who has them."),
    "store gc": Entry(f"{_COMMANDS}.store:gc", "Delete kept results that no run has."),
    "store verify": Entry(f"{_COMMANDS}.store:verify", "Check every kept result against its receipt."),
    "lora merge": Entry(f"{_COMMANDS}.lora:merge", "Make an ordinary checkpoint of one with adapters."),
    "lora split": Entry(f"{_COMMANDS}.lora:split", "Take adapters off a checkpoint, into a small file."),
    "lora apply": Entry(f"{_COMMANDS}.lora:apply", "Put adapters beside the checkpoint they belong to."),
    "data check": Entry(f"{_COMMANDS}.data_check:check", "Look for mistakes in a data set."),
    "data prepare-coco": Entry(f"{_COMMANDS}.data_prepare:prepare_coco", "Describe a split of COCO, where it lies."),
    "data prepare-bop": Entry(f"{_COMMANDS}.prepare_bop:prepare_bop", "Write a BOP split in YOLO layout, with poses."),
    "data fetch": Entry(f"{_COMMANDS}.data_fetch:fetch", "Fetch a published data set: coco128."),
    "data subset": Entry(f"{_COMMANDS}.data_subset:subset", "Choose images of a split, the same every time."),
    "data shard": Entry(f"{_COMMANDS}.data_shard:shard", "Write pictures and labels into tar files, as WebDataset."),
    "data split": Entry(f"{_COMMANDS}.data_split:split", "Hold pictures out, as lists: train, val, test."),
    "data paste": Entry(f"{_COMMANDS}.data_paste:paste", "Paste objects onto other backgrounds, with exact poses."),
    "data corrupt": Entry(f"{_COMMANDS}.data_corrupt:corrupt", "Write a corrupted copy of a split."),
    "data corruptions": Entry(f"{_COMMANDS}.data_corrupt:corruptions", "List corruptions, or draw all of an image."),
    "data synth": Entry(f"{_COMMANDS}.data:synth", "Render a data set with exact boxes and poses."),
    "export-predictions": Entry(f"{_COMMANDS}.predict:export_predictions", "Predict images, write predictions JSON."),
    "predict": Entry(f"{_COMMANDS}.predict_pictures:predict", "Find objects in pictures: files, folders, lists."),
    "convert-predictions": Entry(f"{_COMMANDS}.convert:convert_predictions", "Predictions to and from other formats."),
    "validate predictions": Entry(f"{_COMMANDS}.validate:predictions", "Check a predictions file."),
    "validate dataset": Entry(f"{_COMMANDS}.validate:dataset", "Check a data set."),
    "validate run-meta": Entry(f"{_COMMANDS}.validate:run_meta", "Check a run_meta.json."),
    "validate parity": Entry(f"{_COMMANDS}.validate:parity", "Check an onnx_parity.json."),
    "eval-coco": Entry(f"{_COMMANDS}.evaluate:eval_coco", "Evaluate predictions by the COCO protocol."),
    "eval-pose": Entry(f"{_COMMANDS}.eval_pose:eval_pose", "Evaluate predicted poses: ADD(-S), MSSD, MSPD, 5°5cm."),
    "eval-suite": Entry(f"{_COMMANDS}.eval_suite:eval_suite", "Evaluate many predictions files under one protocol."),
    "plot-metrics": Entry(f"{_COMMANDS}.plot_metrics:plot", "Draw losses and metrics of trainings as PNG or SVG."),
    "compare": Entry(f"{_COMMANDS}.compare:compare", "Which of two predicts better, with intervals."),
    "compare-runs": Entry(f"{_COMMANDS}.compare_runs:compare_runs", "Why two runs differ, down to the first step."),
    "report": Entry(f"{_COMMANDS}.report:report", "Show how a run went, in one HTML page."),
    "test": Entry(f"{_COMMANDS}.scenarios:run_suite", "Scenario suite: slices of the data, perturbed pictures."),
}  # fmt: skip
"""Words of a command -> its entry; two words are a command of a group."""

GROUPS = {
    "continual": "Learn tasks one after another without losing the earlier ones. With a file alone it runs that.",
    "contract": "Check, show and compare run contracts.",
    "model": "Describe detectors.",
    "weights": "First weights: published ones by name, and your own. Alone it lists them.",
    "store": "Results that are kept by what they were made of, for every run that asks for the same.",
    "lora": "Adapters: merge them, split them off, put them back.",
    "data": "Make and check data sets.",
    "validate": "Check files against their schemas.",
}

ALONE = {"weights": "list"}
"""What a group means without a further word, where that is not its help."""


DEFAULTS = {"continual": "run"}
"""The command that a group means where a word that is none of its commands follows."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; every error leaves here as text for people.

    Without ``argv`` this process is the command's own, and signals end it as Ctrl-C does.
    """
    requests = EndOnSignal()
    if argv is None:
        requests.install()
        spin_briefly(os.environ)
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except YolozuError as error:
        show_findings(error.findings)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001 what the machine did not do is a bug: it is reported whole, and as such
        if requests.count:  # some modules, while they are imported, make another error of the interrupt
            return _interrupted()
        said = explain_system_error(error, where=PROGRAM)
        if said is None:
            return _report_bug(error, arguments)
        show_findings([said])
        return EXIT_USAGE


def _run(arguments: list[str]) -> int:
    from typer.exceptions import TyperException

    if len(arguments) == 1 and arguments[0] in ALONE:
        arguments = [*arguments, ALONE[arguments[0]]]
    arguments = with_default(arguments)
    name = asked_command(_completed_words() if f"_{PROGRAM.upper()}_COMPLETE" in os.environ else arguments)
    if not arguments or (len(arguments) == 1 and arguments[0] in GROUPS):
        arguments = [*arguments, "--help"]
    try:
        result = build_app(name, arguments)(arguments, prog_name=PROGRAM, standalone_mode=False)
    except TyperException as error:
        show_findings([_usage_finding(error)])
        return EXIT_USAGE
    if result == EXIT_BY_SIGINT:
        return _interrupted()
    return result if isinstance(result, int) else EXIT_DONE


def with_default(arguments: Sequence[str]) -> list[str]:
    """``arguments`` with the command that a group means, where they name none: ``continual tasks.yaml``."""
    group, rest = "".join(arguments[:1]), arguments[1:]
    others = {"--help", "-h", *(name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{group} "))}
    return [group, DEFAULTS[group], *rest] if group in DEFAULTS and rest and rest[0] not in others else [*arguments]


def asked_command(arguments: Sequence[str]) -> str | None:
    """The entry of `COMMANDS` that the first words name; None where they name none."""
    for count in (1, 2):
        name = " ".join(arguments[:count])
        if name in COMMANDS:
            return name
    return None


def build_app(name: str | None, arguments: Sequence[str] = ()) -> typer.Typer:
    """The application with the function of command ``name`` imported, for ``arguments``; the others are only listed."""
    root = _typer("Train detectors as a graph of files that can be trusted, repeated and explained.")
    root.callback()(_root)
    groups = {group: _typer(text) for group, text in GROUPS.items()}
    for group, app in groups.items():
        root.add_typer(app, name=group)
    for words, entry in COMMANDS.items():
        group, _, leaf = words.rpartition(" ")
        home = groups[group] if group else root
        if words == name:
            home.command(leaf, cls=Command)(_load(entry.location, arguments))
        else:
            home.command(leaf, cls=Command, help=entry.help)(_listed_only)
    return root


def _typer(text: str) -> typer.Typer:
    return typer.Typer(
        cls=Group,
        help=text,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _load(location: str, arguments: Sequence[str]) -> Callable[..., Any]:
    module, _, function = location.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(module), function)
    chosen: Callable[..., Any] = getattr(loaded, FOR_WORDS, lambda _: loaded)(arguments)
    return chosen


def _listed_only() -> None:
    raise AssertionError("a command that was not asked for cannot run")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"{PROGRAM} {yolozu.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Nothing happens before a command does."""


def _completed_words() -> list[str]:
    """What was typed before the completion key; shells pass it in one of two variables."""
    words = os.environ.get("_TYPER_COMPLETE_ARGS", os.environ.get("COMP_WORDS", ""))
    return words.split()[1:]


def _usage_finding(error: Any) -> Finding:
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    is_unknown = hasattr(error, "possibilities")
    said = error.message if is_unknown else error.format_message()
    problem, _, guess = said.replace(": Value error, ", ": ").partition(" Did you mean ")  # pydantic's words for ours
    fix = f"did you mean {guess}" if guess else f"see '{path} --help'"
    if is_unknown and context is not None:
        meant = _meant_option(error.option_name, context.command.params)
        fix = fix if meant is None else meant
    return Finding("YZ903", path, f"{problem[0].lower()}{problem[1:]}".rstrip("."), fix)


def _meant_option(unknown: str, options: Sequence[Any]) -> str | None:
    """What to write instead of an option that is none; None where nothing is near."""
    known = [name for option in options for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
    name = unknown.removeprefix("--").replace("-", "_")
    foreign = FOREIGN_KEYS.get(name)
    if foreign is not None and not {"--lr", option_of(foreign)}.isdisjoint(known):
        return foreign_fix(name, flag=True)
    guess = nearest(unknown, known)
    return None if guess is None else f"did you mean {guess!r}?"


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return EXIT_INTERRUPTED


def _report_bug(error: Exception, arguments: list[str]) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="yolozu-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"{PROGRAM} {yolozu.__version__}, Python {sys.version}\narguments: {arguments}\n\n")
        file.write("".join(traceback.format_exception(error)))
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    show_findings(
        [Finding("YZ904", PROGRAM, f"internal bug: {said}", f"please report it with the traceback in {file.name}")]
    )
    return EXIT_BUG
