"""Every code an error can carry, with what it means; the reference page is generated from this table."""

CODES: dict[str, str] = {
    # 1xx: the contract and its overrides
    # 2xx: data sets
    # 3xx: plan, engine, runs
    "YZ301": "A receipt that cannot be read.",
    "YZ302": "Another process is building this run.",
    "YZ303": "Another worker still writes this stage.",
    "YZ304": "A worker ended without a word, or was killed; what it had saved is kept.",
    "YZ305": "A stage's worker failed with an internal error.",
    "YZ306": "An input of a stage is missing.",
    "YZ307": "A stage left out an output it declares.",
    "YZ308": "Resuming was asked for, but there is nothing to resume or it was made for another spec.",
    "YZ309": "The overrides remembered for a run cannot be read.",
    "YZ310": "A word of the command line that names no stage or key.",
    "YZ311": "Work was interrupted; everything is saved.",
    "YZ312": "A request file cannot be read.",
    # 40x-44x: model
    "YZ401": "An image with fewer positions than the detector has queries.",
    "YZ402": "An image whose sides are no multiples of the largest stride.",
    "YZ403": "Detector outputs that are not finite numbers.",
    # 45x-49x: checkpoints
    # 5xx: training
    # 6xx: export, parity, adapters
    # 7xx: predictions
    "YZ701": "A predictions file that is missing, no UTF-8 or no JSON: cut off, nested too deeply, or something else.",
    "YZ702": "Something else where predictions, an image's entry or a detection should be.",
    "YZ703": "A required key is missing.",
    "YZ704": "The schema version is missing (a warning) or unknown.",
    "YZ705": "A key that nothing reads (a warning).",
    "YZ706": "A key that stands twice in one object.",
    "YZ707": "A value of the wrong type: a boolean or a text instead of a number, an object instead of a list.",
    "YZ708": "A number that is NaN or infinite.",
    "YZ709": "A value out of its range: a score above 1, a negative size, a box far outside its image.",
    "YZ710": "A list of the wrong length.",
    "YZ711": "A matrix that is no rotation.",
    "YZ712": "A box that is empty or reaches beyond its image (a warning).",
    "YZ713": "An image with two entries.",
    "YZ714": "A name that no image of the data set has, or that several may mean.",
    "YZ715": "A class id that the data set's class table does not have.",
    "YZ716": "Images of the data set without an entry (a warning).",
    "YZ717": "An image size that is missing for boxes in px, or that the data set contradicts.",
    "YZ718": "A box format that is unknown, or not the one asked for.",
    "YZ719": "More findings of the same kinds, counted but not listed.",
    # 8xx: evaluation
    # 9xx: command line and environment
    "YZ901": "A name that no registry table holds.",
    "YZ902": "A run id that cannot name a directory under runs/.",
}
