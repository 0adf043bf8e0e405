"""Keys of other trainers -> ours, where one means the other without a doubt; `foreign_keys` knows what others mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.contract.foreign_keys import FOREIGN_KEYS, foreign_fix, foreign_value_fix
from yolozu.contract.overrides import ALIASES
from yolozu.contract.strict.slots import keys

if TYPE_CHECKING:
    from yolozu.contract.migration.contract_text import ContractText

SAME_VALUE = frozenset({
    *("data", "dataset_dir", "coco_path", "batch", "workers", "dataloader_num_workers", "imgsz", "img_size"),
    *("resolution", "compile", "lr0", "learning_rate", "base_lr", "warmup_steps", "accumulate", "grad_accum_steps"),
    *("clip_max_norm", "max_grad_norm", "num_epochs", "num_train_epochs", "fliplr", "degrees", "mosaic", "conf"),
    *("max_det", "opset"),
})  # fmt: skip
"""Keys whose value says the same under our name."""

SAME_MEANING: dict[tuple[str, Any], tuple[str, Any]] = {
    ("cos_lr", True): ("scheduler", "cosine"),
    ("fp16", True): ("amp", "fp16"),
    ("bf16", True): ("amp", "bf16"),
}
"""Key and value -> ours, where the value changes with the name."""


SAME_VALUES = {
    ("cache", True): "ram",
    ("cache", False): "none",
    ("amp", False): "none",
}
"""Key of ours and value of another trainer -> the value that says the same."""


def spell_as_here(contract: ContractText) -> None:
    """Rename keys of other trainers; those that mean something else here, or nothing, are refused with what to do."""
    known = {*keys(), *ALIASES}
    for key in contract.names():
        if key not in known and key in FOREIGN_KEYS:
            _rename(contract, key)
        elif (value := _value(key, contract.get((key,)))) is not None:
            contract.replace((key,), value)


def _rename(contract: ContractText, key: str) -> None:
    value = contract.get((key,))
    ours = FOREIGN_KEYS[key].ours
    if key in SAME_VALUE and ours is not None:
        contract.rename((key,), ours)
        return
    meaning = SAME_MEANING.get((key, value)) if isinstance(value, bool) else None
    if meaning is None:
        fix = foreign_fix(key)
        assert fix is not None, "the key is a known one"
        contract.refuse((key,), "is a key of another trainer, and says something else here", fix)
        return
    contract.rename((key,), meaning[0])
    contract.replace((key,), meaning[1])


def _value(key: str, value: Any) -> str | None:
    """What another trainer's value of our key is here; None where it is none, or not just one."""
    if isinstance(value, bool):
        return SAME_VALUES.get((key, value))
    if key != "device" or not isinstance(value, int | str):
        return None
    fix = foreign_value_fix(key, value)
    return fix.removeprefix("write ") if fix is not None and fix.startswith("write cuda:") else None
