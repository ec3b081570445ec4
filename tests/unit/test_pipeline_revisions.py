"""What comes late: revisions, what was known first, marks, bars from history."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import orjson
import pytest

from futuresboard import quality
from futuresboard.model import Thresholds
from futuresboard.quality import OI_LIVE, STAMP_ASSUMED
from handmade_bars import M5, MIDNIGHT
from support_core import Recorder, differences, market, raw_bars, spiked, swinging

PRICES = ("open", "high", "low", "close")


def marks(row: dict) -> list[str]:
    return quality.names(row["quality"])


@pytest.fixture
def recorder(tmp_path):
    with closing(Recorder(tmp_path)) as recorder:
        yield recorder


class TestARevision:
    def test_it_is_marked_and_later_bars_are_derived_anew(self, recorder, tmp_path):
        series = spiked(40, [30])
        wrong = [dict(row) for row in series]
        wrong[25]["oi_contracts"] *= 1.01
        recorder.step(wrong[:25])
        recorder.one_by_one(wrong[25:])
        before = recorder.bars()
        now = series[-1]["ts"] + M5 + 30_000
        recorder.step([series[25]], now)
        after = recorder.bars()
        with closing(Recorder(tmp_path, name="right.db")) as right:
            right.step(series)
            for name in ("oi_contracts", "oi_delta_pct", "z_score", "z_raw", "confluence", "tiers", "cvd"):
                assert [row[name] for row in after] == [row[name] for row in right.bars()]
            assert [row["z_raw"] for row in after[25:]] != [row["z_raw"] for row in before[25:]]
        assert [i for i, row in enumerate(after) if "revised" in marks(row)] == list(range(25, 40))
        assert [i for i, row in enumerate(after) if row["marks"] & quality.REVISED] == [25]

    def test_what_was_seen_first_is_kept(self, recorder):
        series = swinging(10)
        recorder.one_by_one(series)
        old = recorder.bars()[4]
        now = series[-1]["ts"] + M5 + 20_000
        done = recorder.step([series[4] | {"oi_contracts": 600.0}], now)
        new = recorder.bars()[4]
        (kept,) = recorder.superseded()
        assert kept["oi_contracts"] == old["oi_contracts"]
        assert (kept["seen_ts"], kept["raw_seq"]) == (old["seen_ts"], old["raw_seq"])
        assert old["seen_ts"] == series[4]["ts"] + M5 + 10_000
        assert kept["until_seq"] == done.seq
        assert (new["oi_contracts"], new["seen_ts"], new["raw_seq"]) == (600.0, now, done.seq)

    def test_a_second_one_is_kept_beside_the_first(self, recorder):
        series = swinging(6)
        recorder.one_by_one(series)
        now = series[-1]["ts"] + M5 + 20_000
        recorder.step([series[5] | {"close": 10.5}], now)
        recorder.step([series[5] | {"close": 10.7}], now + 1)
        kept = [row["close"] for row in recorder.superseded() if row["series_id"] == 1]
        assert kept == [10.0, 10.5]
        assert recorder.bars()[5]["close"] == 10.7

    def test_a_value_that_was_unknown_at_the_close_is_one_too(self, recorder):
        series = swinging(5)
        recorder.one_by_one([*series[:4], series[4] | {"global_ls": None}])
        assert recorder.bars()[4]["global_ls"] is None
        recorder.step([series[4]], series[4]["ts"] + M5 + 90_000)
        row = recorder.bars()[4]
        assert row["global_ls"] == 1.0
        assert "revised" in marks(row)
        assert recorder.superseded()[0]["global_ls"] is None

    @pytest.mark.parametrize("column", ["oi_contracts", "global_ls", "taker_buy", "funding", "close"])
    def test_known_values_are_never_replaced_by_unknown(self, recorder, column):
        series = swinging(5)
        recorder.one_by_one(series)
        before = recorder.bars()
        recorder.step([series[3] | {column: None}], series[4]["ts"] + M5 + 20_000)
        assert recorder.bars() == before
        assert recorder.superseded() == []

    def test_no_alert_is_added_changed_or_withdrawn(self, recorder):
        series = spiked(40, [30])
        recorder.step(series[:30])
        recorder.one_by_one(series[30:33])
        alerts = recorder.query("SELECT * FROM alerts")
        assert [alert[:2] for alert in recorder.alerts()] == [(series[30]["ts"], "tier")]
        calm = swinging(33)
        now = series[32]["ts"] + M5 + 20_000
        recorder.step(calm[30:33], now)  # the spike never was
        assert not any(row["tiers"] for row in recorder.bars())
        recorder.step([series[31] | {"oi_contracts": 600.0}], now + 1)  # and was a bar later
        assert recorder.bars()[31]["tiers"] & 2
        assert recorder.query("SELECT * FROM alerts") == alerts

    def test_it_reaches_the_longer_timeframe(self, recorder):
        series = swinging(12)
        recorder.one_by_one(series)
        recorder.step([series[4] | {"volume": 150.0}], series[11]["ts"] + M5 + 20_000)
        windows = recorder.bars("15m")
        assert windows[1]["volume"] == 350.0
        assert [bool(row["marks"] & quality.REVISED) for row in windows] == [False, True, False, False]
        assert [len(marks(row)) and "revised" in marks(row) for row in windows] == [False, True, True, True]


class TestMarksAlone:
    """A verdict that proves an assumption changes marks, not values: no revision."""

    def test_what_was_seen_first_stays(self, recorder):
        series = swinging(4)
        now = series[3]["ts"] + M5 + 10_000
        for row in series:
            recorder.pipeline.step(
                raw_bars([(recorder.ids[0], row)], [STAMP_ASSUMED]), row["ts"] + M5 + 10_000
            )
        before = recorder.bars()
        assert all("stamp:assumed" in marks(row) for row in before)
        recorder.step(series, now + 60_000)
        after = recorder.bars()
        assert [marks(row) for row in after] == [["warming"]] * 4
        assert [row["seen_ts"] for row in after] == [row["seen_ts"] for row in before]
        assert [row["raw_seq"] for row in after] == [row["raw_seq"] for row in before]
        assert recorder.superseded() == []

    def test_a_live_level_replaced_by_the_published_one_is_a_revision(self, recorder):
        series = swinging(4)
        recorder.step(series[:3])
        live = raw_bars([(recorder.ids[0], series[3] | {"oi_contracts": 501.0})], [OI_LIVE])
        recorder.pipeline.step(live, series[3]["ts"] + M5 + 10_000)
        assert "oi:live" in marks(recorder.bars()[3])
        recorder.step([series[3]], series[3]["ts"] + M5 + 40_000)
        assert marks(recorder.bars()[3]) == ["revised", "warming"]
        assert recorder.bars()[3]["oi_contracts"] == series[3]["oi_contracts"]


LEVEL = {OI_LIVE: "oi_contracts", quality.LS_LATE: "global_ls"}


class TestStandIns:
    """What the exchange published, and what stood in for it until then, in either order."""

    def fed(self, recorder, *steps: tuple[dict, int]) -> dict:
        """The newest bar after 30 calm ones and these answers about it, each with its marks."""
        series = swinging(31)
        recorder.step(series[:30])
        for columns, mark in steps:
            row = {"ts": series[30]["ts"], **columns}
            recorder.pipeline.step(raw_bars([(recorder.ids[0], row)], [mark]), row["ts"] + 10 * M5)
        return recorder.bars()[30]

    @pytest.mark.parametrize("mark", list(LEVEL))
    def test_nothing_that_stands_in_replaces_it(self, recorder, mark):
        published = swinging(31)[30]
        row = self.fed(recorder, (published, 0), (published | {LEVEL[mark]: 77.0}, mark))
        assert row[LEVEL[mark]] == published[LEVEL[mark]]
        assert not row["marks"] & mark

    @pytest.mark.parametrize("mark", list(LEVEL))
    def test_it_replaces_what_stood_in(self, recorder, mark):
        published = swinging(31)[30]
        row = self.fed(recorder, (published | {LEVEL[mark]: 77.0}, mark), (published, 0))
        assert row[LEVEL[mark]] == published[LEVEL[mark]]
        assert not row["marks"] & mark

    @pytest.mark.parametrize("mark", list(LEVEL))
    def test_an_answer_about_something_else_leaves_it_marked(self, recorder, mark):
        published = swinging(31)[30]
        row = self.fed(recorder, (published, mark), ({"funding": 2e-4}, 0))
        assert (row["funding"], row[LEVEL[mark]]) == (2e-4, published[LEVEL[mark]])
        assert row["marks"] & mark

    def test_so_does_what_was_refused(self, recorder):
        series = swinging(31)
        recorder.step([*series[:30], series[30] | {"oi_contracts": -1.0}])
        recorder.step([{"ts": series[30]["ts"], "funding": 2e-4}], now=series[-1]["ts"] + 10 * M5)
        row = recorder.bars()[30]
        assert row["oi_contracts"] is None
        assert "guarded:oi_contracts" in marks(row)
        assert orjson.loads(row["guarded"]) == {"oi_contracts": -1.0}


class TestHistory:
    def test_a_warm_start_shows_no_mark_but_warming(self, recorder):
        series = swinging(130)
        recorder.step(series, series[-1]["ts"] + 50 * M5)
        shown = [marks(row) for row in recorder.bars()]
        assert shown == [["warming"]] * 100 + [[]] * 30

    def test_it_starts_no_alert_but_has_flags(self, recorder):
        series = spiked(40, [30])
        recorder.step(series, series[-1]["ts"] + 50 * M5)
        assert recorder.bars()[30]["tiers"] & 2
        assert recorder.alerts() == []

    @pytest.mark.parametrize(("delay", "starts"), [(10 * M5 // 5, True), (10 * M5 // 5 + 1, False)])
    def test_an_alert_starts_up_to_two_bars_after_the_close(self, recorder, delay, starts):
        series = spiked(31, [30])
        recorder.step(series[:30])
        recorder.step(series[30:], series[30]["ts"] + M5 + delay)
        assert bool(recorder.alerts()) is starts
        assert bool(recorder.bars()[30]["marks"] & quality.HISTORIC) is not starts

    def test_a_healed_gap_is_backfilled_and_later_bars_lose_their_gap(self, recorder, tmp_path):
        series = swinging(40)
        recorder.step(series[:20])
        recorder.one_by_one(series[26:])
        assert all("gap" in marks(row) for row in recorder.bars()[20:])
        assert recorder.bars()[20]["oi_delta_pct"] is None
        recorder.step(series[20:26], series[-1]["ts"] + M5 + 20_000)
        after = recorder.bars()
        assert [i for i, row in enumerate(after) if row["marks"] & quality.BACKFILLED] == list(range(20, 26))
        assert not any("gap" in marks(row) for row in after)
        assert all("backfilled" in marks(row) for row in after[20:])
        assert not any("backfilled" in marks(row) for row in after[:20])
        with closing(Recorder(tmp_path, name="whole.db")) as whole:
            whole.step(series)
            for name in ("oi_delta_pct", "z_score", "cvd"):
                assert [row[name] for row in after] == [row[name] for row in whole.bars()]

    def test_a_gap_is_never_bridged(self, recorder):
        series = swinging(60)
        del series[30]
        recorder.one_by_one(series[:2])
        recorder.step(series[2:])
        rows = {(row["ts"] - MIDNIGHT) // M5: row for row in recorder.bars()}
        assert rows[31]["oi_delta_pct"] is None
        assert rows[31]["ls_delta_pct"] is None
        assert rows[32]["oi_delta_pct"] is not None
        # The Z-score of bar 52 needs the changes of 32 to 52, the first that is known again.
        unknown = [slot for slot in range(22, 60) if slot in rows and rows[slot]["z_score"] is None]
        assert unknown == list(range(31, 52))
        assert [slot for slot, row in rows.items() if "gap" in marks(row)] == list(range(31, 52))
        assert rows[31]["cvd"] is None
        assert rows[59]["cvd"] is None


class TestPairsListedToday:
    def test_their_day_begins_with_their_listing(self, tmp_path):
        start = MIDNIGHT + 7 * M5
        pairs = [market("OLD"), market("NEW", listed_ts=start + 100_000)]
        with closing(Recorder(tmp_path, pairs=pairs)) as recorder:
            series = swinging(5, start=start, taker_buy=60.0)
            recorder.steps([(pair, row) for row in series for pair in (0, 1)])
            assert [row["cvd"] for row in recorder.bars(pair=0)] == [None] * 5
            assert [row["cvd"] for row in recorder.bars(pair=1)] == [20.0, 40.0, 60.0, 80.0, 100.0]


class TestGuards:
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("oi_contracts", 0.0),
            ("oi_contracts", -5.0),
            ("close", 0.0),
            ("global_ls", -1.0),
            ("volume", -1.0),
            ("taker_buy", 101.0),
            ("funding", 0.05),
            ("funding", -0.06),
            ("funding_interval_h", 0.0),
        ],
    )
    def test_the_unfit_value_is_unknown_and_its_raw_one_kept(self, recorder, column, value):
        series = swinging(3)
        recorder.step([*series[:2], series[2] | {column: value}])
        row = recorder.bars()[2]
        assert row[column] is None
        assert f"guarded:{column}" in marks(row)
        assert orjson.loads(row["guarded"]) == {column: value}
        assert recorder.bars()[1]["guarded"] is None

    def test_just_inside_is_fit(self, recorder):
        recorder.step(swinging(2, funding=0.0499999, taker_buy=100.0, oi_contracts=1e-12, oi_abs_usd=1e-11))
        row = recorder.bars()[1]
        assert (row["funding"], row["taker_buy"], row["oi_contracts"]) == (0.0499999, 100.0, 1e-12)
        assert [mark for mark in marks(row) if not mark.startswith("guarded:imbalance")] == ["warming"]

    def test_infinity_is_unknown(self, recorder):
        recorder.step(swinging(2, oi_contracts=float("inf")))
        row = recorder.bars()[1]
        assert row["oi_contracts"] is None
        assert "guarded:oi_contracts" in marks(row)

    def test_a_thousandfold_is_refused_until_the_true_one_comes(self, recorder):
        series = swinging(30)
        wrong = series[29] | {name: series[29][name] * 1000.0 for name in PRICES}
        recorder.one_by_one([*series[:29], wrong | {"oi_contracts": 500_000.0}])
        row = recorder.bars()[29]
        assert [row[name] for name in (*PRICES, "oi_contracts", "z_raw", "tiers")] == [None] * 6 + [0]
        assert {f"guarded:{name}" for name in (*PRICES, "oi_contracts")} <= set(marks(row))
        assert orjson.loads(row["guarded"])["oi_contracts"] == 500_000.0
        recorder.step([series[29]], series[29]["ts"] + M5 + 60_000)
        row = recorder.bars()[29]
        assert [row[name] for name in PRICES] == [series[29][name] for name in PRICES]
        assert "guarded:close" not in marks(row)

    @pytest.mark.parametrize(("references", "refused"), [({}, False), ({"BTC": 10.0}, True)])
    def test_a_price_that_leaves_the_reference_is_refused_sooner(self, recorder, references, refused):
        recorder.pipeline.use_reference_prices(references)
        series = swinging(30)
        recorder.step(series[:29])
        recorder.step([series[29] | {name: series[29][name] * 12.0 for name in PRICES}])
        assert (recorder.bars()[29]["close"] is None) is refused

    @pytest.mark.parametrize(("buy", "guarded"), [(75.0, True), (25.0, True), (74.9, False), (25.1, False)])
    def test_an_imbalance_from_50_on(self, recorder, buy, guarded):
        series = swinging(30, taker_buy=[60.0] * 29 + [buy])
        recorder.step(series)
        row = recorder.bars()[29]
        assert (row["imbalance"] is None) is guarded
        assert ("guarded:imbalance" in marks(row)) is guarded
        # The volumes are as they are: CVD counts them.
        assert row["cvd"] == pytest.approx(29 * 20.0 + 2 * buy - 100.0)
        if guarded:
            assert orjson.loads(row["guarded"]) == {"imbalance": 2 * buy - 100.0}

    def test_a_refusal_that_a_revision_undoes_is_told_no_longer(self, recorder):
        series = swinging(3, taker_buy=90.0, funding=[0.05, 1e-4, 1e-4])
        recorder.step(series)
        (long,) = recorder.bars("15m")
        assert orjson.loads(long["guarded"]) == {"imbalance": 80.0}
        # The first of the three keeps a mark of its own on the long one.
        recorder.step([row | {"taker_buy": 50.0} for row in series[1:]], series[-1]["ts"] + M5 + 60_000)
        (long,) = recorder.bars("15m")
        assert long["imbalance"] == pytest.approx(80.0 / 3.0)
        assert orjson.loads(long["guarded"] or "{}") == {}

    def test_a_guarded_imbalance_is_of_its_bar_alone(self, recorder):
        recorder.step(swinging(10, taker_buy=[50.0] * 5 + [99.0] + [50.0] * 4))
        assert [i for i, row in enumerate(recorder.bars()) if "guarded:imbalance" in marks(row)] == [5]

    def test_a_refused_level_marks_what_is_built_on_it(self, recorder):
        series = swinging(60)
        series[30]["oi_contracts"] = 0.0
        recorder.step(series)
        marked = [i for i, row in enumerate(recorder.bars()) if "guarded:oi_contracts" in marks(row)]
        assert marked == list(range(30, 52))
        assert [i for i in range(22, 60) if recorder.bars()[i]["z_score"] is None] == list(range(30, 52))

    def test_a_zero_that_comes_late_takes_nothing_away(self, recorder):
        series = swinging(3)
        recorder.one_by_one(series)
        recorder.step([series[1] | {"oi_contracts": 0.0}], series[2]["ts"] + M5 + 20_000)
        row = recorder.bars()[1]
        assert row["oi_contracts"] == series[1]["oi_contracts"]
        assert orjson.loads(row["guarded"]) == {"oi_contracts": 0.0}


class TestThresholds:
    def test_other_ones_judge_from_the_next_step_on(self, recorder):
        series = spiked(40, [30, 36])
        recorder.step(series[:30])
        recorder.one_by_one(series[30:32])
        stored = recorder.bars()
        recorder.pipeline.use(Thresholds(z=9.9, cooldown=1))
        recorder.one_by_one(series[32:])
        assert recorder.bars()[:32] == stored
        assert recorder.bars()[30]["tiers"] & 2
        assert not recorder.bars()[36]["tiers"] & 2
        assert [ts for ts, kind, tier in recorder.alerts() if tier == 1] == [series[30]["ts"]]


class TestRegistering:
    def test_a_timeframe_added_later_begins_empty(self, tmp_path):
        with closing(Recorder(tmp_path, timeframes=("5m",))) as recorder:
            recorder.step(swinging(6))
        with closing(Recorder(tmp_path, timeframes=("5m", "15m"))) as recorder:
            later = swinging(6, start=MIDNIGHT + 6 * M5)
            recorder.step(later)
            assert [row["ts"] for row in recorder.bars("15m")] == [later[0]["ts"], later[3]["ts"]]

    def test_the_run_without_a_hole_ends_where_a_bar_is_missing(self, recorder):
        series = swinging(10)
        pair = recorder.ids[0]
        memory = recorder.pipeline.memory
        assert (memory.oldest_ts(pair), memory.newest_ts(pair)) == (None, None)
        recorder.step([row for i, row in enumerate(series) if i != 6])
        assert (memory.oldest_ts(pair), memory.newest_ts(pair)) == (series[0]["ts"], series[9]["ts"])
        assert memory.unbroken_until(pair, series[2]["ts"]) == series[5]["ts"]
        assert memory.unbroken_until(pair, series[6]["ts"]) == series[6]["ts"]
        assert memory.unbroken_until(pair, series[7]["ts"]) == series[9]["ts"]

    def test_pairs_of_one_step_know_nothing_of_each_other(self, tmp_path):
        pairs = [market(name) for name in ("A", "B", "C")]
        series = {0: spiked(40, [30]), 1: swinging(25), 2: swinging(40)[10:]}
        with closing(Recorder(tmp_path, pairs=pairs)) as together:
            batch = [(pair, row) for pair, rows in series.items() for row in rows]
            together.steps(batch, MIDNIGHT + 100 * M5)
            dump = together.everything()
        for pair, rows in series.items():
            with closing(Recorder(tmp_path, pairs=pairs, name=f"{pair}.db")) as alone:
                alone.step(rows, MIDNIGHT + 100 * M5, pair=pair)
                mine = {key: row for key, row in dump.items() if key[0] == pair}
                assert differences(mine, alone.everything()) == []


class TestLevelsReadAnew:
    """The stamps turned out to mean something else: what was known was another bar's."""

    LEVEL = ("oi_contracts", "oi_abs_usd", "global_ls", "top_ls")

    def test_unknown_replaces_known_but_only_in_levels(self, recorder):
        series = swinging(6)
        recorder.one_by_one(series)
        nothing = series[5] | dict.fromkeys((*self.LEVEL, "close", "volume"))
        raw = raw_bars([(recorder.ids[0], nothing)])
        now = series[5]["ts"] + M5 + 60_000
        recorder.pipeline.step(replace(raw, reread=np.array([True])), now)
        row, window = recorder.bars()[5], recorder.bars("15m")[1]
        assert [row[name] for name in self.LEVEL] == [None] * 4
        assert [window[name] for name in self.LEVEL] == [None] * 4
        assert (row["close"], row["volume"]) == (10.0, 100.0)
        assert window["volume"] == 300.0
        assert row["oi_delta_pct"] is None
        assert "revised" in marks(row)
        assert "revised" in marks(window)
        assert {kept["oi_contracts"] for kept in recorder.superseded()} == {series[5]["oi_contracts"]}

    def test_elsewhere_it_does_not(self, recorder):
        series = swinging(6)
        recorder.one_by_one(series)
        before = recorder.everything()
        nothing = [row | dict.fromkeys(self.LEVEL) for row in series]
        raw = raw_bars([(recorder.ids[0], row) for row in nothing])
        recorder.pipeline.step(replace(raw, reread=np.zeros(6, dtype=bool)), series[5]["ts"] + 2 * M5)
        assert recorder.everything() == before


