"""Corruptions, by the name in ``corruption``, in the order of Hendrycks & Dietterich (ICLR 2019)."""

from yolozu.registry import Registry

CORRUPTIONS = Registry(
    "corruption",
    {
        "gaussian_noise": "yolozu.data.corruption.noise:gaussian_noise",
        "shot_noise": "yolozu.data.corruption.noise:shot_noise",
        "impulse_noise": "yolozu.data.corruption.noise:impulse_noise",
        "defocus_blur": "yolozu.data.corruption.blur:defocus_blur",
        "glass_blur": "yolozu.data.corruption.blur:glass_blur",
        "motion_blur": "yolozu.data.corruption.blur:motion_blur",
        "zoom_blur": "yolozu.data.corruption.blur:zoom_blur",
        "snow": "yolozu.data.corruption.weather:snow",
        "frost": "yolozu.data.corruption.weather:frost",
        "fog": "yolozu.data.corruption.weather:fog",
        "brightness": "yolozu.data.corruption.digital:brightness",
        "contrast": "yolozu.data.corruption.digital:contrast",
        "elastic_transform": "yolozu.data.corruption.digital:elastic_transform",
        "pixelate": "yolozu.data.corruption.digital:pixelate",
        "jpeg_compression": "yolozu.data.corruption.digital:jpeg_compression",
    },
)
"""Each is a function of (H, W, 3) uint8 RGB, severity 1 to 5 and a generator, and gives (H, W, 3) uint8 RGB."""

UNSEEDED_CORRUPTIONS = frozenset(
    {"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression"}
)
"""Corruptions about which nothing is random, so that ``corruption_seed`` has no effect on them."""
