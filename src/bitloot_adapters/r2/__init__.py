"""
The vault on Cloudflare R2, or any store that speaks S3 and honours conditional writes: one sealed object a product key.

The objects are those of the vault on disk, byte for byte; the store never sees a key or whose it is.
"""

from bitloot_adapters.r2.deadlines import R2Deadlines
from bitloot_adapters.r2.opening import open_bucket
from bitloot_adapters.r2.vault import R2Vault

__all__ = ["R2Deadlines", "R2Vault", "open_bucket"]
