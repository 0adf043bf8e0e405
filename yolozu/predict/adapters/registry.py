"""The adapters of yolozu itself, by the name in ``adapter``; installed packages may offer others."""

from yolozu.registry import Registry

ADAPTERS = Registry(
    "adapter",
    {
        "rtdetr_pose": "yolozu.predict.adapters.rtdetr_pose:RtdetrPoseAdapter",
        "onnxruntime": "yolozu.predict.adapters.onnxruntime:OnnxRuntimeAdapter",
        "openvino": "yolozu.predict.adapters.openvino:OpenVinoAdapter",
        "precomputed": "yolozu.predict.adapters.precomputed:PrecomputedAdapter",
        "dummy": "yolozu.predict.adapters.dummy:DummyAdapter",
    },
)

OF_THE_FILE = frozenset({"onnxruntime", "openvino"})
"""Those of them that run the exported file."""

PRECISIONS_OF = {"openvino": ("fp32", "bf16", "fp16")}
"""Adapter -> precisions that it computes in where the processor does; all others compute in fp32."""
