"""What a training's first weights are."""

from typing import Annotated, Literal

from pydantic import Field

from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.contract.base import FilePath, Location, Section


class InitSection(Section):
    """Where the first weights come from; without a file, from the seed."""

    init_from: Annotated[str | None, FilePath(tuple(SPELLINGS)), Location()] = Field(default=None, min_length=1)
    """Weights to start from: the name of published ones (`rtdetr_r18vd_coco`; `yolozu weights` lists them), or a file,
    relative to the working directory: a checkpoint of yolozu, an official RT-DETR or RT-DETRv2 `.pth`, a `.safetensors`
    file or directory of transformers, or a backbone of torchvision. Which of them is told by its content. It must fit
    `model` exactly, but for classes (see `head_init`); other content trains anew."""

    head_init: Literal["reinit", "extend", "remap"] | None = None
    """What becomes of the tensors with a row for each class. `extend`: the file's rows stay, by position, and further
    classes are new. `remap`: rows follow the classes' names, others are new. `reinit`: all rows are new. Null demands
    as many classes as the file has, and takes all rows."""
