"""URLs of remote stores in a contract."""

import pytest

from yolozu.contract.base import Conflict
from yolozu.contract.store_url import require_plain_url


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "sftp://me@host/there", "file:///a", "memory://a", "gs://b"])
def test_a_url_of_one_place_is_taken(url):
    assert require_plain_url(url) == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://me:secret@host/there", "holds a password, which would stand in plans and logs"),
        ("s3://key:secret@bucket", "holds a password, which would stand in plans and logs"),
        ("simplecache::s3://bucket", "is no URL of one place: it holds '::', '?' or '#'"),
        ("s3://bucket/a?versionId=1", "is no URL of one place: it holds '::', '?' or '#'"),
    ],
)
def test_secrets_and_chains_are_refused(url, problem):
    with pytest.raises(Conflict) as caught:
        require_plain_url(url)
    assert (caught.value.code, caught.value.problem) == ("YZ744", problem)
