"""URLs of a remote store, as a contract may name them."""

from __future__ import annotations

import re

from yolozu.contract.base import Conflict

_PASSWORD = re.compile(r"^[^:]+://[^/@]*:[^/@]*@")


def require_plain_url(url: str) -> str:
    """``url`` itself, if it names one place and no secret.

    Raises:
        Conflict: YZ744, it holds a password, or several URLs; contracts, logs and receipts are read by others.
    """
    if _PASSWORD.match(url):
        raise Conflict(
            "store_remote",
            problem="holds a password, which would stand in plans and logs",
            fix="leave it out; drivers read such things from files or variables of their own",
            code="YZ744",
        )
    if "::" in url or "?" in url or "#" in url:
        raise Conflict(
            "store_remote",
            problem="is no URL of one place: it holds '::', '?' or '#'",
            fix="write PROTOCOL://PLACE; options of the driver go into fsspec's own files or variables",
            code="YZ744",
        )
    return url
