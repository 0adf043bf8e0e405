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
    # 45x-49x: checkpoints
    # 5xx: training
    # 6xx: export, parity, adapters
    # 7xx: predictions
    # 8xx: evaluation
    # 9xx: command line and environment
    "YZ901": "A name that no registry table holds.",
    "YZ902": "A run id that cannot name a directory under runs/.",
}
