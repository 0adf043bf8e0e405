"""How machines are used: keys that are never a reason to rebuild anything."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, WithJsonSchema

from yolozu.contract.base import FilePath, Form, Section
from yolozu.contract.loggers import require_known_logger
from yolozu.contract.store_url import require_plain_url
from yolozu.engine.launchers.registry import LAUNCHERS
from yolozu.training.loggers.registry import LOGGERS

if TYPE_CHECKING:
    Executor = str
else:
    Executor = Literal[tuple(LAUNCHERS)]

Endpoint = Annotated[
    str,
    Field(pattern=r"^[^\s:]+:[1-9][0-9]{0,4}$|^\[[0-9a-fA-F:.]+\]:[1-9][0-9]{0,4}$"),
    Form("HOST:PORT, such as gpu1:29400"),
]

LoggerName = Annotated[
    str,
    AfterValidator(require_known_logger),
    Form(f"{', '.join(LOGGERS)}, or the logger of an installed package", offers=tuple(LOGGERS)),
    WithJsonSchema({"anyOf": [{"enum": list(LOGGERS)}, {"type": "string", "minLength": 1}]}),
]

ClusterName = Annotated[str, Field(pattern=r"^[^\s'\"]+$"), Form("a name without spaces and quotes")]
TimeLimit = Annotated[
    str,
    Field(pattern=r"^(\d+-\d+(:\d+){0,2}|\d+(:\d+){1,2}|\d+)$"),
    Form("a time such as 30:00, 12:00:00 or 2-00:00:00 (days-hours:minutes:seconds)"),
]
Memory = Annotated[str, Field(pattern=r"^[1-9]\d*[MGT]$"), Form("a number with M, G or T behind it, such as 64G")]

StoreUrl = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9+.-]*://[^\s]+$"),
    Form("a URL such as s3://bucket/prefix, gs://bucket/prefix or file:///shared/store"),
    AfterValidator(require_plain_url),
]


class OperationsSection(Section):
    """How machines are used: never a reason to rebuild anything."""

    executor: Executor = "local"
    """Where stages run: `local` on this machine, `ray` on machines of a Ray cluster (needs `yolozu[ray]`), `slurm` as
    jobs of a Slurm cluster."""

    ray_address: Annotated[str, Field(min_length=1)] | None = None
    """Ray cluster, `HOST:PORT`, or `local` for one of this build's own. Without it: what `RAY_ADDRESS` says, a Ray that
    runs on this machine, or one of this build's own."""

    partition: ClusterName | None = None
    """Partition of the cluster that jobs go to; null takes the cluster's default."""

    account: ClusterName | None = None
    """Account that jobs are charged to; null takes your default."""

    time_limit: TimeLimit | None = None
    """Longest time of a job, as `minutes`, `hours:minutes:seconds` or `days-hours:minutes:seconds`; null takes the
    cluster's default. A minute before it, a training saves and stops; the same command goes on from there."""

    gpus: NonNegativeInt | None = None
    """GPUs of a job, on each of its nodes; null asks for none in particular."""

    cpus: PositiveInt | None = None
    """CPU cores of a job, on each of its nodes; null takes the cluster's default."""

    memory: Memory | None = None
    """Memory of a job, on each of its nodes, such as `64G`; null takes the cluster's default."""

    sbatch_args: tuple[str, ...] = ()
    """Further words for `sbatch`, such as `--exclude=n3`; they win over the keys above."""

    store: bool = True
    """Keep what stages give in `runs/.store`, and take from there what a run needs and another one has made already;
    false: neither."""

    store_dir: Annotated[str | None, FilePath()] = Field(default=None, min_length=1)
    """Another such store, which several people or machines share; read and written as the own one."""

    store_remote: StoreUrl | None = None
    """URL of a store elsewhere, such as `s3://bucket/prefix`, `gs://…` or `file://…` (needs `yolozu[remote]`, and the
    package that fsspec names for the protocol): what `runs/.store` lacks is fetched from there."""

    store_remote_write: bool = False
    """Upload results to `store_remote`, after they are kept here."""

    num_threads: PositiveInt | None = None
    """Threads that a stage computes with on the CPU, in each of its processes; no more than there are cores. Null takes
    one for each core, or what `OMP_NUM_THREADS` says. On a machine that others use, too, 1 loses least. It decides in
    which order numbers are added: checkpoints record it, and a training that goes on with another number says so."""

    num_workers: NonNegativeInt = 0
    """Processes that load images; 0 loads in the training process."""

    prefetch_factor: PositiveInt = 2
    """Batches each loading process prepares ahead."""

    cache: Literal["none", "ram"] = "none"
    """Keep decoded images in memory."""

    log_every: PositiveInt = 10
    """Optimizer steps between progress lines and train_step rows."""

    save_last_every: PositiveInt = 100
    """Optimizer steps between resumable checkpoints; also written at each validation and at the end."""

    watchdog_s: NonNegativeInt = 300
    """Seconds without a movement after which a stage says since when, at what and in which function it is; 0 never.
    Nothing is ended."""

    tensorboard: bool = False
    """Also write event files for TensorBoard, below `reports/tensorboard` of the run: short for the logger
    `tensorboard`. Needs `yolozu[tensorboard]`."""

    loggers: tuple[LoggerName, ...] = ()
    """Loggers that are told the numbers of the metrics files: `tensorboard`, `mlflow`, `trackio` (each an extra of its
    name), and those of installed packages. One that fails is left out from there on; training goes on."""

    nproc_per_node: PositiveInt = 1
    """Processes that train together with `ddp`: as many as there are GPUs, or CPU cores to share out."""

    max_restarts: NonNegativeInt = 3
    """How often a stage goes on from its last checkpoint when one of its processes was killed (`ddp`), or its machine
    was lost (`executor: ray`)."""

    predict_shards: PositiveInt = 1
    """Parts in which images are predicted, each by a process of its own that holds the detections of its images alone:
    one after another with `executor: local`, else all at once. The predictions are the same to the byte, and a build
    that was stopped keeps the parts that are done."""

    nnodes: PositiveInt = 1
    """Machines that train together with `ddp`, `nproc_per_node` processes on each. They share the run's directory, and
    each runs the same worker; the first process of all writes."""

    rdzv_backend: Literal["c10d", "etcd-v2"] = "c10d"
    """What several nodes meet in, as torchrun calls it: `c10d` on one of them, `etcd-v2` on an etcd server (needs the
    package python-etcd, and another `rdzv_id` for every try)."""

    rdzv_endpoint: Endpoint | None = None
    """Where several nodes meet, `HOST:PORT`. In a Slurm job, its first node and a port that goes by its number."""

    rdzv_id: Annotated[str, Field(min_length=1)] | None = None
    """What tells this training from others at `rdzv_endpoint`. In a Slurm job, its number; else the run and the
    stage."""

    def all_loggers(self) -> list[str]:
        """Names of all loggers, each once."""
        return list(dict.fromkeys([*(["tensorboard"] if self.tensorboard else []), *self.loggers]))
