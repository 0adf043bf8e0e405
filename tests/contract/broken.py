"""Contracts with one mistake each, and all that is said about it."""

STRICT = (
    "config_version: 1\nrun_id: exp01\ndataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\n"
    "epochs: 2\n"
)

BROKEN = {
    "a key with a typo": (
        STRICT + "weight_deacy: 0.1\n",
        "exp.yaml:9: weight_deacy: YZ102 unknown key\n  fix: did you mean 'weight_decay'?",
    ),
    "an unknown key without a value": (
        STRICT + "gpu:\n",
        "exp.yaml:9: gpu: YZ102 unknown key\n  fix: here it is device: cpu, cuda or cuda:N; several with ddp: true",
    ),
    "a nested key with a typo": (
        STRICT + "model:\n  backbone:\n    nmae: tiny_cnn\n",
        "exp.yaml:11: model.backbone.nmae: YZ102 unknown key\n  fix: did you mean 'model.backbone.name'?",
    ),
    "a nested key at the top": (
        STRICT + "d_model: 64\n",
        "exp.yaml:9: d_model: YZ102 unknown key\n  fix: did you mean 'model.projector.d_model'?",
    ),
    "a section's name": (
        STRICT + "optim:\n  lr: 0.1\n",
        "exp.yaml:9: optim: YZ102 unknown key\n  fix: keys are flat: write what is in it at the top level",
    ),
    "a dotted key in a file": (
        STRICT + "model.anchor_size: 0.1\n",
        "exp.yaml:9: 'model.anchor_size': YZ102 unknown key\n  fix: in a file, nest it: model: {anchor_size: …}",
    ),
    "keys that strict mode misses": (
        "run_id: exp01\nuse_amp: false\nepochs: 2\n",
        (
            "exp.yaml: YZ109 a run contract (asked for by run_id, exp.yaml:1) must spell out config_version, "
            "dataset_root, seed, device, ddp\n"
            "  fix: add them, for example 'config_version: 1', 'dataset_root: synthetic', 'seed: 0', 'device: cpu', "
            "'ddp: false'"
        ),
    ),
    "a quoted number": (
        'epochs: 2\nlr: "0.1"\n',
        'exp.yaml:2: lr: YZ103 must be a number of at least 0, got "0.1"\n  fix: write 0.1 without quotes',
    ),
    "a number with underscores": (
        "epochs: 1_000\n",
        'exp.yaml:1: epochs: YZ103 must be a whole number of at least 1, or null, got "1_000"\n  fix: write 1000',
    ),
    "a boolean of YAML 1.1": (
        "epochs: 2\nuse_ema: no\n",
        'exp.yaml:2: use_ema: YZ103 must be true or false, got "no"\n  fix: write false',
    ),
    "a number for a boolean": (
        "epochs: 2\nuse_ema: 1\n",
        (
            "exp.yaml:2: use_ema: YZ103 must be true or false, got 1\n"
            "  fix: correct it, or drop use_ema for its default, false"
        ),
    ),
    "a boolean for a number": (
        "epochs: 2\nseed: true\n",
        (
            "exp.yaml:2: seed: YZ103 must be a whole number of at least 0, got true\n"
            "  fix: correct it, or drop seed for its default, 0"
        ),
    ),
    "another version": (
        STRICT.replace("config_version: 1", "config_version: 2"),
        "exp.yaml:1: config_version: YZ366 is of version 2, newer than 1, which this yolozu reads\n"
        "  fix: upgrade yolozu; a newer contract cannot be turned back",
    ),
    "half an epoch": (
        "epochs: 2.5\n",
        (
            "exp.yaml:1: epochs: YZ103 must be a whole number of at least 1, or null, got 2.5\n"
            "  fix: correct it, or drop epochs for its default, null"
        ),
    ),
    "a whole number with a point": (
        "epochs: 2.0\n",
        "exp.yaml:1: epochs: YZ103 must be a whole number of at least 1, or null, got 2.0\n  fix: write 2",
    ),
    "no number": (
        "epochs: 2\nlr: .nan\nweight_decay: .inf\n",
        (
            "exp.yaml:2: lr: YZ104 must be a number of at least 0, got .nan\n"
            "  fix: correct it, or drop lr for its default, 0.0001\n"
            "exp.yaml:3: weight_decay: YZ104 must be a number of at least 0, got .inf\n"
            "  fix: correct it, or drop weight_decay for its default, 0.01"
        ),
    ),
    "a value below its range": (
        "epochs: 2\nlr: -1\n",
        (
            "exp.yaml:2: lr: YZ104 must be a number of at least 0, got -1\n"
            "  fix: correct it, or drop lr for its default, 0.0001"
        ),
    ),
    "a value at an open end": (
        "epochs: 2\nuse_ema: true\nema_decay: 1.0\n",
        (
            "exp.yaml:3: ema_decay: YZ104 must be a number of at least 0 and below 1, got 1.0\n"
            "  fix: correct it, or drop ema_decay for its default, 0.999"
        ),
    ),
    "a choice with a typo": (
        "epochs: 2\ntask_aligner: uncertainy\n",
        (
            "exp.yaml:2: task_aligner: YZ104 must be none or uncertainty, got uncertainy\n"
            "  fix: did you mean 'uncertainty'?"
        ),
    ),
    "a choice that is none": (
        "epochs: 2\nscheduler: linear\n",
        (
            "exp.yaml:2: scheduler: YZ104 must be none, cosine, onecycle or multistep, got linear\n"
            "  fix: correct it, or drop scheduler for its default, none"
        ),
    ),
    "a size that is none, once": (
        "epochs: 2\nimage_size: [100, 200, 3]\n",
        (
            "exp.yaml:2: image_size: YZ104 must be a multiple of 32 from 32 to 4096, or [height, width] of such, "
            "got [100, 200, 3]\n  fix: correct it, or drop image_size for its default, 640"
        ),
    ),
    "an element of a comma list": (
        "epochs: 2\nscheduler: multistep\nscheduler_milestones: 10,x,30\n",
        (
            "exp.yaml:3: scheduler_milestones[1]: YZ103 must be a whole number of at least 1, got x\n"
            "  fix: correct or remove it"
        ),
    ),
    "a number for a name": (
        STRICT.replace("exp01", "123"),
        (
            "exp.yaml:2: run_id: YZ103 must be 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit, "
            'or null, got 123\n  fix: write it in quotes: "123"'
        ),
    ),
    "a name that leaves the directory": (
        STRICT.replace("exp01", "../exp01"),
        (
            "exp.yaml:2: run_id: YZ104 must be 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit, "
            "or null, got ../exp01\n  fix: correct it, or drop run_id for its default, null"
        ),
    ),
    "null where nothing may be missing": (
        "epochs: 2\nlr: null\n",
        (
            "exp.yaml:2: lr: YZ103 must be a number of at least 0, got null\n"
            "  fix: correct it, or drop lr for its default, 0.0001"
        ),
    ),
    "a value for a map": (
        "epochs: 2\nmodel:\n  decoder: 5\n",
        (
            "exp.yaml:3: model.decoder: YZ103 must be a map, got 5\n"
            "  fix: correct it, or drop model.decoder for its default"
        ),
    ),
    "a map for a value": (
        "epochs: 2\nlr: {base: 1}\n",
        (
            "exp.yaml:2: lr: YZ103 must be a number of at least 0, got {base: 1}\n"
            "  fix: correct it, or drop lr for its default, 0.0001"
        ),
    ),
    "a gate that is no comparison": (
        "epochs: 2\nrequire:\n  map50: 0.5\n",
        (
            "exp.yaml:3: require.map50: YZ103 must be a comparison with a number, such as '>= 0.3', got 0.5\n"
            "  fix: correct or remove it"
        ),
    ),
    "a gate on no metric": (
        'epochs: 2\nrequire: {mAP50: ">= 0.5"}\n',
        "exp.yaml:2: require.mAP50: YZ104 no metric is called 'mAP50'\n  fix: did you mean 'map50'?",
    ),
    "a section's own conflict": (
        "epochs: 2\nmomentum: 0.5\noptimizer: adamw\nnesterov: true\n",
        (
            "exp.yaml:4: nesterov: YZ105 nesterov is for sgd, the optimizer is adamw (optimizer: exp.yaml:3)\n"
            "  fix: drop nesterov or set optimizer: sgd"
        ),
    ),
    "a conflict over sections": (
        "epochs: 2\namp: fp16\n",
        (
            "exp.yaml:2: amp: YZ105 amp fp16 needs a CUDA device, the device is cpu (device: default)\n"
            "  fix: set amp: bf16 (works on CPUs) or device: cuda"
        ),
    ),
    "training without an end": (
        "lr: 0.1\n",
        (
            "exp.yaml: YZ109 neither max_steps nor epochs says how long training lasts\n"
            "  fix: set max_steps (optimizer steps) or epochs (passes over the images)"
        ),
    ),
    "an alias beside its key": (
        "epochs: 2\ngrad_accum: 2\ngradient_accumulation_steps: 4\n",
        (
            "exp.yaml:2: grad_accum: YZ110 grad_accum is another spelling of gradient_accumulation_steps, "
            "set on line 3\n"
            "  fix: keep one of the two"
        ),
    ),
    "an alias of the wrong type": (
        "epochs: 2\nuse_amp: fp16\n",
        "exp.yaml:2: use_amp: YZ103 must be true or false\n  fix: write amp: none, bf16 or fp16",
    ),
    "a boolean of YAML 1.1 where a word may stand too": (
        "epochs: 2\nmodel: {pose: yes}\n",
        'exp.yaml:2: model.pose: YZ104 must be auto, true or false, got "yes"\n  fix: write true',
    ),
    "a number where a word or a boolean may stand": (
        "epochs: 2\nmodel: {pose: 1}\n",
        (
            "exp.yaml:2: model.pose: YZ103 must be auto, true or false, got 1\n"
            "  fix: correct it, or drop model.pose for its default, auto"
        ),
    ),
    "a step of a pose cost with a typo": (
        STRICT + "cost_z_start_stp: 5\n",
        "exp.yaml:9: cost_z_start_stp: YZ102 unknown key\n  fix: did you mean 'cost_z_start_step'?",
    ),
    "a loss of poses with a typo": (
        STRICT + "loss_weights: {rott: 1}\n",
        "exp.yaml:9: loss_weights.rott: YZ102 unknown key\n  fix: did you mean 'loss_weights.rot'?",
    ),
    "a start before the first step": (
        "epochs: 2\ncost_rot: 1\ncost_rot_start_step: -1\n",
        (
            "exp.yaml:3: cost_rot_start_step: YZ104 must be a whole number of at least 0, got -1\n"
            "  fix: correct it, or drop cost_rot_start_step for its default, 0"
        ),
    ),
    "a key written twice": (
        "epochs: 2\nlr: 0.1\nlr: 0.2\n",
        "exp.yaml:3: lr: YZ108 written twice, first on line 2\n  fix: keep one of the two",
    ),
    "a tag": (
        "epochs: 2\nlr: !!python/object/apply:os.system [ls]\n",
        (
            "exp.yaml:2: lr: YZ107 the tag !!python/object/apply:os.system is refused: a contract is plain data\n"
            "  fix: remove !!python/object/apply:os.system"
        ),
    ),
    "a shared collection": (
        "epochs: 2\nmodel: &big\n  encoder: {}\nrequire: *big\n",
        "exp.yaml:2: model: YZ107 the anchor &big on a collection is refused\n  fix: write the values out",
    ),
    "a merge key": (
        "epochs: 2\n<<: {lr: 1}\n",
        "exp.yaml:2: YZ107 a merge key (<<) hides what is set where\n  fix: write the keys out",
    ),
    "the directive of YAML 1.1": (
        "%YAML 1.1\n---\nepochs: 2\n",
        "exp.yaml:1: YZ107 the %YAML 1.1 directive changes what values mean\n  fix: remove it: contracts are YAML 1.2",
    ),
    "a second document": (
        "epochs: 2\n---\nlr: 1\n",
        (
            "exp.yaml:2: YZ107 a second document starts here\n"
            "  fix: keep one contract a file; remove the '---' or '...' line"
        ),
    ),
    "a tab": (
        "model:\n\tencoder: {}\n",
        "exp.yaml:2: YZ106 a tab where YAML wants spaces\n  fix: indent with spaces",
    ),
    "an open bracket": (
        "epochs: 2\nimage_size: [32, 64\nlr: 1\n",
        "exp.yaml:2: YZ106 a '[' that is not closed, or a missing ','\n  fix: close it with ']'",
    ),
    "an empty file": ("# nothing\n", "exp.yaml: YZ113 is empty\n  fix: write one 'key: value' a line"),
    "a list": (
        "- epochs: 2\n",
        "exp.yaml:1: YZ113 holds a list where keys are expected\n  fix: write one 'key: value' a line",
    ),
    "a model file that is missing": (
        "epochs: 2\nmodel: models/none.yaml\n",
        "exp.yaml:2: model: YZ101 models/none.yaml: no such file\n  fix: there is no directory 'models' either",
    ),
}
