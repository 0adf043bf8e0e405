"""Detectors that others have published: by name, where they can be had, and how to tell that they arrived intact."""

from __future__ import annotations

from dataclasses import dataclass

from yolozu.artifacts.weight_files import CONFIG, WEIGHTS

LICENSE = "Apache-2.0"
"""Of all of them, as their model cards state."""
HUB = "https://huggingface.co"
COCO, OBJECTS365 = "COCO", "Objects365, COCO"


@dataclass(frozen=True)
class PublishedWeights:
    """A detector in the layout of transformers, in a repository of Hugging Face.

    Attributes:
        name: what `init_from` calls it.
        repository: owner and name there.
        size_mb: of the weights, as the repository shows it, in millions of bytes.
        contract: the example contract whose model it fits, without its ending.
        trained_on: its data sets, in order.
        revision: the commit that is meant; None where none was at hand: the newest, then.
        sha256: of the weights, as the repository states it; None where no statement was at hand.
    """

    name: str
    repository: str
    size_mb: float
    contract: str
    trained_on: str
    revision: str | None
    sha256: str | None

    @property
    def spellings(self) -> tuple[str, ...]:
        """What means it: its name, the repository, and the repository without its owner."""
        return (self.name, self.repository, self.repository.partition("/")[2])

    @property
    def known_by(self) -> dict[str, str]:
        """What its content is known by before it is here: the commit, the digest, or for want of both the address."""
        known = (self.revision, self.sha256, "main")
        return {f"{self.repository}/{WEIGHTS}": next(entry for entry in known if entry is not None)}

    @property
    def addresses(self) -> tuple[str, str]:
        """Where the weights and their configuration are."""
        place = f"{HUB}/{self.repository}/resolve/{'main' if self.revision is None else self.revision}"
        return f"{place}/{WEIGHTS}", f"{place}/{CONFIG}"


# fmt: off
PUBLISHED_WEIGHTS = (
    PublishedWeights("rtdetr_r18vd_coco", "PekingU/rtdetr_r18vd", 80.9, "rtdetr_r18vd", COCO,
                     "ac77a11ff0170a41b771c03264987f8ce2b0d753",
                     "fe87a5a30f5daf298d10794c7682a63b6107986f97d6a770ba948d89e4340093"),
    PublishedWeights("rtdetr_r34vd_coco", "PekingU/rtdetr_r34vd", 126, "rtdetr_r34vd", COCO,
                     "36959d2da2912ba723e268dbfd1c109d7beb0ff7",
                     "a56f8da8a466f7080bd82dbe43f31a7ed913785facd346179c54a2747eda0a94"),
    PublishedWeights("rtdetr_r50vd_coco", "PekingU/rtdetr_r50vd", 172, "rtdetr_r50vd", COCO,
                     "df939e661d8c52e80608d1ec566561aabd25a4e7",
                     "5263d5521eff3e356f6cd8a371fd5dfb891725beda5f713674f79669115cdc64"),
    PublishedWeights("rtdetr_r101vd_coco", "PekingU/rtdetr_r101vd", 307, "rtdetr_r101vd", COCO,
                     None,
                     "6e84ee96c6e65b7de0f29980e5cf6c89c9e497a752d7a3dc53f84d5ea7224285"),
    PublishedWeights("rtdetr_r18vd_coco_o365", "PekingU/rtdetr_r18vd_coco_o365", 80.9, "rtdetr_r18vd", OBJECTS365,
                     "386c43855d01bcd966e548f3296fbd2cd2a2a40b",
                     "eadade7a507b87cabe5d6a75b935dbd9fc59b1b843f36f7e3b24eafc856c0774"),
    PublishedWeights("rtdetr_r50vd_coco_o365", "PekingU/rtdetr_r50vd_coco_o365", 172, "rtdetr_r50vd", OBJECTS365,
                     "457857cec8ac28ddede40ecee9eed2beca321af8",
                     "59abc0b00bea0cc8f7e9ce053c29189a348605bb337123609a7fe02e4ea830a0"),
    PublishedWeights("rtdetr_r101vd_coco_o365", "PekingU/rtdetr_r101vd_coco_o365", 307, "rtdetr_r101vd", OBJECTS365,
                     "ff44b69152a72cc752677665fb4539507d56a99d",
                     "48681f4087d220273d86b052001e19b738d1d1e54f02dfe98d71f4e7957458c5"),
    PublishedWeights("rtdetr_v2_r18vd_coco", "PekingU/rtdetr_v2_r18vd", 80.9, "rtdetr_r18vd", COCO,
                     "5650961749fa93567c0d46fc7f43ea4f9e914107",
                     "d18309d0d7ea57048138885c4c6ecfcb1e24506fc6153b94ad484f8ab62c7115"),
    PublishedWeights("rtdetr_v2_r34vd_coco", "PekingU/rtdetr_v2_r34vd", 126, "rtdetr_r34vd", COCO,
                     "5d60d8fb5eb2a3ee5575bf200ecbce4e2cfa420c",
                     None),
    PublishedWeights("rtdetr_v2_r50vd_coco", "PekingU/rtdetr_v2_r50vd", 172, "rtdetr_r50vd", COCO,
                     "282494075698cab9faa1096ae26856890030c817",
                     None),
    PublishedWeights("rtdetr_v2_r101vd_coco", "PekingU/rtdetr_v2_r101vd", 307, "rtdetr_r101vd", COCO,
                     None,
                     None),
)
# fmt: on
"""All of them. Without a digest nothing is compared; that of what was read is in `reports/init.json` all the same."""

SPELLINGS = {spelling: entry for entry in PUBLISHED_WEIGHTS for spelling in entry.spellings}
"""What a contract may write -> what it means."""
