"""`futuresboard import`: files of every kind become the bars they are of."""

from __future__ import annotations

import gzip
import math
from contextlib import closing

import pytest

from futuresboard import quality
from futuresboard.archive import Archive
from futuresboard.db import Store
from futuresboard.importing import IntoDatabase, Options, find, import_files
from support_archive import fingerprint
from support_core import make_settings
from support_imports import (
    BTC,
    CHANGE,
    DAY,
    FUNDING,
    JANUARY,
    KLINES,
    M5,
    METRICS,
    bars,
    column,
    funding_rows,
    kline_rows,
    metric_rows,
    oi,
    price,
    put,
    ratio,
    take,
    text_of,
)

DAY_BARS = 288


def klines(folder, day=0, *, header=KLINES, scale=1, name="BTCUSDT-5m-2026-01-0{}.zip", rows=None):
    start = JANUARY + day * DAY
    given = kline_rows(start, DAY_BARS, scale=scale) if rows is None else rows
    return put(folder / "in" / name.format(day + 1), text_of(header, given), checksum=True)


def metrics(folder, start=JANUARY, label="end", name="BTCUSDT-metrics-2026-01-01.zip", count=DAY_BARS):
    return put(folder / "in" / name, text_of(METRICS, metric_rows(start, count, label=label)))


@pytest.mark.parametrize("header", [KLINES, None])
@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize("ending", ["zip", "csv", "csv.gz"])
def test_klines_with_and_without_a_header_in_both_units(tmp_path, header, scale, ending):
    data = text_of(header, kline_rows(JANUARY, DAY_BARS, scale=scale))
    path = tmp_path / "in" / f"BTCUSDT-5m-2026-01-01.{ending}"
    put(path, gzip.compress(data) if ending == "csv.gz" else data)
    report = take(tmp_path, path)
    assert (report.added, report.written) == (DAY_BARS, 1)
    block = bars(tmp_path)
    assert block.ts.tolist() == [JANUARY + i * M5 for i in range(DAY_BARS)]
    assert column(block, "open") == [price(int(ts)) for ts in block.ts]
    assert column(block, "close") == [price(int(ts) + M5) for ts in block.ts]
    assert set(column(block, "taker_buy")) == {6.25}
    assert set(column(block, "quote_volume")) == {1250.0}
    assert (block.marks & quality.BACKFILLED != 0).all()
    assert (block.marks & quality.HISTORIC != 0).all()


@pytest.mark.parametrize("label", ["end", "start"])
def test_metrics_labels_are_decided_by_their_own_prices(tmp_path, label):
    report = take(tmp_path, klines(tmp_path), metrics(tmp_path, label=label))
    assert "by their own prices" in report.verdicts[0]
    block = bars(tmp_path)
    known = [i for i, value in enumerate(column(block, "oi_contracts")) if not math.isnan(value)]
    assert len(known) >= DAY_BARS - 1
    for name, truth in (("oi_contracts", oi), ("global_ls", ratio)):
        values = column(block, name)
        assert [values[i] for i in known] == [truth(int(block.ts[i]) + M5) for i in known]
    assert not (block.marks & quality.STAMP_ASSUMED).any()


@pytest.mark.parametrize(("start", "label"), [(CHANGE - 2 * DAY, "end"), (CHANGE + 2 * DAY, "start")])
def test_without_prices_the_date_decides_and_is_marked(tmp_path, start, label):
    report = take(tmp_path, metrics(tmp_path, start, label))
    assert "by the date" in report.verdicts[0]
    block = bars(tmp_path)
    assert column(block, "oi_contracts") == [oi(int(ts) + M5) for ts in block.ts]
    assert (block.marks & quality.STAMP_ASSUMED != 0).all()


