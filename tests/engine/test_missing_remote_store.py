"""What a remote store needs is looked for before anything is built."""

import sys
from importlib import import_module

import pytest

from tests.engine.conftest import opened
from yolozu.engine.missing_remote_store import missing_remote_store

ASKED = ("store=true", "store_remote=s3://bucket/prefix")


@pytest.fixture
def without_s3(monkeypatch):
    monkeypatch.delitem(import_module("fsspec.registry")._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)


def test_a_missing_driver_is_one_finding_at_its_key(config, without_s3):
    (finding,) = missing_remote_store(opened(*ASKED), ["train"])
    assert finding.render() == (
        "store_remote=s3://bucket/prefix: YZ742 the driver of s3:// is not installed (Install s3fs to access S3)\n"
        "  fix: pip install 'fsspec[s3]', or leave the remote store out"
    )


@pytest.mark.parametrize("words", [("store=false", *ASKED[1:]), ("store=true",)])
def test_nothing_is_missing_where_no_remote_store_is_used(config, without_s3, words):
    assert missing_remote_store(opened(*words), ["train"]) == []


def test_results_that_stay_on_this_machine_need_none(config, without_s3):
    assert missing_remote_store(opened(*ASKED), ["prepare_data"]) == []
