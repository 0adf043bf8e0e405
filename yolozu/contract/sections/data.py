"""Which images, how they become network input, and how they are varied."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from yolozu.contract.base import Conflict, FilePath, Form, Location, Section

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
ImageSize = Annotated[int, Field(ge=32, le=4096, multiple_of=32)]

_TURNS = r"[xyz]/(?:[2-9]|[1-9][0-9])"
SymmetryText = Annotated[
    str,
    Field(pattern=rf"^(?:none|(?:{_TURNS} )*(?:{_TURNS}|[xyz])(?: {_TURNS})*)$"),
    Form("z (any turn about z), z/2 (half turns), 'x/2 z/2' (both, and what they make together) or none"),
]
"""Turns about a model's axes that leave it looking the same, see `yolozu.geometry.symmetry`."""

ClassNames = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1), Form("a list of class names")
]

SYNTHETIC = "synthetic"
"""The ``dataset_root`` that renders its own scenes."""


class DatasetSection(Section):
    """Where the images and labels are, and which of them are used."""

    dataset_root: Annotated[str, FilePath((SYNTHETIC,))] = Field(default=SYNTHETIC, min_length=1)
    """Directory of the data set (YOLO layout, `data.yaml`, COCO, BOP scenewise or one with a `dataset.json`) or such a
    file, relative to the working directory; or `synthetic`: rendered table-top scenes with exact boxes and poses."""

    split: str = Field(default="train", min_length=1)
    """Split to train on."""

    val_split: str = Field(default="val", min_length=1)
    """Split that chooses the best checkpoint; a missing split is an error."""

    predict_split: str | None = Field(default=None, min_length=1)
    """Split that is predicted and evaluated; null means `val_split`."""

    train_max_images: PositiveInt | None = None
    """Use only the first so many images of `split` (in order of path); null means all."""

    val_max_images: PositiveInt | None = None
    """Use only the first so many images of `val_split`; null means all."""

    class_names: ClassNames | None = None
    """The network's classes by name, in order; null means the data set's. Classes that the data set lacks have no
    objects; objects of classes that are not named are left out, and counted."""

    labeled_classes: ClassNames | None = None
    """Classes whose objects are labels; those of others are left out, as if nobody had drawn them. Null means all."""

    check_data: Literal["fail", "warn", "drop"] = "fail"
    """What a finding in the data does: stop the run, be reported only, or leave the instance (or image) out."""

    symmetries: dict[str, SymmetryText] = Field(default_factory=dict)
    """Turns that leave an object looking the same, by class name, such as `{tin: z, box: x/2 z/2}`: `z` is any turn
    about the model's z axis, `z/2` half turns, several words a group, `none` no symmetry. They take the place of what
    the data set's files say; pose losses and errors count the nearest of all equivalent poses."""

    @property
    def predicted_split(self) -> str:
        """The split that is predicted and evaluated."""
        return self.val_split if self.predict_split is None else self.predict_split

    @property
    def used_splits(self) -> list[str]:
        """Names of the splits that are used: training, validation, prediction; each once."""
        return list(dict.fromkeys([self.split, self.val_split, self.predicted_split]))


class SynthSection(Section):
    """The scenes that `dataset_root: synthetic` renders."""

    synth_images: PositiveInt = 2000
    """Rendered training images."""

    synth_val_images: PositiveInt = 250
    """Rendered held-out images."""

    synth_size: int = Field(default=160, ge=64, le=1024)
    """Side of the rendered images in px."""

    synth_max_objects: int = Field(default=3, ge=1, le=5)
    """Most solids in a scene; each scene shows at least one."""

    synth_table: Literal["muted", "bright"] = "muted"
    """Colors of the tables: nearly gray, or as strong as those of the solids, which is a domain of its own."""

    synth_seed: NonNegativeInt = 0
    """Seed of the scenes; the held-out ones never share a scene with the training ones."""


