"""Replay of a recorded week beside what live stored: every value of every bar, every alert.

`python tests/bench/prove_replay.py [--days 7 --pairs 200 --seed 20]`: days of simulated bars of so many
pairs on three exchanges go through `Pipeline.step` close by close, as live; then they are replayed
(`as=seen`) from an empty scratch database. Prints the table of `docs/replay.md`; exits 1 on a difference.
The times are of this run; a page is what `/api/replay` answers.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

import orjson
from bench_live import keep

from futuresboard.replay_engine import Replay
from futuresboard.replay_scope import Scope
from futuresboard.validation.simulated import EXCHANGES, simulate
from support_replay import cut_off, play, recorded, whole

FRAMES = 24
CUTS = 200


def seek(path: Path, scope: Scope) -> dict[str, float]:
    """What it costs to begin in the middle and to take pages from there, seconds and bytes."""
    middle = (scope.start + scope.end) // 2 // 900_000 * 900_000
    began = time.perf_counter()
    with closing(Replay(path, replace(scope, start=middle))) as replay:
        took = [time.perf_counter() - began]
        size = 0
        for _ in range(3):
            began = time.perf_counter()
            size = len(orjson.dumps(list(replay.frames(FRAMES))))
            took.append(time.perf_counter() - began)
    return {"seek_s": took[0], "page_s": median(took[1:]), "page_bytes": size, "frames": FRAMES}


def main() -> int:
    """Record, replay, compare; 1 on a difference."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        path = recorded(simulate(given.seed, given.pairs, given.days), Path(folder))
        recording = time.perf_counter() - began
        began = time.perf_counter()
        played = play(path, whole(path))
        replaying = time.perf_counter() - began
        one = replace(whole(path), symbols=("BTC/USDT:USDT",))
        costs = {"all": seek(path, whole(path)), "one coin": seek(path, one)}
        cuts = random.Random(given.seed).sample(range(one.start, one.end, 300_000), CUTS)
        changed = cut_off(path, one, cuts)
    check = played.check
    print(f"{given.days:g} days × {given.pairs} pairs × {len(EXCHANGES)} exchanges, seed {given.seed}")
    print(f"  frames {played.frames}, bars compared {check.bars}, values compared {check.values}")
    print(f"  values that differ: {check.different} {check.examples[:3] or ''}")
    print(
        f"  alerts {check.alerts}: missing {len(check.missing)}, extra {len(check.extra)}, "
        f"with other inputs or words {len(check.other)}"
    )
    print(f"  {one.symbols[0]} without its future, at {CUTS} random bars: {len(changed)} changed")
    print(f"  recorded in {recording:.0f} s, replayed in {replaying:.0f} s")
    print(f"  {1000 * replaying / max(1, played.frames):.0f} ms a frame")
    for name, cost in costs.items():
        print(
            f"  {name}: to begin in the middle {cost['seek_s']:.2f} s, a page of {FRAMES} frames "
            f"{cost['page_s']:.2f} s, {cost['page_bytes'] / 1e6:.2f} MB"
        )
    keep({"bench": "replay", "seconds": {"record": recording, "replay": replaying}, "costs": costs})
    return 0 if check.equal and check.alerts and not changed else 1


if __name__ == "__main__":
    sys.exit(main())
