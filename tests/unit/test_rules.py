"""What an expression means, and what is said about one that means nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from futuresboard import rules
from futuresboard.bars import RAW_COLUMNS
from futuresboard.derived import Derived
from futuresboard.errors import ExpressionError
from futuresboard.metrics import LOOKBACK, REGISTRY
from futuresboard.model import Thresholds, Tier
from futuresboard.rows import ROW_COLUMNS, STORED_COLUMNS
from futuresboard.rules.build import MAX_DEPTH
from futuresboard.rules.columns import ALIASES, COLUMNS, NOT_NAMED, reads
from futuresboard.rules.expression import MAX_PARTS
from futuresboard.rules.syntax import MAX_LENGTH
from futuresboard.rules.tree import Kind
from futuresboard.signals import RULES, Inputs
from random_bars import clean_bars

M5 = 300_000


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        rules.compile(text)
    return caught.value


class TestMeaning:
    @pytest.mark.parametrize(
        ("text", "normal"),
        [
            ("z > 2 and funding < 0 and oi > 50M", "z_score > 2 and funding < 0 and oi_abs_usd > 50M"),
            ("Z>2 AND NOT tier_2", "z_score > 2 and not tier_2"),
            ("z > 1 or ls > 2 and rsi < 30", "z_score > 1 or global_ls > 2 and rsi < 30"),
            ("(z > 1 or ls > 2) and rsi < 30", "(z_score > 1 or global_ls > 2) and rsi < 30"),
            ("(z > 1 and (ls > 2 and rsi < 30))", "z_score > 1 and global_ls > 2 and rsi < 30"),
            ("not (z > 1) and ls > 2", "not z_score > 1 and global_ls > 2"),
            ("not (z > 1 and ls > 2)", "not (z_score > 1 and global_ls > 2)"),
            ("high - (low - open) > 0", "high - (low - open) > 0"),
            ("(high - low) - open > 0", "high - low - open > 0"),
            ("high / (low * open) > 0", "high / (low * open) > 0"),
            ("high - low * open > -2", "high - low * open > -2"),
            ("-(high - low) > - - 2", "-(high - low) > --2"),
            ("abs((imbalance)) >= 2.50", "abs(imbalance) >= 2.5"),
            ("z == 2 or z <> 3", "z_score = 2 or z_score != 3"),
            ("base = 'btc' and z > 1", 'base = "btc" and z_score > 1'),
            ("symbol in (\"A'B\", 'C\"D') and z > 1", "symbol in (\"A'B\", 'C\"D') and z_score > 1"),
            ("funding_interval_h not in (8, 4)", "not funding_interval_h in (8, 4)"),
            ("tier = 2", "tier_2"),
            ("2 = tier", "tier_2"),
            ("tier != 2", "not tier_2"),
            ("tier in (1, 2) and z > 1", "(tier_1 or tier_2) and z_score > 1"),
            ("tier not in (4)", "not tier_4"),
            ("volume > 1e-99999999999% or volume > 2.50e3k", "volume > 0 or volume > 2500k"),
            ("volume > 1e22", "volume > 1e+22"),
            ("volume > 2k or volume > 1.5B", "volume > 2k or volume > 1500M"),
        ],
    )
    def test_the_normal_form(self, text, normal):
        assert rules.compile(text).normal == normal
        assert rules.compile(normal).normal == normal

    @pytest.mark.parametrize(
        ("text", "normal"),
        [
            ("funding > 0.01%", "funding > 0.0001"),
            ("funding > 0.07%", "funding > 0.0007"),
            ("close > open * 101%", "close > open * 1.01"),
            ("oi_delta > 2%", "oi_delta_pct > 2"),
            ("2% < oi_delta", "2 < oi_delta_pct"),
            ("abs(imbalance) > 3%", "abs(imbalance) > 3"),
            ("imbalance < -3%", "imbalance < -3"),
            ("oi_delta - ls_delta > 1%", "oi_delta_pct - ls_delta_pct > 1"),
            ("oi_delta + 1% > ls_delta", "oi_delta_pct + 1 > ls_delta_pct"),
            ("oi_delta * 2 > 1%", "oi_delta_pct * 2 > 1"),
            ("2 * oi_delta / 3 > 1%", "2 * oi_delta_pct / 3 > 1"),
            ("1 / oi_delta > 50%", "1 / oi_delta_pct > 0.5"),
            ("oi_delta * ls_delta > 50%", "oi_delta_pct * ls_delta_pct > 0.5"),
            ("oi_delta / ls_delta > 50%", "oi_delta_pct / ls_delta_pct > 0.5"),
            ("oi_delta in (1%, 2%)", "oi_delta_pct in (1, 2)"),
        ],
    )
    def test_a_percent_is_a_hundredth_and_beside_percents_one_of_them(self, text, normal):
        assert rules.compile(text).normal == normal

    def test_names(self):
        found = rules.compile('z > 2 and z < 5 and oi > 1M and tier_1 and base = "BTC" and tf = "5m"')
        assert found.needs == ("z_score", "oi_abs_usd", "tier_1")
        assert found.texts == ("base", "timeframe")

    def test_every_number_of_a_closed_bar_can_be_named(self):
        numbers = {name for name, meaning in COLUMNS.items() if meaning.kind is Kind.NUMBER}
        assert numbers == {*STORED_COLUMNS, *RAW_COLUMNS, *REGISTRY, "confluence_k"}
        assert {name for name in [*COLUMNS, *NOT_NAMED] if name[:5] == "tier_"} == {
            f"tier_{t:d}" for t in Tier
        }
        assert set(NOT_NAMED) <= {*ROW_COLUMNS, "tier_5", "tier_6"}
        assert not set(NOT_NAMED) & set(COLUMNS)

    def test_short_names_hide_no_column(self):
        assert set(ALIASES.values()) <= set(COLUMNS)
        assert not set(ALIASES) & {*COLUMNS, *ROW_COLUMNS}


class TestUnknown:
    """True, false or unknown: `z` is unknown, `funding` is not."""

    ROW = {"z_score": None, "funding": -0.001, "tier_1": None, "tier_2": 1.0, "volume": 0.0, "base": "BTC"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("funding < 0", True),
            ("funding > 0", False),
            ("z > 2", None),
            ("not z > 2", None),
            ("z != 2", None),
            ("z in (1, 2)", None),
            # Another condition decides it, and still it names what is not known.
            ("z > 2 or funding < 0", None),
            ("z > 2 and funding > 0", None),
            ("funding < 0 or tier_1", None),
            ("tier_2", True),
            ("not tier_2", False),
            ("z * 0 = 0", None),
            ("z - z = 0 or funding < 0", None),
            ('base = "ETH" and z > 2', None),
            ('base = "btc" and funding < 0', True),
            ('base != "btc" and funding < 0', False),
            ("1 / volume > 0", None),
            ("1 / (1 / volume) = 0", None),
            ("volume / volume = 1", None),
            ("(volume + 1) * 1e300 * 1e300 > 0", None),
            ("1 / ((volume + 1) * 1e300 * 1e300) = 0", None),
            ("volume = 0", True),
        ],
    )
    def test_answers(self, text, answer):
        assert rules.compile(text).of_row(self.ROW) is answer

    def test_a_number_that_is_not_there_is_unknown(self):
        assert rules.compile("rsi > 1").of_row(self.ROW) is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "position", "came", "allowed"),
        [
            ("z > ", 3, "the end", "a number"),
            ("", 0, "the end", "a column"),
            ("z > 2 and", 9, "the end", "not"),
            ("z > 2 z", 6, "z", "and, or, the end"),
            ("(z > 2", 6, "the end", ")"),
            ("z > 2)", 5, ")", "the end"),
            ("z > 2 and or", 10, "or", "a column"),
            ("2 < z < 3", 6, "<", "2 < z and z < 3"),
            ("z > 2 && rsi > 1", 6, "&&", "and"),
            ("z > 2; drop table rules", 5, ";", "and, or, the end"),
            ("z.__class__ > 2", 1, ".__class__", "> >= < <= = !="),
            ("z[0] > 2", 1, "[0]", "> >= < <= = !="),
            ("z > 2x", 4, "2x", "a number"),
            ("z > 1e999", 4, "1e999", "1e308"),
            ("oi_delta > 1e309%", 11, "1e309%", "1e308"),
            ("z > 1e99999999999B", 4, "1e99999999999B", "1e308"),
            ('base = "BTC', 7, '"BTC', "quote"),
            ("z", 0, "z_score", "a condition"),
            ("z + 1", 0, "z_score + 1", "a condition"),
            ("z and rsi > 1", 0, "z_score", "a condition"),
            ("not z", 4, "z_score", "a condition"),
            ("(z > 2) + 1 > 2", 1, "z_score > 2", "a number"),
            ("abs(z > 2) > 1", 4, "z_score > 2", "a number"),
            ("-base > 1", 1, "base", "a number"),
            ('z > "BTC"', 4, '"BTC"', "a number"),
            ("base = 2 and z > 1", 7, "2", "a text"),
            ('base > "B" and z > 1', 5, ">", "= or !="),
            ("tier_1 > 0", 0, "tier_1", "a number"),
            ("tier > 1", 5, ">", "tier = 2"),
            ("tier = 9", 7, "9", "tier = 2"),
            ("tier = 1.5", 7, "1.5", "tier = 2"),
            ("tier and z > 1", 0, "tier", "tier = 2"),
            ("tier + 1 > 2", 0, "tier", "tier = 2"),
            ('exchange = "binance" and z > 1', 11, '"binance"', '"binanceusdm"'),
            ('tf in ("5m", "7m") and z > 1', 13, '"7m"', '"15m"'),
            ("z_scor > 2", 0, "z_scor", "z_score (did you mean it?)"),
            ("z > 2 and fundng < 0", 10, "fundng", "funding (did you mean it?)"),
            ("base = BTC and z > 1", 7, "BTC", '"BTC"'),
            ("live_price > 2", 0, "live_price", "use close"),
            ("Market_Cap_USD > 2", 0, "Market_Cap_USD", "closed bar"),
            ("tier_5 and z > 1", 0, "tier_5", "after the rules"),
            ("1 < 2", 0, "1 < 2", "at least one column"),
            ('base = "BTC"', 0, 'base = "BTC"', "at least one column"),
            ("sum(z) > 1", 3, "(", "the only function"),
            ("__import__ > 1", 0, "__import__", "one of the columns"),
        ],
    )
    def test_place_what_came_and_what_is_allowed(self, text, position, came, allowed):
        error = refusal(text)
        assert (error.position, error.came) == (position, came)
        assert allowed in error.allowed
        assert f"at character {position + 1}" in str(error)

    def test_what_is_too_long_too_deep_or_too_much(self):
        assert rules.compile("z > 1".ljust(MAX_LENGTH))
        assert refusal("z > 1".ljust(MAX_LENGTH + 1)).position == MAX_LENGTH
        deep = MAX_DEPTH - 2
        assert rules.compile("not " * deep + "z > 1")
        assert "levels" in refusal("not " * (deep + 1) + "z > 1").allowed
        assert "levels" in refusal("-" * 1500 + "z > 1").allowed
        assert rules.compile("(" * 900 + "z" + ")" * 900 + "> 1")
        most = "not z > 1" + " or z > 1" * ((MAX_PARTS - 5) // 3)
        assert rules.compile(most)
        assert str(MAX_PARTS) in refusal(f"not {most}").allowed


class TestWindows:
    def test_what_a_column_is_made_of(self):
        assert reads("close", M5) == {"close": 1}
        assert reads("z_score", M5) == {"oi_contracts": 22}
        assert reads("cvd", M5) == {"volume": 289, "taker_buy": 289}
        assert reads("rsi", M5) == {"close": LOOKBACK}
        assert reads("confluence_k", M5) == RULES[Tier.CONFLUENCE].reads
        assert reads("tier_3", M5) == RULES[Tier.FLOW_AGREES].reads
        assert reads("base", M5) == {}

    def test_an_expression_needs_the_longest_of_each(self):
        found = rules.compile('oi_delta > 1 and z > 2 and close > 1 and base = "BTC"')
        assert found.reads(M5) == {"oi_contracts": 22, "close": 1}

    def test_columns_of_a_window(self):
        bars = clean_bars(np.random.default_rng(7), 3, 500, M5)
        bars = replace(bars, out=4)
        present = np.ones((3, 500), dtype=bool)
        derived = Derived(bars, np.zeros((3, 500), dtype=np.int64), present, bars.ts[:3] * 0, Thresholds())
        inputs = Inputs(bars, derived.metrics, derived.k, Thresholds())
        names = [name for name, meaning in COLUMNS.items() if meaning.kind in (Kind.NUMBER, Kind.CONDITION)]
        found = rules.columns(names, inputs, derived.flags)
        assert list(found) == names
        assert {array.shape for array in found.values()} == {(3, 4)}
        assert all(np.isfinite(array).all() for array in found.values())
        np.testing.assert_array_equal(found["close"], bars.columns["close"][:, -4:])
        np.testing.assert_array_equal(found["z_score"], derived.metrics["z_score"])
        np.testing.assert_array_equal(found["tier_4"], derived.flags[Tier.CROWDED_UNWIND])
        np.testing.assert_array_equal(found["confluence"] * 3, found["confluence_k"])
        without = rules.columns(["tier_4", "close"], inputs, {})
        assert np.isnan(without["tier_4"]).all()
        assert rules.compile("tier_4 or close > 0").evaluate(without, {}).shape == (3, 4)


def test_facts_are_what_the_grammar_reads():
    facts = rules.facts()
    assert [column["name"] for column in facts["columns"]] == list(COLUMNS)
    assert facts["suffixes"] == {"k": 1e3, "m": 1e6, "b": 1e9, "%": 0.01}
    rules.compile(facts["example"])
    for alias, name in facts["aliases"].items():
        if COLUMNS[name].kind is Kind.NUMBER:
            for sign in facts["comparisons"]:
                assert rules.compile(f"{alias} {sign} 1").normal == f"{name} {sign} 1"
    for sign in facts["arithmetic"]:
        rules.compile(f"z {sign} {facts['functions'][0]}(z) > 1")
    assert all(refusal(f"{word} > 1") for word in facts["words"])
