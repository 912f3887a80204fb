"""
What a wallet's camera reads: the address, and the amount too where the coin has a form for both that wallets agree on.
"""

from __future__ import annotations

import io
from functools import lru_cache
from urllib.parse import urlencode

_SCHEMES = {"btc": "bitcoin", "ltc": "litecoin", "doge": "dogecoin", "dash": "dash"}
"""Coins whose wallets read `scheme:address?amount=`. **Source:** BIP 21, and the wallets' own pages for the others.

A token's address is that of its chain, where a guessed form would send another coin: those get the bare address.
"""


def wallet_url(coin: str, address: str, amount: str) -> str | None:
    """
    An address with its amount, as a link that opens a wallet; None if the coin has no such form.

    >>> wallet_url("btc", "bc1q", "0.001")
    'bitcoin:bc1q?amount=0.001'
    >>> wallet_url("usdttrc20", "T9y", "5") is None
    True
    """
    scheme = _SCHEMES.get(coin)
    if scheme is None or not address.isalnum():
        return None
    return f"{scheme}:{address}?{urlencode({'amount': amount})}"


@lru_cache(maxsize=512)
def qr_code(text: str) -> str:
    """
    A QR code as inline SVG, black on nothing, without a style of its own.

    The page that shows it is looked at every few seconds, so the last ones are kept.
    """
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=1, omitsize=True, svgclass=None, lineclass=None, dark="#000"
    )
    return out.getvalue().decode().replace("<svg ", '<svg role="img" aria-label="QR code of the payment" ', 1)
