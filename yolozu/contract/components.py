"""Components that a contract chooses by name: name -> where its code lives, as ``module:attribute``.

A name a user may write is vocabulary, so the tables are here, below all code they point to; the registries of the
layers above read them. A new component is its file and its line here.
"""

BACKBONES = {
    "convnext_tiny": "yolozu.model.backbones.convnext:ConvNeXt",
    "cspdarknet_s": "yolozu.model.backbones.cspdarknet:CspDarknet",
    "cspresnet": "yolozu.model.backbones.cspresnet:CspResNet",
    "resnet101_vd": "yolozu.model.backbones.resnet_vd:ResNet101Vd",
    "resnet18_vd": "yolozu.model.backbones.resnet_vd:ResNet18Vd",
    "resnet34_vd": "yolozu.model.backbones.resnet_vd:ResNet34Vd",
    "resnet50": "yolozu.model.backbones.resnet:ResNet50",
    "resnet50_vd": "yolozu.model.backbones.resnet_vd:ResNet50Vd",
    "tiny_cnn": "yolozu.model.backbones.tiny_cnn:TinyCnn",
}
"""What ``model.backbone.name`` offers."""

NORM_BY_DESIGN = frozenset({"convnext_tiny"})
"""Backbones whose normalization is part of their design, so that ``model.backbone.norm`` has no effect on them."""

OPTIMIZERS = {
    "adamw": "yolozu.optim.optimizers:adamw",
    "sgd": "yolozu.optim.optimizers:sgd",
}
"""What ``optimizer`` offers."""

ADAPTERS = {
    "rtdetr_pose": "yolozu.predict.adapters.rtdetr_pose:RtdetrPoseAdapter",
    "onnxruntime": "yolozu.predict.adapters.onnxruntime:OnnxRuntimeAdapter",
    "precomputed": "yolozu.predict.adapters.precomputed:PrecomputedAdapter",
    "dummy": "yolozu.predict.adapters.dummy:DummyAdapter",
}
"""What ``adapter`` offers, besides those of installed packages."""

CORRUPTIONS = {
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
}
"""What ``corruption`` offers, in the order of Hendrycks & Dietterich (ICLR 2019): noise, blur, weather, digital."""

UNSEEDED_CORRUPTIONS = frozenset(
    {"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression"}
)
"""Corruptions about which nothing is random, so that ``corruption_seed`` has no effect on them."""

TTT_METHODS = {
    "tent": "yolozu.predict.ttt.tent:Tent",
    "mim": "yolozu.predict.ttt.mim:Mim",
}
"""What ``ttt_method`` offers."""
