"""Capability tokens that are derived, not stored: an identifier and a keyed digest of it."""

from bitloot_adapters.hmac_links.links import HmacLinks

__all__ = ["HmacLinks"]
