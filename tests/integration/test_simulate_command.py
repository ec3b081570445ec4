"""`futuresboard simulate` and `sweep` over files, as their user calls them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

import reference_trades
from futuresboard.cli import main
from futuresboard.compute.history import history_of_files
from futuresboard.errors import FileError
from futuresboard.run_store import RunStore
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from random_bars import columns

M5 = 300_000
START = 20_000 * 86_400_000
NAMES = ("open", "high", "low", "close", "volume", "oi_contracts", "funding", "funding_interval_h")


def write_bars(path, seed, *, count=600, start=START, skip=()):
    made = columns(np.random.default_rng(seed), count)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ts", *NAMES])
        for i in range(count):
            if i not in skip:
                writer.writerow([start + i * M5, *(repr(float(made[name][i])) for name in NAMES)])
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    monkeypatch.setenv("ARCHIVE_DIR", str(tmp_path / "archive"))
    return tmp_path


@pytest.fixture
def files(place):
    return [
        str(write_bars(place / "aaa.csv", 1, skip=range(200, 203))),
        str(write_bars(place / "bbb.csv", 2, start=START + 50 * M5)),
    ]


def call(capsys, *arguments):
    code = main(list(map(str, arguments)))
    told = capsys.readouterr()
    return code, told.out, told.err


class TestSimulate:
    def test_every_trade_is_the_one_of_plain_loops(self, place, files, capsys):
        log = place / "log.jsonl"
        asked = (
            "--rule",
            "oi_delta_pct > 0.1",
            "--hold",
            9,
            "--tp",
            0.6,
            "--sl",
            0.4,
            "--direction",
            "short",
        )
        code, out, _ = call(capsys, "simulate", *files, *asked, "--log", log)
        assert code == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        wanted = []
        for path in files:
            with Path(path).open(newline="") as file:
                rows = {int(row["ts"]): {n: float(row[n]) for n in NAMES} for row in csv.DictReader(file)}
            for row in rows.values():
                if not abs(row["funding"]) < 0.05:
                    row["funding"] = None
            first = min(rows)
            bars = [rows.get(ts) for ts in range(first, max(rows) + M5, M5)]
            signals, last = [], None
            known = [
                None
                if now is None or before is None
                else (now["oi_contracts"] - before["oi_contracts"]) / before["oi_contracts"] * 100 > 0.1
                for before, now in zip([None, *bars[:-1]], bars, strict=True)
            ]
            for i in range(1, len(bars)):
                if known[i] and known[i - 1] is False and (last is None or i - last >= 12):
                    signals.append((i, -1))
                    last = i
            rule = {"hold": 9, "tp": 0.006, "sl": 0.004}
            found = reference_trades.acted(bars, signals, M5, first, (0.0005, 0.0001), **rule)
            name = path.rsplit("/", 1)[1].removesuffix(".csv")
            wanted += [(name, first + one["first"] * M5, one["net"]) for one in found if "net" in one]
        got = [(line["symbol"], line["entry_ts"], line["net"]) for line in lines]
        assert len(got) > 20
        assert [one[:2] for one in sorted(got)] == [one[:2] for one in sorted(wanted)]
        for mine, theirs in zip(sorted(got), sorted(wanted), strict=True):
            assert math.isclose(mine[2], theirs[2], abs_tol=1e-12)
        assert f"trades          {len(got)} in" in out

    def test_as_json_it_is_the_document_of_a_run(self, files, capsys):
        code, out, _ = call(capsys, "simulate", *files, "--tier", 1, "--hold", 6, "--no-funding", "--json")
        assert code == 0
        document = json.loads(out)
        settings = SimulationSettings(tier=1, hold=6, funding=False)
        run = simulate(history_of_files(list(map(Path, files)), "5m"), settings)
        assert document["id"] == run.id
        assert document["trade_count"] == len(run.trades)
        assert document["data"]["kind"] == "file"

    def test_what_was_tried_is_counted(self, place, files, capsys):
        for hold in (6, 7, 7):
            _, out, _ = call(
                capsys, "simulate", *files, "--tier", 1, "--hold", hold, "--no-funding", "--json"
            )
        assert len(RunStore(place / "none.db").trials(START, START)) == 2
        assert json.loads(out)["statistics"]["deflation"]["tried"] == 2

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_logs_and_report(self, place, files, capsys, ending):
        log, page = place / f"log.{ending}", place / "page.html"
        asked = ("--tier", 1, "--hold", 6, "--log", log, "--report", page)
        assert call(capsys, "simulate", *files, *asked)[0] == 0
        assert log.stat().st_size > 100
        assert "<html" in page.read_text().lower()
        assert [one.name for one in place.iterdir() if one.name.endswith(".part")] == []


class TestSweep:
    def test_each_line_is_the_run_of_its_settings(self, files, capsys):
        lists = ("--hold", "6,12", "--sl", "none,0.4", "--direction", "long,fade", "--threshold", "z=1,2")
        code, out, _ = call(capsys, "sweep", *files, "--tier", 1, "--no-funding", *lists, "--json")
        assert code == 0
        answer = json.loads(out)
        assert answer["configurations"] == len(answer["results"]) == 16
        assert answer["best"]["statistics"]["deflation"]["tried"] == 16
        for row in answer["results"]:
            settings = SimulationSettings.of(row["settings"])
            paths = list(map(Path, files))
            run = simulate(history_of_files(paths, "5m"), settings)
            assert (row["n"], row["expectancy"]) == (run.tally.n, run.tally.expectancy)

    def test_for_people_the_best_come_first(self, files, capsys):
        asked = ("--tier", 1, "--no-funding", "--hold", "3,6,12", "--top", 2, "--threshold", "z=1")
        code, out, _ = call(capsys, "sweep", *files, *asked)
        assert code == 0
        lines = out.splitlines()
        assert lines[0].startswith("3 configurations over 2 pairs × 650 bars")
        assert len([line for line in lines if " a trade" in line and line.startswith("  ")]) == 2

    def test_a_walk_forward_judges_each_choice_by_what_came_after(self, files, capsys):
        asked = (
            "--rule",
            "rsi < 45 or rsi > 55",
            "--flags",
            "--no-funding",
            "--hold",
            "1,2,3",
            "--walk-forward",
            2,
        )
        code, out, _ = call(capsys, "sweep", *files, *asked, "--json")
        assert code == 0
        answer = json.loads(out)
        history = history_of_files([Path(file) for file in files], "5m")
        edges = [history.first + (650 - history.first) * i // 3 for i in range(4)]
        tried = {row["hash"]: SimulationSettings.of(row["settings"]) for row in answer["results"]}
        trades = [simulate(history, one).trades for one in sorted(tried.values(), key=lambda one: one.hold)]
        assert len(answer["walk_forward"]["folds"]) == 2
        for fold, begin, end in zip(answer["walk_forward"]["folds"], edges[1:], edges[2:], strict=False):
            mine = trades[fold["chosen"]]
            inside = [
                net
                for at, left, net in zip(mine.entry_slot, mine.exit_slot, mine.net, strict=True)
                if left < begin
            ]
            after = [net for at, net in zip(mine.entry_slot, mine.net, strict=True) if begin <= at < end]
            assert fold["in_sample"]["n"] == len(inside) >= 30
            assert fold["out_of_sample"]["expectancy"] == pytest.approx(sum(after) / len(after))
        code, out, _ = call(capsys, "sweep", *files, *asked)
        assert "walk forward  " in out


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--tier", 1), "hold: got None, allowed"),
            (("--tier", 9, "--hold", 6), "tier: got 9, allowed: 1, 2, 3, 4, 5, 6"),
            (("--rule", "z >", "--hold", 6), "expression: got"),
            (("--tier", 1, "--hold", 6, "--log", "log.txt"), "log.txt: got .txt, allowed: .jsonl"),
            (("--tier", 1, "--hold", 6, "--symbols", "X"), "--symbols choose stored bars"),
            (("--tier", 1, "--hold", 6, "--sl", 100), "stop_loss: got 1.0, allowed"),
        ],
    )
    def test_what_is_wrong_is_said(self, files, capsys, arguments, told):
        code, out, err = call(capsys, "simulate", *files, *arguments)
        assert (code, out) == (1, "")
        assert told in err

    def test_usage(self, files, capsys):
        for wrong in (
            ("--hold", 6),
            ("--tier", 1, "--obv-rsi"),
            ("--tier", 1, "--tp", "x"),
            ("--tier", 1, "--hold", 0),
        ):
            with pytest.raises(SystemExit) as left:
                call(capsys, "simulate", *files, *wrong)
            assert left.value.code == 2
        with pytest.raises(SystemExit):
            call(capsys, "sweep", *files, "--tier", 1, "--hold", 6, "--threshold", "zz=1")
        assert "allowed: NAME=NUMBER" in capsys.readouterr().err

    def test_files_that_do_not_fit(self, place, files):
        paths = [place / "aaa.csv"]
        with pytest.raises(FileError, match="two files of this name"):
            history_of_files([*paths, *paths], "5m")
        with pytest.raises(FileError, match="allowed: open times of 1h bars"):
            history_of_files(paths, "1h")
        far = write_bars(place / "far.csv", 3, count=5, start=START + 10**8 * M5 // 4)
        with pytest.raises(FileError, match="bars × 2 pairs"):
            history_of_files([*paths, far], "5m")
        empty = place / "empty.csv"
        empty.write_text("ts,open,close\n")
        with pytest.raises(FileError, match="no rows"):
            history_of_files([empty], "5m")

    def test_a_log_that_cannot_be_written(self, place, files, capsys):
        code, _, err = call(
            capsys, "simulate", *files, "--tier", 1, "--hold", 6, "--log", place / "no" / "log.csv"
        )
        assert code == 1
        assert "log.csv: No such file or directory" in err
