"""The adapters of yolozu itself, by the name in ``adapter``; installed packages may offer others."""

from yolozu.registry import Registry

ADAPTERS = Registry(
    "adapter",
    {
        "rtdetr_pose": "yolozu.predict.adapters.rtdetr_pose:RtdetrPoseAdapter",
        "onnxruntime": "yolozu.predict.adapters.onnxruntime:OnnxRuntimeAdapter",
        "precomputed": "yolozu.predict.adapters.precomputed:PrecomputedAdapter",
        "dummy": "yolozu.predict.adapters.dummy:DummyAdapter",
    },
)
