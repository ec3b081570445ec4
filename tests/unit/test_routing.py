"""The grammar of targets, and which alerts go where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.model import TIMEFRAME_MS, Tier
from futuresboard.routing import OTHER_KINDS, Route, RoutesError, parse_routes

EXCHANGES = ("binanceusdm", "bybit", "okx")


def alert(tier: int | None = 2, **more: object) -> dict[str, object]:
    """An alert of tier 2 on BTC at Bybit."""
    plain = {"kind": "tier", "tier": tier, "timeframe": "5m", "exchange": "bybit", "base": "BTC"}
    return {**plain, **more}


def one(text: str) -> Route:
    (route,) = parse_routes(text, EXCHANGES)
    return route


def told(text: str) -> set[object]:
    """Which tiers and kinds a target is told of."""
    route = one(text)
    tiers = {int(tier) for tier in Tier if route.wants(alert(int(tier)))}
    return tiers | {kind for kind in OTHER_KINDS if route.wants(alert(None, kind=kind))}


def test_nothing_is_no_target():
    assert parse_routes("", EXCHANGES) == ()


def test_without_options_what_pops_up_for_everybody():
    assert told("json://h/") == {2, 6, "rule"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("tier=1", {1}),
        ("tier=2,6", {2, 6}),
        ("tier=all", {1, 2, 3, 4, 5, 6}),
        ("kind=confluence", {"confluence"}),
        ("kind=all", {"confluence", "rule"}),
        ("tier=6;kind=rule", {6, "rule"}),
        ("tier=all kind=all", {1, 2, 3, 4, 5, 6, "rule", "confluence"}),
    ],
)
def test_tiers_and_kinds_add_up(options: str, expected: set[object]):
    assert told(f"{options} json://h/") == expected


def test_timeframe_exchange_and_coin_narrow_down():
    route = one("tf=5m,15m;exchange=okx,bybit coin=btc,ETH json://h/")
    assert route.wants(alert())
    assert route.wants(alert(base="ETH", exchange="okx", timeframe="15m"))
    for other in ({"timeframe": "1h"}, {"exchange": "binanceusdm"}, {"base": "SOL"}, {"tier": 1}):
        assert not route.wants(alert(**other))


@pytest.mark.parametrize("between", [" ", "\n", "\t ", ",", ", ", " , "])
def test_what_may_stand_between_targets(between: str):
    routes = parse_routes(f"json://a/x?to=b,c{between}tgram://1/2,{between}https://c/", EXCHANGES)
    assert [route.url for route in routes] == ["json://a/x?to=b,c", "tgram://1/2", "https://c/"]


def test_names_are_given_or_made_and_are_unique():
    routes = parse_routes("json://a JSON://b name=phone tgram://c/d json://e", EXCHANGES)
    assert [route.name for route in routes] == ["json", "json-2", "phone", "json-3"]


def test_an_address_is_not_in_its_description():
    assert "hidden" not in repr(one("tier=2 json://user:hidden@hidden.example/hidden"))


@pytest.mark.parametrize(
    ("text", "start", "allowed"),
    [
        ("tier=7 json://h", "target 1 (json): got tier=7", "a list of 1, 2, 3, 4, 5, 6, or all"),
        ("tier= json://h", "target 1 (json): got tier=", "a list of"),
        ("kind=tier json://h", "target 1 (json): got kind=tier", "a list of confluence, rule, or all"),
        ("tf=7m json://h", "target 1 (json): got tf=7m", "a list of 5m"),
        ("exchange=kraken json://h", "target 1 (json): got exchange=kraken", "a list of binanceusdm"),
        ("coin=, json://h", "target 1 (json): got coin=", "a list of coins"),
        ("name=a.b json://h", "target 1 (json): got name=a.b", "up to 32 letters"),
        ("hunter2 json://h", "target 1 (json): got (hidden)", "options name, tier, kind"),
        ("://h", "target 1: got (hidden)", "an Apprise URL"),
        ("name=a json://x name=a json://y", "target 2 (json): got name=a twice", "a name of its own"),
        ("json://x tier=2", "the end: got options without an address", "options, then"),
    ],
)
def test_wrong_targets(text: str, start: str, allowed: str):
    with pytest.raises(RoutesError) as caught:
        parse_routes(text, EXCHANGES)
    (line,) = caught.value.lines
    assert line.startswith(f"{start}, allowed: {allowed}") or (start in line and allowed in line)


def test_the_rest_of_an_address_with_a_blank_in_it_is_not_told():
    with pytest.raises(RoutesError) as caught:
        parse_routes("mailto://me:open sesame@example.org", EXCHANGES)
    assert "sesame" not in str(caught.value)


@given(
    st.lists(st.sampled_from([str(int(tier)) for tier in Tier]), min_size=1, unique=True),
    st.lists(st.sampled_from(list(TIMEFRAME_MS)), min_size=1, unique=True),
    st.booleans(),
)
def test_options_are_read_whatever_their_order(tiers: list[str], frames: list[str], joined: bool):
    words = [f"tf={','.join(frames)}", f"tier={','.join(tiers)}"]
    expected = Route("json", "json://h", frozenset(map(int, tiers)), frozenset(), frozenset(frames))
    for order in (words, words[::-1]):
        assert one((";" if joined else " ").join(order) + " json://h") == expected
