"""The sections of a report, in the order of the page; a section's name is its title and its anchor."""

from yolozu.registry import Registry

SECTIONS = Registry(
    "report section",
    {
        "summary": "yolozu.report.sections.summary:summary",
        "why_so_little": "yolozu.report.sections.causes:causes",
        "training": "yolozu.report.sections.training:training",
        "what_was_forgotten": "yolozu.report.sections.forgetting:forgetting",
        "boxes": "yolozu.report.sections.boxes:boxes",
        "mistakes": "yolozu.report.sections.mistakes:mistakes",
        "calibration": "yolozu.report.sections.calibration:calibration",
        "doubtful_labels": "yolozu.report.sections.doubtful_labels:doubtful_labels",
        "poses": "yolozu.report.sections.poses:poses",
        "pictures": "yolozu.report.sections.pictures:pictures",
        "exported_file": "yolozu.report.sections.exported_file:exported_file",
        "files_and_runtimes": "yolozu.report.sections.files_and_runtimes:files_and_runtimes",
        "scenarios": "yolozu.report.sections.scenarios:scenarios",
        "time": "yolozu.report.sections.time:time",
        "contract": "yolozu.report.sections.contract:contract",
        "provenance": "yolozu.report.sections.provenance:provenance",
    },
)
