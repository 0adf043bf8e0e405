import json

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
    assert others == ["printed", f"half{SAYS}", ADVANCES]


def test_a_builder_that_reads_lines_gets_lines(slurm):
    assert told(slurm) == ["train: job 17 runs on n1", "printed", "half", "step 4"]


def test_a_builder_on_a_terminal_sees_them_there(slurm, capsys):
    JobVoice(slurm.job(), None).note("job 17 runs on n1")
    assert capsys.readouterr().err == "train: job 17 runs on n1\n"
