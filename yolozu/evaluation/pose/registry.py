"""What pose evaluation measures, in the order of a report."""

from yolozu.registry import Registry

POSE_METRICS = Registry(
    "pose metric",
    {
        "add_01d": "yolozu.evaluation.pose.metrics:ADD_01D",
        "adds_01d": "yolozu.evaluation.pose.metrics:ADDS_01D",
        "add_s_01d": "yolozu.evaluation.pose.metrics:ADD_S_01D",
        "add_auc": "yolozu.evaluation.pose.metrics:ADD_AUC",
        "adds_auc": "yolozu.evaluation.pose.metrics:ADDS_AUC",
        "within_5deg_5cm": "yolozu.evaluation.pose.metrics:WITHIN_5DEG_5CM",
        "proj_5px": "yolozu.evaluation.pose.metrics:PROJ_5PX",
        "mssd_ar": "yolozu.evaluation.pose.metrics:MSSD_AR",
        "mspd_ar": "yolozu.evaluation.pose.metrics:MSPD_AR",
        "bop_ar": "yolozu.evaluation.pose.metrics:BOP_AR",
        "rot_deg_median": "yolozu.evaluation.pose.metrics:ROT_DEG_MEDIAN",
        "t_mm_median": "yolozu.evaluation.pose.metrics:T_MM_MEDIAN",
        "t_per_diameter_median": "yolozu.evaluation.pose.metrics:T_PER_DIAMETER_MEDIAN",
        "z_mm_median": "yolozu.evaluation.pose.metrics:Z_MM_MEDIAN",
    },
)
"""Each is a `yolozu.evaluation.pose.metrics.Metric`."""

LOWER_IS_BETTER = frozenset(("rot_deg_median", "t_mm_median", "t_per_diameter_median", "z_mm_median"))
"""Those of errors; of all others, and of boxes, more is better."""

QUICK_RECALLS = ("add_01d", "add_s_01d", "within_5deg_5cm")
"""Those that validations measure and that may choose the best model: shares of all objects, so that misses count."""

QUICK_METRICS = (*QUICK_RECALLS, "rot_deg_median", "t_mm_median")
"""Those that validations measure."""