def test_the_day_of_the_change_holds_its_midnight_twice(tmp_path):
    before = metric_rows(CHANGE - M5 * 60, 60, label="end")
    after = metric_rows(CHANGE, 60, label="start")
    assert before[-1][0] == after[0][0]
    path = put(tmp_path / "in" / "BTCUSDT-metrics-2026-06-25.zip", text_of(METRICS, before + after))
    candles = text_of(KLINES, kline_rows(CHANGE - M5 * 62, 130))
    report = take(tmp_path, path, put(tmp_path / "in" / "BTCUSDT-5m-2026-06.zip", candles))
    assert [("moment" in line, "own prices" in line) for line in report.verdicts] == [
        (True, True),
        (False, True),
    ]
    block = bars(tmp_path)
    values = dict(zip(block.ts.tolist(), column(block, "oi_contracts"), strict=True))
    for i in range(-60, 60):
        assert values[CHANGE + i * M5] == oi(CHANGE + (i + 1) * M5)


def funding(folder, count):
    path = folder / "in" / "BTCUSDT-fundingRate-2026-01.zip"
    return put(path, text_of(FUNDING, funding_rows(JANUARY, count)))


def test_the_rate_settled_last_stands_at_each_close(tmp_path):
    take(tmp_path, klines(tmp_path), funding(tmp_path, 4))
    block = bars(tmp_path)
    assert set(column(block, "funding_interval_h")) == {8.0}
    for ts, rate in zip(block.ts.tolist(), column(block, "funding"), strict=True):
        settled = (ts + M5 - JANUARY) // (8 * 3_600_000)
        assert rate == pytest.approx(0.0001 * (settled + 1), abs=1e-15)


def test_at_the_end_of_its_interval_a_rate_is_unknown(tmp_path):
    take(tmp_path, klines(tmp_path), funding(tmp_path, 3))
    known = [not math.isnan(rate) for rate in column(bars(tmp_path), "funding")]
    assert known == [True] * (DAY_BARS - 1) + [False]


def test_funding_alone_makes_bars_that_later_files_complete(tmp_path):
    path = funding(tmp_path, 3)
    assert take(tmp_path, path).added == DAY_BARS
    report = take(tmp_path, klines(tmp_path))
    assert (report.added, report.completed) == (1, DAY_BARS - 1)
    together = tmp_path / "together"
    take(together, klines(tmp_path), path)
    # The first settlement stands at the close of the year's last bar, which klines do not hold.
    last_year = Archive(tmp_path / "archive").series("binanceusdm", "5m", "2025-12", [BTC])[BTC]
    assert last_year.ts.tolist() == [JANUARY - M5]
    one, other = (bars(folder, month="2026-01") for folder in (tmp_path, together))
    assert one.raw.tobytes() == other.raw.tobytes()


def test_the_order_and_number_of_runs_make_no_difference(tmp_path):
    files = [klines(tmp_path), klines(tmp_path, 1), metrics(tmp_path)]
    take(tmp_path / "at once", *files)
    for path in (files[1], files[0], files[2], files[0]):
        take(tmp_path / "one by one", path)
    once, each = bars(tmp_path / "at once"), bars(tmp_path / "one by one")
    assert once.ts.tolist() == each.ts.tolist()
    assert once.raw.tobytes() == each.raw.tobytes()


def test_a_second_run_changes_nothing_and_says_so(tmp_path):
    files = [klines(tmp_path), metrics(tmp_path)]
    take(tmp_path, *files)
    before = fingerprint(tmp_path / "archive")
    report = take(tmp_path, *files)
    assert (report.added, report.completed, report.replaced, report.written) == (0, 0, 0, 0)
    assert report.same >= DAY_BARS
    assert fingerprint(tmp_path / "archive") == before


def test_daily_and_monthly_files_that_overlap_are_kept_once(tmp_path):
    month = klines(tmp_path, name="BTCUSDT-5m-2026-01.zip", rows=kline_rows(JANUARY, 2 * DAY_BARS))
    report = take(tmp_path, month, klines(tmp_path), klines(tmp_path, 1))
    assert (report.added, report.repeated) == (2 * DAY_BARS, 2 * DAY_BARS)


