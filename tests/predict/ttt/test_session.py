"""Pictures predicted by a network that adapts to them: what depends on what, and what is left behind."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.fixtures.exported import CLASSES, LORA_CONFIG, random_checkpoint, write_images
from tests.predict.ttt.tiny import PAINTER, same, settings, state_of
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.contract.sections.predict import TttSection
from yolozu.contract.sections.ttt_presets import method_of
from yolozu.errors import InputError, UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.opening import open_adapter
from yolozu.predict.ttt.adaptation import Adaptation
from yolozu.predict.ttt.registry import TTT_METHODS
from yolozu.predict.ttt.session import SwitchedProgress, predict_adapting
from yolozu.predict.ttt.settings import TttSettings
from yolozu.progress import SilentProgress

FILTERS = ("all", "norm_only", "adapter_only")


@dataclass
class Counted:
    """A bar of `Watched`."""

    entry: list
    notes: list

    def advance(self, count=1, note="", numbers=None):  # noqa: ARG002 - of `Bar`
        self.entry[2] += count
        self.notes.append(note)


class Watched(SilentProgress):
    """Keeps the titles of bars, how far they went, their notes, and what was said."""

    def __init__(self):
        self.bars, self.lines, self.notes = [], [], []

    def say(self, line):
        self.lines.append(line)

    @contextmanager
    def bar(self, title, total, done=0):
        self.bars.append([title, total, done])
        yield Counted(self.bars[-1], self.notes)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A checkpoint of a detector that can paint, and pictures."""
    root = tmp_path_factory.mktemp("painter")
    write_checkpoint(root / "best.pt", random_checkpoint(0, CLASSES, PAINTER))
    return root / "best.pt", write_images(root / "data").records


def opened(files, progress=None, **options):
    request = AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress() if progress is None else progress,
        checkpoint=files[0],
        score_threshold=0.3,
        **options,
    )
    return open_adapter("rtdetr_pose", request)


def settings_of(**keys):
    section = TttSection(**{f"ttt_{name}": value for name, value in keys.items()})
    return TttSettings.from_section(section, TTT_METHODS.load(method_of(section)).defaults)


def adapting(files, records=None, progress=None, adapter=None, **keys):
    """The run; everything learns fast unless told otherwise."""
    progress = SwitchedProgress(SilentProgress() if progress is None else progress)
    settings = settings_of(**{"lr": 0.01, **keys})
    adapter = opened(files, progress) if adapter is None else adapter
    return predict_adapting(adapter, files[1] if records is None else records, settings, progress, name="rtdetr_pose")


def numbers(entries):
    return {entry.image: (entry.scores.tolist(), entry.boxes_cxcywh.tolist()) for entry in entries}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tent", "mim"])
def test_with_sample_a_prediction_depends_on_its_own_picture_alone(files, method):
    forth = numbers(adapting(files, method=method, steps=2).predictions)
    back = numbers(adapting(files, files[1][::-1], method=method, steps=2).predictions)
    alone = numbers(adapting(files, files[1][3:4], method=method, steps=2).predictions)
    assert [*forth] == [record.image for record in files[1]]
    assert [*back] == [*forth][::-1]
    assert back == forth
    assert alone == {name: forth[name] for name in alone}


@pytest.mark.slow
def test_with_stream_it_depends_on_those_before(files):
    forth = numbers(adapting(files, reset="stream").predictions)
    back = numbers(adapting(files, files[1][::-1], reset="stream").predictions)
    assert back.keys() == forth.keys()
    assert all(back[name] != forth[name] for name in forth)


@pytest.mark.slow
def test_a_stream_adapts_in_batches_and_what_is_left_over_is_one_too(files):
    run = adapting(files, reset="stream", batch_size=2)
    names = [record.image for record in files[1]]
    assert [batch.images for batch in run.batches] == [names[:2], names[2:4], names[4:]]
    assert [len(batch.steps) for batch in run.batches] == [1, 1, 1]
    assert [entry.image for entry in run.predictions] == names


@pytest.mark.slow
def test_a_batch_is_predicted_after_adapting_to_it_and_later_pictures_with_what_was_learned(files):
    run = adapting(files, method="tent", reset="stream", batch_size=2, max_batches=1, steps=2, update_filter="all")
    assert [len(batch.images) for batch in run.batches] == [2]
    adapter, records = opened(files), files[1]
    how = settings(update_filter="all", steps=2, lr=0.01, norm_weight=1 / 9)
    with Adaptation(adapter.get_model(), how) as adaptation:
        (batch,) = adapter.build_loader(records[:2], 2)
        adaptation.adapt(batch, records[0].image)
        expected = [entry for start in (0, 2, 4) for entry in adapter.predict(records[start : start + 2])]
    assert numbers(run.predictions) == numbers(expected)


def test_what_has_ended_in_a_stream_predicts_the_rest(files):
    run = adapting(files, reset="stream", max_grad_norm=1e-9)
    assert [(len(run.batches), run.batches[0].stop.ended)] == [(1, True)]
    assert len(run.predictions) == len(files[1])


def test_what_has_ended_with_sample_adapts_to_the_next_picture(files):
    run = adapting(files, max_grad_norm=1e-9)
    assert [batch.stop.ended for batch in run.batches] == [True] * len(files[1])


