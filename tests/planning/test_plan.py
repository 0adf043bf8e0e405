from tests.planning.toy import TOYS
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import SeedSection
from yolozu.planning.compiler import compile_plan
from yolozu.planning.plan import state_digest


def request(**sections):
    return compile_plan(Contract(**sections), TOYS)["shout"].request()


def test_a_state_belongs_to_its_spec_and_the_content_of_its_inputs():
    digest = state_digest(request(), {"word": "a"})
    assert digest == state_digest(request(), {"word": "a"})
    assert digest != state_digest(request(), {"word": "b"})
    assert digest != state_digest(request(seed=SeedSection(seed=1)), {"word": "a"})


def test_operational_keys_are_in_no_request():
    assert request(operations=OperationsSection(num_workers=7, log_every=1)) == request()
