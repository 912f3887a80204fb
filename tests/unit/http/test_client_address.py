"""Where a request came from: what trusted proxies wrote, in every form in which they write it."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bitloot_http.requests import client_address, is_from_this_machine

TRUSTED = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def handed_on(*hops: str, by: str = "127.0.0.1") -> web.Request:
    """A request that proxies handed on, the last of them by this one."""
    headers = [("X-Forwarded-For", hop) for hop in hops]
    return make_mocked_request("GET", "/", headers=dict(headers)).clone(remote=by)


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:51234", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("6.6.6.6, 192.0.2.7:51234", "192.0.2.7"),
        ("192.0.2.7:51234, 10.0.0.9:4711", "192.0.2.7"),
        ("192.0.2.7, [fd00::1]:4711", "192.0.2.7"),
    ],
)
def test_a_port_is_no_part_of_an_address(hops: str, address: str) -> None:
    """Some proxies write it behind: the buyer is still the buyer, and a proxy behind it is still trusted."""
    assert address == client_address(handed_on(hops), TRUSTED)


@pytest.mark.parametrize(
    "hop", ["unknown", "_hidden", "192.0.2.7:port", "192.0.2.7:", "[192.0.2.7", ":80", "", "a:b:c"]
)
def test_a_hop_that_is_no_address_is_the_proxys(hop: str) -> None:
    """Nothing is made up; and whoever it was, it was not this machine that asked."""
    request = handed_on(hop)

    assert client_address(request, TRUSTED) == "127.0.0.1"
    assert not is_from_this_machine(request, TRUSTED)


@pytest.mark.parametrize("hop", ["192.0.2.7:51234", "[2001:db8::7]:51234", "6.6.6.6"])
def test_who_comes_through_a_proxy_on_this_machine_is_not_this_machine(hop: str) -> None:
    """What only this machine may see stays shut."""
    assert not is_from_this_machine(handed_on(hop), TRUSTED)


@pytest.mark.parametrize("hop", ["127.0.0.1", "127.0.0.1:51234", "[::1]:51234"])
def test_this_machine_is_known_through_its_own_proxy(hop: str) -> None:
    """With a port, too."""
    assert is_from_this_machine(handed_on(hop), TRUSTED)


def test_what_a_stranger_writes_is_not_read() -> None:
    """They are who they are."""
    request = handed_on("127.0.0.1:80", by="203.0.113.5")

    assert client_address(request, TRUSTED) == "203.0.113.5"
    assert not is_from_this_machine(request, TRUSTED)
