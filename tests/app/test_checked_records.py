import json

import pytest

from yolozu.app.checked_records import require_parity_report, require_run_meta
from yolozu.errors import GateFailed, InputError


@pytest.mark.parametrize("require", [require_run_meta, require_parity_report])
def test_an_incomplete_record_is_refused_and_a_missing_one_is_an_input_error(tmp_path, require):
    with pytest.raises(InputError):
        require(tmp_path / "record.json")
    (tmp_path / "record.json").write_text(json.dumps({"schema_version": 1}))
    with pytest.raises(GateFailed):
        require(tmp_path / "record.json")
