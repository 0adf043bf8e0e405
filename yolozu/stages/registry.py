"""The stages, in the order of the pipeline."""

from yolozu.registry import Registry

STAGES = Registry(
    "stage",
    {
        "prepare_data": "yolozu.stages.prepare_data:STAGE",
        "train": "yolozu.stages.train:STAGE",
        "replay": "yolozu.stages.replay:STAGE",
        "files": "yolozu.stages.files:STAGE",
        "export_onnx": "yolozu.stages.export_onnx:STAGE",
        "onnx_parity": "yolozu.stages.onnx_parity:STAGE",
        "export_precisions": "yolozu.stages.export_precisions:STAGE",
        "runtime_parity": "yolozu.stages.runtime_parity:STAGE",
        "predict": "yolozu.stages.predict:STAGE",
        "validate_predictions": "yolozu.stages.validate_predictions:STAGE",
        "evaluate": "yolozu.stages.evaluate:STAGE",
        "forgetting": "yolozu.stages.forgetting:STAGE",
        "scenarios": "yolozu.stages.scenarios:STAGE",
        "report": "yolozu.stages.report:STAGE",
    },
)

GROUPS = {
    "export": "export_onnx",
    "parity": "onnx_parity",
    "eval": "evaluate",
    "test": "scenarios",
}
"""Short name -> its stage, where the stage's own name is not the short one."""