class PreprocessSection(Section):
    """How an image becomes network input: letterboxed, RGB, scaled to [0, 1]."""

    image_size: Annotated[
        ImageSize | tuple[ImageSize, ImageSize], Form("a multiple of 32 from 32 to 4096, or [height, width] of such")
    ] = 640
    """Network input in px: one side of a square, or [height, width]; multiples of 32."""

    letterbox_fill: int = Field(default=114, ge=0, le=255)
    """Grey value of the letterbox border."""


class AugmentSection(Section):
    """How training images are varied; a function of seed, epoch and image, whatever the number of workers."""

    hflip_prob: Probability = 0.0
    """Probability of a left-right flip."""

    hsv_h: Probability = 0.0
    """Largest hue shift, as a fraction of the hue circle."""

    hsv_s: Probability = 0.0
    """Largest relative change of saturation."""

    hsv_v: Probability = 0.0
    """Largest relative change of brightness."""

    gray_prob: Probability = 0.0
    """Probability of losing all color."""

    blur_prob: Probability = 0.0
    """Probability of a Gaussian blur (sigma 0.3 to 1.5 px)."""

    gaussian_noise_std: NonNegativeFloat = Field(default=0.0, le=128)
    """Largest standard deviation of additive noise, in grey levels of 255."""

    scale_min: float = Field(default=1.0, gt=0.0, le=4.0)
    """Smallest random zoom of the image inside the network input."""

    scale_max: float = Field(default=1.0, gt=0.0, le=4.0)
    """Largest random zoom."""

    translate: float = Field(default=0.0, ge=0.0, le=0.9)
    """Largest random shift, as a fraction of the network input's side."""

    rotate_deg: float = Field(default=0.0, ge=0.0, le=180.0)
    """Largest random rotation in degrees, either way, about the optical axis (the middle of images without a camera);
    R and t turn with the picture. Boxes are taken anew from masks, else from model points, else around turned boxes."""

    multiscale: Annotated[
        bool | Annotated[tuple[ImageSize, ...], Field(min_length=1)],
        Form("true, false, or a list of longer sides: multiples of 32 from 32 to 4096"),
    ] = False
    """Train at several input sizes, one drawn for every batch: true takes 0.75 to 1.25 times `image_size`, a list names
    the longer sides; the other side keeps its proportion. All are multiples of 32."""

    mosaic_prob: Probability = 0.0
    """Probability that a sample shows four images, one in each quarter. Such a picture has no single camera, so its
    objects keep their boxes and lose their poses."""

    paste_backgrounds: Annotated[str | None, FilePath(), Location()] = Field(default=None, min_length=1)
    """Directory of pictures, relative to the working directory: the objects of every training image are cut out along
    their masks and shown before a random part of one of these; null leaves images as they are."""

    intrinsics_jitter: bool = False
    """Show every image with a camera as another camera would have taken it, and tell the network the old one: it learns
    to correct intrinsics that are off (`k_delta`)."""

    jitter_dfx: float = Field(default=0.02, ge=0.0, le=0.5)
    """Largest relative change of fx by `intrinsics_jitter`."""

    jitter_dfy: float = Field(default=0.02, ge=0.0, le=0.5)
    """Largest relative change of fy by `intrinsics_jitter`."""

    jitter_dcx: NonNegativeFloat = Field(default=4.0, le=1024)
    """Largest shift of the principal point to either side by `intrinsics_jitter`, px of the network input."""

    jitter_dcy: NonNegativeFloat = Field(default=4.0, le=1024)
    """Largest shift of the principal point up or down by `intrinsics_jitter`, px of the network input."""

    @model_validator(mode="after")
    def _scale_range_is_ordered(self) -> Self:
        if self.scale_min > self.scale_max:
            raise Conflict(
                "scale_min",
                "scale_max",
                problem=f"scale_min {self.scale_min:g} is above scale_max {self.scale_max:g}",
                fix="lower scale_min or raise scale_max",
            )
        return self
