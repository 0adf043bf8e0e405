"""Distillation as a term of a step."""

import math
from dataclasses import dataclass, replace

import pytest
import torch

from tests.training.played import Played
from tests.training.tiny import MODEL, PREPROCESS, Tiny, training_config
from yolozu.data.collate import collate
from yolozu.model.detector import build_detector
from yolozu.model.outputs import TrainingOutput
from yolozu.training.batch_sharding import shares_of
from yolozu.training.config import build_learner
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.learner import TrainingPass
from yolozu.training.randomness import seeded
from yolozu.training.self_distillation import SelfDistillation
from yolozu.training.teacher import Teacher, Teaching

DEVICE = torch.device("cpu")


def teaching(num_classes=1, **changes):
    """A teacher of the first class alone, with weights of its own."""
    with seeded(9, "teacher"):
        detector = build_detector(MODEL, num_classes=num_classes)
    keys = {"weight": 1.0, "temperature": 1.0, "kl": "reverse", "keys": ("logits", "bbox"), **changes}
    return Teaching(
        detector,
        MODEL.model_dump(mode="json"),
        "a.pt",
        num_classes,
        **{"pseudo_labels": "none", "pseudo_label_score": 0.5, **keys},
    )


@dataclass(frozen=True)
class Taught(Tiny):
    """A training with a teacher, whose scores are near .003."""

    pseudo_labels: str = "none"

    def materials(self, chosen):
        """Fresh ones."""
        taught = teaching(pseudo_labels=self.pseudo_labels, pseudo_label_score=0.002)
        return replace(super().materials(chosen), teaching=taught)


class Saying:
    """A teacher that says what it is told to."""

    def __init__(self, **said):
        self.said = said

    def encode(self, images_B3HW):  # noqa: ARG002 - likewise
        return None

    def at(self, memory, positions_BQ):  # noqa: ARG002 - the teacher's signature
        return self.said


def logits(*scores):
    return torch.tensor(scores).logit()[None]


SAID = {
    "logits": logits([0.8], [0.1]),
    "bbox": torch.tensor([[[0.5, 0.5, 0.2, 0.2], [0.1, 0.1, 0.1, 0.1]]]),
    "log_z": torch.tensor([[[0.4], [0.0]]]),
    "rot6d": torch.tensor([[[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.0] * 6]]),
    "offsets": torch.tensor([[[16.0, 8.0], [0.0, 0.0]]]),
}


def done(tiny_image):
    """A pass over one image of 64 x 64 px, of two queries and two layers, of which the last is right about nothing."""
    last = {
        "logits": logits([0.6, 0.9], [0.1, 0.9]),
        "boxes": torch.tensor([[[0.5, 0.5, 0.2, 0.3], [0.1, 0.1, 0.1, 0.1]]]),
        "log_z": torch.zeros(1, 2, 1),
        "rot6d": torch.zeros(1, 2, 6),
        "offsets": torch.zeros(1, 2, 2),
    }
    queries = {name: torch.stack([torch.full_like(values, 7.0), values]) for name, values in last.items()}
    output = TrainingOutput(queries, {}, None, positions_BQ=torch.zeros(1, 2, dtype=torch.int64))
    (share,) = shares_of([tiny_image], SINGLE_PROCESS)
    return TrainingPass(torch.zeros(1, 3, 64, 64), output, tiny_image.targets, share, 0, 0)


@pytest.fixture
def images(tiny):
    found = tiny.materials(training_config()).train_images
    return lambda *numbers: collate([found[0, number] for number in numbers])