def test_a_gap_stays_a_gap(tmp_path):
    rows = kline_rows(JANUARY, DAY_BARS)
    take(tmp_path, klines(tmp_path, rows=rows[:100] + rows[120:]))
    block = bars(tmp_path)
    assert len(block) == DAY_BARS - 20
    assert JANUARY + 110 * M5 not in block.ts


def test_every_file_of_a_folder_is_taken(tmp_path):
    klines(tmp_path), klines(tmp_path, 1)
    (tmp_path / "in" / "notes.txt").write_text("not a table")
    assert take(tmp_path, tmp_path / "in").added == 2 * DAY_BARS


def test_unfit_numbers_are_unknown_and_kept_aside(tmp_path):
    rows = metric_rows(JANUARY, DAY_BARS)
    rows[7][2] = "0"
    rows[8][6] = "-1.5"
    rows[9][6] = "inf"
    rows[10][6] = "NaN"
    rows[11][2:] = [""] * 6
    path = put(tmp_path / "in" / "BTCUSDT-metrics-2026-01-01.zip", text_of(METRICS, rows))
    report = take(tmp_path, path)
    assert (report.unfit, report.blank) == (3, 1)
    block = bars(tmp_path)
    assert math.isnan(column(block, "oi_contracts")[7])
    assert block.guarded[7] == '{"oi_contracts":0.0}'
    assert block.marks[7] & quality.GUARDED["oi_contracts"]
    assert math.isnan(column(block, "global_ls")[8])
    assert block.guarded[8] == '{"global_ls":-1.5}'
    assert math.isnan(column(block, "global_ls")[10])
    assert block.guarded[10] is None


def test_own_tables_with_many_series(tmp_path):
    lines = ["exchange,symbol,ts,open,high,low,close,volume,oi_contracts,oi_abs_usd"]
    for symbol, unit in (("BTC/USDT:USDT", 1.0), ("ETHUSDT", 2.0)):
        lines += [
            f"okx,{symbol},{JANUARY + i * 900_000},{unit},{unit},{unit},{unit},5,10,{10 * unit}"
            for i in range(9)
        ]
    path = put(tmp_path / "in" / "mine.csv", "\n".join(lines).encode())
    report = take(tmp_path, path)
    assert [(name.symbol, name.timeframe) for name in report.series] == [
        ("BTC/USDT:USDT", "15m"),
        ("ETH/USDT:USDT", "15m"),
    ]
    assert column(bars(tmp_path, "ETH/USDT:USDT", "15m", "okx"), "oi_abs_usd") == [20.0] * 9


def test_foreign_headers_by_the_users_own_words(tmp_path):
    rows = "\n".join(f"{JANUARY // 1000 + i * 300};1.5;2.5".replace(";", ",") for i in range(5))
    path = put(tmp_path / "in" / "x.csv", f"When,Last price USD,Lots\n{rows}".encode())
    given = {"ts": "When", "close": "Last price USD", "volume": "Lots", "open": "Last price USD"}
    take(tmp_path, path, columns=given, symbol=BTC, exchanges=("okx",))
    block = bars(tmp_path, exchange="okx")
    assert column(block, "close") == [1.5] * 5
    assert column(block, "volume") == [2.5] * 5
    assert block.ts[0] == JANUARY


def test_times_with_an_offset_are_turned_into_utc(tmp_path):
    rows = "\n".join(f"2026-01-01 0{5 + i // 12}:{i % 12 * 5:02d}:00+05:00,1,1,1,1,1" for i in range(24))
    path = put(tmp_path / "in" / "okx_BTCUSDT.csv", f"date,open,high,low,close,volume\n{rows}".encode())
    take(tmp_path, path)
    assert bars(tmp_path, exchange="okx").ts.tolist() == [JANUARY + i * M5 for i in range(24)]


