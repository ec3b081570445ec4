"""Folding: every alert is told once, in few messages, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from futuresboard.messages import FOLD_FROM, NAMED, Page, Waiting, fold, trial
from futuresboard.model import SEVERITY, Tier
from support_rows import T0, make_alert

RULED = (Tier.OI_SPIKE, Tier.CONFLUENCE, Tier.FLOW_AGREES, Tier.CROWDED_UNWIND)

PAGE = Page()


def waiting(
    number: int,
    base: str = "BTC",
    tier: Tier = Tier.CONFLUENCE,
    *,
    quality: Sequence[str] = (),
    quiet: bool = False,
    **more: object,
) -> Waiting:
    """An alert that waits."""
    severity = SEVERITY.index(tier)
    made = make_alert(f"{base}/USDT:USDT", T0, tier=int(tier), severity=severity, base=base, **more)
    return Waiting(number, asdict(made), tuple(quality), quiet)


def bases(*names: str) -> list[Waiting]:
    return [waiting(number, name) for number, name in enumerate(names, 1)]


def test_one_alert_in_words():
    one = waiting(7, text="BTC on OKX, 5m: so much", direction="long", quality=("ls:late", "oi:live"))
    (message,) = fold([one], 9, Page("https://board.example"))
    assert message.ids == (7,)
    assert message.title == "Tier 2 Confluence: BTC on OKX 5m"
    assert message.body == (
        "BTC on OKX, 5m: so much\nBar 2023-11-14 22:15 to 22:20 UTC, long\nData: ls:late, oi:live\n\n"
        "https://board.example"
    )


def test_nothing_is_said_of_what_is_not_there():
    (message,) = fold([waiting(1)], 9, PAGE)
    assert message.body == waiting(1).alert["text"] + "\nBar 2023-11-14 22:15 to 22:20 UTC"


def test_a_confluence_alert_has_no_tier():
    (message,) = fold([waiting(1, kind="confluence")], 9, PAGE)
    assert message.title == "Confluence: BTC on OKX 5m"


def test_an_alert_of_a_rule_bears_its_name():
    one = waiting(1, kind="rule")
    rule = {"id": 3, "name": "Crowded & cheap"}
    (message,) = fold([Waiting(1, {**one.alert, "rule": rule, "tier": None})], 9, PAGE)
    assert message.title == "Rule Crowded & cheap: BTC on OKX 5m"


def test_simulated_data_is_called_so():
    (message,) = fold(bases("A"), 9, Page(simulated=True))
    assert message.title == "SIMULATED: Tier 2 Confluence: A on OKX 5m"


def test_a_coin_on_several_exchanges_and_timeframes_is_one_message():
    found = fold(
        [
            waiting(1, tier=Tier.OI_SPIKE, exchange="okx"),
            waiting(2, exchange="bybit"),
            waiting(3, exchange="okx", timeframe="15m"),
            waiting(4, exchange="binanceusdm"),
            waiting(5, exchange="binanceusdm"),
        ],
        9,
        PAGE,
    )
    assert [message.ids for message in found] == [(1, 2, 3, 4, 5)]
    assert found[0].title == "Tier 2 Confluence: BTC on Bybit 5m, OKX 15m, Binance 5m +1 more"
    assert found[0].body.endswith("\n\n+2 more")


def test_three_coins_are_three_messages_and_four_are_one():
    assert [message.ids for message in fold(bases("A", "B", "C"), 9, PAGE)] == [(1,), (2,), (3,)]
    (message,) = fold(bases("A", "B", "C", "D", "E"), 9, PAGE)
    assert message.title == "5 alerts: A, B, C +2 more"
    assert message.body.count("Tier 2 Confluence. ") == NAMED
    assert message.body.endswith("\n\n+2 more")


def test_the_severest_are_named_each_coin_once():
    found = [
        waiting(1, "A", Tier.CROWDED_UNWIND),
        waiting(2, "B", Tier.OI_SPIKE),
        waiting(3, "C", Tier.CONFLUENCE),
        waiting(4, "C", Tier.FLOW_AGREES),
        waiting(5, "D", Tier.FLOW_AGREES),
    ]
    (message,) = fold(found, 9, PAGE)
    assert message.title == "5 alerts: C, D, B +1 more"
    said = [paragraph.partition(".")[0] for paragraph in message.body.split("\n\n")]
    assert said == ["Tier 2 Confluence", "Tier 3 Flow agrees", "Tier 1 OI spike", "+2 more"]


def test_with_less_room_than_messages_all_is_one():
    (message,) = fold(bases("A", "B"), 1, PAGE)
    assert message.title == "2 alerts: A, B"
    (message,) = fold([*bases("A"), waiting(9, "B", quiet=True)], 1, PAGE)
    assert message.title == "2 alerts: A, B"


def test_what_came_in_quiet_hours_is_one_summary():
    found = fold([waiting(1, "A", quiet=True), waiting(2, "B", quiet=True), waiting(3, "C")], 9, PAGE)
    assert [message.ids for message in found] == [(1, 2), (3,)]
    assert found[0].title == "While it was quiet: 2 alerts: A, B"
    (message,) = fold([waiting(1, "A", quiet=True)], 9, PAGE)
    assert message.title == "While it was quiet: 1 alert: A"


def test_a_trial_names_its_target():
    message = trial("phone", Page("https://board.example", simulated=True))
    assert message.ids == ()
    assert message.title == "SIMULATED: futuresboard: test"
    assert "phone" in message.body
    assert message.body.endswith("https://board.example")


alerts = st.lists(
    st.tuples(
        st.sampled_from("ABCDEFG"),
        st.sampled_from(RULED),
        st.sampled_from(["okx", "bybit"]),
        st.sampled_from(["5m", "15m"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
).map(
    lambda rows: [
        waiting(number, base, tier, exchange=exchange, timeframe=timeframe, quiet=quiet)
        for number, (base, tier, exchange, timeframe, quiet) in enumerate(rows, 1)
    ]
)


@given(alerts, st.integers(1, 6))
def test_each_alert_is_told_once_in_no_more_messages_than_there_is_room_for(found: list[Waiting], slots: int):
    messages = fold(found, slots, PAGE)
    assert sorted(number for message in messages for number in message.ids) == [one.id for one in found]
    assert 1 <= len(messages) <= min(slots, FOLD_FROM)


@given(alerts, st.integers(1, 6), st.randoms())
def test_the_order_of_arrival_changes_nothing(found: list[Waiting], slots: int, random):
    mixed = list(found)
    random.shuffle(mixed)
    assert fold(mixed, slots, PAGE) == fold(found, slots, PAGE)


@given(alerts)
def test_what_is_not_told_in_full_is_counted(found: list[Waiting]):
    for message in fold(found, 6, PAGE):
        told = message.body.count("Bar ")
        left = len(message.ids) - told
        assert told == min(NAMED, len(message.ids))
        assert message.body.endswith(f"+{left} more") == (left > 0)
