"""Readers of label formats, see `yolozu.data.readers.base`."""

from yolozu.registry import Registry

READERS = Registry(
    "label format",
    {
        "yolo": "yolozu.data.readers.yolo:YoloReader",
        "coco": "yolozu.data.readers.coco:CocoReader",
        "bop": "yolozu.data.readers.bop:BopReader",
        "ultralytics": "yolozu.data.readers.ultralytics:UltralyticsReader",
        "voc": "yolozu.data.readers.voc:VocReader",
        "cvat": "yolozu.data.readers.cvat:CvatReader",
        "label_studio": "yolozu.data.readers.label_studio:LabelStudioReader",
    },
)