def test_irregular_levels_speak_for_the_next_close_while_they_are_fresh(tmp_path):
    moments = [JANUARY + 10_000, JANUARY + 3_600_000 * 4 + 10_000]
    rows = "\n".join(f"{ts},BTCUSDT,1.{i},{i + 7}" for i, ts in enumerate(moments))
    header = "timestamp,symbol,long_short_ratio,open_interest"
    path = put(tmp_path / "in" / "okx.csv", f"{header}\n{rows}".encode())
    take(tmp_path, path, timeframe="1h")
    block = bars(tmp_path, timeframe="1h", exchange="okx")
    assert [int(ts - JANUARY) // 3_600_000 for ts in block.ts] == [0, 1, 4, 5]
    assert column(block, "global_ls") == [1.0, 1.0, 1.1, 1.1]
    assert [None if math.isnan(x) else x for x in column(block, "oi_contracts")] == [7.0, None, 8.0, None]


@pytest.mark.parametrize(("prefer", "closed"), [("old", price(JANUARY + M5)), ("new", 99.0)])
def test_which_of_two_values_is_right_can_be_said(tmp_path, prefer, closed):
    take(tmp_path, klines(tmp_path))
    rows = kline_rows(JANUARY, DAY_BARS)
    rows[0][4] = "99.0"
    rows[0][3] = "98.0"
    report = take(tmp_path, klines(tmp_path, rows=rows), prefer=prefer)
    assert column(bars(tmp_path), "close")[0] == closed
    assert report.replaced == (1 if prefer == "new" else 0)


def test_the_multiplier_is_kept_with_the_pair(tmp_path):
    klines(tmp_path, name="1000PEPEUSDT-5m-2026-01-0{}.zip")
    take(tmp_path, tmp_path / "in")
    [pair] = Archive(tmp_path / "archive").pairs()
    assert (pair.symbol, pair.base, pair.multiplier) == ("1000PEPE/USDT:USDT", "PEPE", 1000.0)


def into_database(folder, *paths, **options):
    settings = make_settings(folder, ARCHIVE_DIR="archive")
    with closing(IntoDatabase(settings)) as target:
        return import_files(find(paths), Options(**options), target)


def test_into_the_database_through_the_pipeline(tmp_path):
    files = [klines(tmp_path), klines(tmp_path, 1), metrics(tmp_path, count=2 * DAY_BARS)]
    report = into_database(tmp_path, *files)
    assert report.added == 2 * DAY_BARS
    with closing(Store(tmp_path / "test.db", simulated=True)) as store:
        pair = store.pair("binanceusdm", BTC)
        for timeframe, bars_stored in (("5m", 2 * DAY_BARS), ("15m", 2 * DAY_BARS // 3)):
            number = store.series_id(pair.id, timeframe)
            with store.transaction() as db:
                rows = db.execute(
                    "SELECT close, z_score, quality FROM bars WHERE series_id = ? ORDER BY ts", (number,)
                ).fetchall()
            assert len(rows) == bars_stored
            assert rows[-2][1] is not None
            assert all(row[2] & quality.BACKFILLED for row in rows)
        with store.transaction() as db:
            assert db.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
    again = into_database(tmp_path, *files)
    assert (again.added, again.completed, again.replaced, again.written) == (0, 0, 0, 0)


def test_the_database_and_the_archive_get_the_same_raw_bars(tmp_path):
    files = [klines(tmp_path), metrics(tmp_path)]
    take(tmp_path, *files)
    into_database(tmp_path, *files)
    block = bars(tmp_path)
    with closing(Store(tmp_path / "test.db", simulated=True)) as store, store.transaction() as db:
        rows = db.execute(
            "SELECT ts, close, oi_contracts, global_ls FROM bars WHERE series_id = 1 ORDER BY ts"
        )
        found = rows.fetchall()
    assert [row[0] for row in found] == block.ts.tolist()
    for at, name in enumerate(("close", "oi_contracts", "global_ls"), 1):
        expected = [None if math.isnan(value) else value for value in column(block, name)]
        assert [row[at] for row in found] == expected