DIVERGENCE = {
    "forward": 0.8 * math.log(0.8 / 0.6) + 0.2 * math.log(0.2 / 0.4),
    "reverse": 0.6 * math.log(0.6 / 0.8) + 0.4 * math.log(0.4 / 0.2),
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"keys": ("logits",), "kl": "forward"}, DIVERGENCE["forward"]),
        ({"keys": ("logits",), "kl": "reverse"}, DIVERGENCE["reverse"]),
        ({"keys": ("logits",), "kl": "sym"}, sum(DIVERGENCE.values()) / 2),
        ({"keys": ("bbox",)}, 0.8 * 0.1),
        ({"keys": ("log_z",)}, 0.8 * 0.4),
        ({"keys": ("rot6d",)}, 0.8 * 2.0),
        ({"keys": ("offsets",)}, 0.8 * (16 / 64 + 8 / 64)),
        ({"keys": ("bbox", "log_z"), "weight": 3.0}, 3.0 * (0.8 * 0.1 + 0.8 * 0.4)),
    ],
)
def test_each_key_worked_out_by_hand(images, changes, expected):
    """The student's second class is not the teacher's, and its second query agrees; the divisor is .8 + .1, so 1."""
    term = SelfDistillation(Saying(**SAID), teaching(**changes))
    assert term(done(images(0))).item() == pytest.approx(expected, rel=1e-5)


def learner_of(tiny, taught, **keys):
    chosen = training_config(lr_warmup_steps=0, clip_grad_norm=0.0, **keys)
    materials = tiny.materials(chosen)
    return build_learner(
        chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10, teaching=taught
    )


@pytest.mark.slow
@pytest.mark.parametrize("amp", ["none", "bf16"])
def test_it_is_a_term_of_the_step_and_moves_the_student_alone(tiny, images, amp):
    taught = teaching(weight=2.0)
    learner, window = learner_of(tiny, taught, amp=amp), [images(0, 1), images(2, 3, 10)]
    before = {name: tensor.clone() for name, tensor in taught.detector.state_dict().items()}
    report = learner.learn(window, 0)
    plain = learner_of(tiny, None, amp=amp).learn(window, 0)
    assert "self_distill" not in plain.losses
    assert report.losses["total"] == pytest.approx(plain.losses["total"] + report.losses["self_distill"], rel=1e-5)
    assert report.losses["self_distill"] > 0.0
    assert report.grad_norm != pytest.approx(plain.grad_norm, rel=1e-6)
    assert all(torch.equal(tensor, before[name]) for name, tensor in taught.detector.state_dict().items())
    assert set(learner.weights()[0]) == set(learner_of(tiny, None).weights()[0])


@pytest.mark.slow
def test_batches_and_processes_add_up_to_the_loss_of_one_batch(tiny, images):
    """Without dropout, and with running statistics, an image says the same wherever it is."""
    taught = teaching()
    student = tiny.materials(training_config()).detector
    term = SelfDistillation(Teacher(taught.detector, DEVICE), taught)

    def of(share):
        pixels = share.batch.images_B3HW.float() / 255
        student.train()
        for module in student.modules():
            if isinstance(module, torch.nn.BatchNorm2d | torch.nn.Dropout):
                module.eval()
            if hasattr(module, "dropout") and isinstance(module.dropout, float):
                module.dropout = 0.0
        with torch.no_grad():
            return term(TrainingPass(pixels, student(pixels), share.batch.targets, share, 0, 0)).item()

    (whole,) = shares_of([images(0, 1, 2, 3, 4)], SINGLE_PROCESS)
    accumulated = shares_of([images(0, 1), images(2, 3, 4)], SINGLE_PROCESS)
    assert sum(of(share) for share in accumulated) == pytest.approx(of(whole), rel=1e-4)
    parts = [images(0, 1, 2), images(3, 4)]
    counts = [
        [(len(part.indices), int(part.targets.valid_BT.sum()), part.targets.valid_BT.shape[1], 0)] for part in parts
    ]
    shared = [shares_of([part], Played(rank, 2, counts))[0] for rank, part in enumerate(parts)]
    assert sum(of(share) for share in shared) == pytest.approx(of(whole), rel=1e-4)


@pytest.mark.slow
def test_a_student_like_its_teacher_has_no_loss(tiny, images):
    detector = tiny.materials(training_config()).detector
    taught = replace(teaching(), detector=detector, num_classes=2)
    (share,) = shares_of([images(0, 1)], SINGLE_PROCESS)
    student = tiny.materials(training_config()).detector.train()
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.Dropout):
            module.eval()
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.0
    pixels = share.batch.images_B3HW.float() / 255
    term = SelfDistillation(Teacher(detector, DEVICE), taught)
    found = term(TrainingPass(pixels, student(pixels), share.batch.targets, share, 0, 0))
    assert abs(found.item()) < 1e-5
