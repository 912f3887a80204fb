"""What an S3 store's refusals mean to the caller, and what the operator can do about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from bitloot_core.values.errors import Unavailable

PORT = "vault"
PRECONDITION_FAILED = 412
_NOT_FOUND = 404
_CODE = re.compile(r"[A-Za-z0-9]{1,60}")
_LONGEST_WAIT_SECONDS = 86_400
_TO_DO = {
    "AccessDenied": "the token's rights must cover this bucket: read, write and list objects",
    "InvalidAccessKeyId": "check R2_ACCESS_KEY_ID",
    "NoSuchBucket": "check R2_BUCKET and R2_ENDPOINT",
    "RequestTimeTooSkewed": "set this machine's clock",
    "SignatureDoesNotMatch": "check R2_SECRET_ACCESS_KEY",
    # How R2 answers a wrong key, and a checksum in a form that it does not know.
    "Unauthorized": "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY",
}


class Missing(Exception):
    """There is no object of this name; it leaves the adapter as `NotFound`."""


class Unmet(Exception):
    """The condition of a write does not hold (412); nothing was written by this request."""


@contextmanager
def refusals() -> Iterator[None]:
    """
    Translate what a call to the store can end with.

    Raises:
        Missing: there is no such object. A bucket that is not there is not meant: that must not look like lost keys.
        Unmet: the condition of a write does not hold.
        Unavailable: anything else. Nothing is lost; a write may have been carried out all the same.
    """
    try:
        yield
    except ClientError as exc:
        raise _meaning(exc) from exc
    except (BotoCoreError, ResponseParserError, aiohttp.ClientError, OSError, TimeoutError) as exc:
        raise Unavailable(PORT, f"the store cannot be reached or broke off ({type(exc).__name__})") from exc


def _meaning(error: ClientError) -> Exception:
    about = error.response.get("ResponseMetadata", {})
    status = about.get("HTTPStatusCode", 0)
    told = str(error.response.get("Error", {}).get("Code", ""))
    code = told if _CODE.fullmatch(told) else "without a code"
    if status == _NOT_FOUND and code == "NoSuchKey":
        return Missing()
    if status == PRECONDITION_FAILED:
        return Unmet()
    wait = str(about.get("HTTPHeaders", {}).get("retry-after", ""))
    to_do = f": {_TO_DO[code]}" if code in _TO_DO else ""
    return Unavailable(PORT, f"the store answered {status} ({code}){to_do}", retry_after=_seconds(wait))


def _seconds(text: str) -> timedelta | None:
    if not (text.isascii() and text.isdigit()):
        return None
    return timedelta(seconds=min(int(text[:9]), _LONGEST_WAIT_SECONDS))
