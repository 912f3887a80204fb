"""How the client for the bucket is made: what is said to R2, and what is left out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bitloot_adapters.r2.deadlines import R2Deadlines
from bitloot_core.values.secret import Secret

if TYPE_CHECKING:
    from bitloot_adapters.r2.bucket import SealedBucket

CALLS_AT_ONCE = 16
OBJECTS_A_PAGE = 1_000
"""The most that S3 lists at once."""

PREFIX = "keys/"
REGION = "auto"
"""**Source:** Cloudflare R2 documentation, S3 API, "Bucket region"."""


@asynccontextmanager
async def open_bucket(
    *,
    endpoint: str,
    bucket: str,
    access_key_id: str,
    secret_access_key: Secret,
    deadlines: R2Deadlines | None = None,
    prefix: str = PREFIX,
    region: str = REGION,
    objects_a_page: int = OBJECTS_A_PAGE,
) -> AsyncIterator[SealedBucket]:
    """
    Open the one client of this process, and close it at the end. Nothing is asked of the store yet.

    Args:
        endpoint: `https://ACCOUNT.r2.cloudflarestorage.com`; with `/BUCKET` behind it, as R2's pages show it, too.
        bucket: the bucket's name.
        access_key_id: of an R2 API token with "Object Read & Write" for this bucket alone.
        secret_access_key: its other half.
        deadlines: how long the store may take.
        prefix: what every object's name begins with.
        region: for a store that is not R2.
        objects_a_page: how many objects are listed at once; for tests.
    """
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession
    from botocore.handlers import add_expect_header

    from bitloot_adapters.r2.bucket import SealedBucket

    limits = deadlines or R2Deadlines()
    config = AioConfig(
        # Checksums that botocore adds on its own come in a form that R2 refuses, as "Unauthorized" at times.
        # Source: Cloudflare R2 documentation, S3 examples, boto3; botocore 1.36.0's change log.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        # One repeat: it is safe, since every write has a condition. More would outlast the job's lease.
        retries={"total_max_attempts": 2, "mode": "standard"},
        connect_timeout=limits.connect.total_seconds(),
        read_timeout=limits.answer.total_seconds(),
        max_pool_connections=CALLS_AT_ONCE,
        proxies={},
    )
    session = AioSession(session_vars=_NOT_FROM_THE_ENVIRONMENT)
    async with session.create_client(
        "s3",
        endpoint_url=endpoint.rstrip("/").removesuffix(f"/{bucket}"),
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key.reveal(),
        config=config,
    ) as client:
        # An object of ours is smaller than the question whether it may be sent, and aiohttp waits for leave for ever.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        yield SealedBucket(
            client,
            bucket=bucket,
            prefix=prefix,
            deadlines=limits,
            calls_at_once=CALLS_AT_ONCE,
            objects_a_page=objects_a_page,
        )


# What botocore would look for in the environment and in ~/.aws belongs to other programs of this account.
_NOT_FROM_THE_ENVIRONMENT = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
