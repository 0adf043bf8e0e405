import json
from dataclasses import replace

from yolozu.engine.launchers.job_voice import JobVoice
from yolozu.engine.view.events import Advances, Says
from yolozu.engine.view.wire import MARK, split_line

SAYS = f"{MARK}{Says(stage='train', kind='note', text='step 4').model_dump_json()}"
ADVANCES = f"{MARK}{Advances(stage='train', title='train', done=1, total=2).model_dump_json()}"


def told(slurm, *options):
    voice = JobVoice(slurm.job(*options), slurm.said.append)
    voice.note("job 17 runs on n1")
    for line in ("printed", f"half{SAYS}", ADVANCES):
        voice.hear(line)
    return slurm.said


def test_a_builder_that_reads_events_gets_events(slurm):
    note, *others = told(slurm, "--events")
    event = json.loads(split_line(note)[1])
    assert (event["event"], event["stage"], event["kind"]) == ("line", "train", "note")
    assert event["text"] == "train: job 17 runs on n1"
    assert (event["shard"], event["tells_of_job"]) == (None, True)
    assert others == ["printed", f"half{SAYS}", ADVANCES]


def test_a_part_s_job_is_one_of_its_stage(slurm):
    job = replace(slurm.job("--events"), stage="predict.shard-2")
    JobVoice(job, slurm.said.append).note("job 18 runs on n1")
    event = json.loads(split_line(slurm.said[0])[1])
    assert (event["stage"], event["shard"]) == ("predict", 2)
    assert event["text"] == "predict.shard-2: job 18 runs on n1"


def test_a_builder_that_reads_lines_gets_lines(slurm):
    assert told(slurm) == ["train: job 17 runs on n1", "printed", "half", "step 4"]


def test_a_builder_on_a_terminal_sees_them_there(slurm, capsys):
    JobVoice(slurm.job(), None).note("job 17 runs on n1")
    assert capsys.readouterr().err == "train: job 17 runs on n1\n"