class TestBarsNobodyWatched:
    def test_one_that_closed_before_the_start_is_history_whatever_its_age(self, recorder):
        """It may be completed piece by piece, which is no revision; alerts go by its age alone."""
        series = spiked(31, [30])
        recorder.step(series[:30])
        raw = raw_bars([(recorder.ids[0], series[30] | {"top_ls": None})])
        now = series[30]["ts"] + M5 + 10_000
        recorder.pipeline.step(replace(raw, live=np.array([False])), now)
        assert recorder.alerts()
        raw = raw_bars([(recorder.ids[0], series[30])])
        recorder.pipeline.step(replace(raw, live=np.array([False])), now + 1_000)
        row = recorder.bars()[30]
        assert row["top_ls"] == 1.0
        assert "revised" not in marks(row)


class TestShownBeforeItIsFinalised:
    """Its levels take longer: the bar is there as far as it is known, and nothing is built on it."""

    SPIKE = 29
    """Closes a window of 15 minutes."""

    def show(self, recorder, row) -> None:
        part = row | dict.fromkeys(("global_ls", "top_ls")) | {"oi_contracts": row["oi_contracts"] * 1.2}
        raw = replace(raw_bars([(recorder.ids[0], part)]), final=np.array([False]))
        recorder.pipeline.step(raw, row["ts"] + M5 + 7_000)

    @pytest.mark.parametrize("restarted", [False, True])
    def test_finalised_it_is_as_if_it_had_never_been_shown(self, recorder, tmp_path, restarted):
        series = spiked(40, [self.SPIKE])
        with closing(Recorder(tmp_path, name="twin.db")) as twin:
            for one in (recorder, twin):
                one.one_by_one(series[: self.SPIKE])
            self.show(recorder, series[self.SPIKE])
            assert recorder.alerts() == []
            for timeframe in ("5m", "15m"):
                assert "partial" in marks(recorder.bars(timeframe)[-1])
            shown = recorder.bars()[-1]
            assert (shown["close"], shown["global_ls"]) == (series[self.SPIKE]["close"], None)
            if restarted:
                recorder.restart()
            for one in (recorder, twin):
                one.one_by_one(series[self.SPIKE :])
            assert twin.alerts()
            for timeframe in ("5m", "15m"):
                sides = [
                    {row["ts"]: row | {"raw_seq": None} for row in one.bars(timeframe)}
                    for one in (recorder, twin)
                ]
                assert differences(*sides) == []
                assert recorder.alerts(timeframe) == twin.alerts(timeframe)
        assert recorder.superseded() == []
        assert recorder.bars()[self.SPIKE]["seen_ts"] == series[self.SPIKE]["ts"] + M5 + 10_000

    def test_what_is_unknown_in_the_end_is_not_filled_with_what_was_shown(self, recorder):
        series = spiked(31, [30])
        recorder.one_by_one(series[:30])
        self.show(recorder, series[30])
        recorder.step([series[30] | {"oi_contracts": None}])
        assert recorder.bars()[30]["oi_contracts"] is None
        assert recorder.alerts() == []