@pytest.mark.slow
@pytest.mark.parametrize("update_filter", FILTERS)
@pytest.mark.parametrize("method", ["tent", "mim"])
def test_the_network_as_it_is_predicts_what_it_does_without_all_this(files, method, update_filter):
    adapter = opened(files)
    before = numbers(opened(files).predict(files[1]))
    state = state_of(adapter.get_model())
    run = adapting(files, adapter=adapter, method=method, update_filter=update_filter, reset="stream")
    assert numbers(run.no_adapt) == before
    assert numbers(run.predictions) != before
    assert numbers(adapter.predict(files[1])) == before
    assert same(state_of(adapter.get_model()), state)


def test_afterwards_the_network_is_what_it_was_where_an_image_cannot_be_read(files, tmp_path):
    data = write_images(tmp_path)
    adapter = opened(files)
    state = state_of(adapter.get_model())
    run = adapting(files, data.records, adapter=adapter)
    data.records[3].path.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"3\.png"):
        adapting(files, data.records, adapter=adapter)
    assert same(state_of(adapter.get_model()), state)
    assert len(run.predictions) == 5


@pytest.mark.slow
def test_what_adapts_and_how_long_it_took_is_told(files):
    run = adapting(files, update_filter="adapter_only")
    network = opened(files).get_model()
    assert {name.rpartition(".lora_")[0] for name in run.parameters} == {*run.adapted_layers}
    assert all(count > 0 for count in run.parameters.values())
    assert run.norm_layers == sum(name.endswith("running_mean") for name in network.state_dict())
    assert min(run.adapt_s, run.predict_s, run.no_adapt_s) > 0.0


def test_defaults_are_the_method_s(files):
    run = adapting(files, files[1][:1], lr=None)
    assert (run.settings.method, run.settings.update_filter, run.settings.lr) == ("tent", "norm_only", 1e-4)
    run = adapting(files, files[1][:1], lr=None, method="mim")
    assert (run.settings.update_filter, run.settings.lr) == ("adapter_only", 1e-3)


@pytest.mark.slow
def test_the_network_adapts_to_the_pictures_as_they_are_shown_to_it(files):
    """What is done to a picture is done before the network adapts to it."""

    class Dark:
        def __call__(self, image_HW3, _):
            return image_HW3 // 4

        def describe(self):
            return {"name": "dark"}

    plain = adapting(files, files[1][:1])
    dark = adapting(files, files[1][:1], adapter=opened(files, transform=Dark()))
    assert plain.batches[0].steps != dark.batches[0].steps


@pytest.mark.parametrize("name", ["dummy", "onnxruntime", "precomputed"])
def test_an_adapter_without_a_network_is_refused(name, exported, tmp_path):
    (tmp_path / "p.json").write_text("[]")
    request = AdapterRequest(
        classes=CLASSES, progress=SilentProgress(), onnx=exported.onnx, predictions=tmp_path / "p.json"
    )
    adapter = open_adapter(name, request)
    with pytest.raises(UsageError) as refused:
        predict_adapting(adapter, [], settings_of(), SwitchedProgress(SilentProgress()), name=name)
    assert str(refused.value) == (
        f"adapter '{name}': YZ613 it has no torch model that could adapt\n"
        "  fix: use the adapter rtdetr_pose with a checkpoint, or predict without ttt"
    )


def test_one_bar_stands_for_all_pictures_that_are_adapted_to(files):
    watched = Watched()
    run = adapting(files, progress=watched)
    assert watched.bars == [["predict", 5, 5], ["adapt and predict", 5, 5]]
    assert watched.notes[-1] == f"loss {run.batches[-1].steps[0].loss:.4g}"


def test_without_steps_there_is_no_loss_to_note(files):
    watched = Watched()
    adapting(files, files[1][:2], progress=watched, steps=0)
    assert watched.notes[-2:] == ["", ""]


def test_a_progress_can_be_turned_off_for_a_while():
    watched = Watched()
    progress = SwitchedProgress(watched)
    progress.say("one")
    progress.silent = True
    progress.say("two")
    with progress.bar("nobody sees it", total=1) as bar:
        bar.advance()
    progress.silent = False
    with progress.bar("seen", total=1) as bar:
        progress.silent = True
        bar.advance()
    assert (watched.lines, watched.bars) == (["one"], [["seen", 1, 1]])


def test_it_is_turned_on_again_where_something_fails(files):
    progress = SwitchedProgress(SilentProgress())
    adapter = opened(files, progress)
    adapter.build_loader = lambda *_: [1 / 0]
    with pytest.raises(ZeroDivisionError):
        predict_adapting(adapter, files[1], settings_of(), progress, name="rtdetr_pose")
    assert not progress.silent


def test_a_checkpoint_s_own_adapters_adapt(tmp_path):
    """None are made for the time, and what predicts is the network in which they are beside their layers."""
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0, CLASSES, LORA_CONFIG))
    own = tmp_path / "best.pt", write_images(tmp_path / "data").records
    run = adapting(own, preset="adapter_only", lr=0.01)
    assert run.adapted_layers == []
    assert {name.rpartition(".lora_")[2] for name in run.parameters} == {"down.weight", "up.weight"}
    assert {len(name.split(".lora_")) for name in run.parameters} == {2}
    assert [entry.scores.tolist() for entry in run.predictions] != [entry.scores.tolist() for entry in run.no_adapt]
