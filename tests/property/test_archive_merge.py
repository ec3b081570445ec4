"""Merging versions of bars, against a plain loop over a dictionary."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.archive import NONE, Block, digest, merge
from futuresboard.bars import RAW_COLUMNS
from futuresboard.quality import HISTORIC
from support_archive import JANUARY, STEP, make_block

FIRST = RAW_COLUMNS[0]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """One current version of some of six bars, historic or not, some with an unknown number."""
    slots = sorted(draw(st.sets(st.integers(0, 5))))
    block = make_block(slots, value=0.0)
    for at in range(len(slots)):
        block.raw_seq[at] = draw(st.integers(1, 4))
        block.marks[at] = draw(st.sampled_from([0, HISTORIC]))
        block.raw[0, at] = draw(st.sampled_from([1.0, 2.0, math.nan]))
    return block


def plain(old: Block, new: Block) -> list[tuple[int, int, int, tuple[float, ...]]]:
    """(slot, raw_seq, until_seq, raw) of the merged versions, by the words of `merge` alone."""
    bars: dict[int, list[tuple[int, int, bool, bool, list[float]]]] = {}
    for block, fresh in ((old, False), (new, True)):
        for at in range(len(block)):
            slot = int(block.ts[at] - JANUARY) // STEP
            seq, historic = int(block.raw_seq[at]), bool(block.marks[at] & HISTORIC)
            mine = bars.setdefault(slot, [])
            raw = block.raw[:, at].tolist()
            for one in mine:
                if one[0] == seq and historic:
                    raw = [b if math.isnan(a) else a for a, b in zip(raw, one[4], strict=True)]
            mine[:] = [one for one in mine if one[0] != seq]
            mine.append((seq, NONE, fresh, historic, raw))
    rows = []
    for slot, mine in sorted(bars.items()):
        kept: list[list[object]] = []
        for seq, _, fresh, historic, raw in sorted(mine, key=lambda one: one[0]):
            if kept and fresh and historic:
                before = kept[-1][2]
                assert isinstance(before, list)
                raw = [b if math.isnan(a) else a for a, b in zip(raw, before, strict=True)]
                if np.array_equal(raw, before, equal_nan=True):
                    continue
            if kept:
                kept[-1][1] = seq
            kept.append([seq, NONE, raw])
        rows += [(slot, seq, until, tuple(raw)) for seq, until, raw in kept]  # type: ignore[misc, arg-type]
    return rows  # type: ignore[return-value]


def seen(block: Block) -> list[tuple[int, int, int, tuple[float, ...]]]:
    """The same of a block."""
    return [
        (
            int(block.ts[at] - JANUARY) // STEP,
            int(block.raw_seq[at]),
            int(block.until_seq[at]),
            tuple(block.raw[:, at].tolist()),
        )
        for at in range(len(block))
    ]


@given(blocks(), blocks())
def test_merged_as_a_plain_loop_does(old, new):
    assert repr(seen(merge(old, new))) == repr(plain(old, new))


@given(blocks(), blocks())
def test_merged_twice_is_merged_once(old, new):
    once = merge(old, new)
    assert repr(seen(merge(once, new))) == repr(seen(once))


@given(blocks(), blocks())
def test_every_bar_has_one_current_version(old, new):
    current = merge(old, new).current()
    assert sorted(set(old.ts.tolist()) | set(new.ts.tolist())) == current.ts.tolist()


@given(blocks(), st.randoms(use_true_random=False))
def test_the_digest_knows_no_order_but_every_value(block, random):
    order = list(range(len(block)))
    random.shuffle(order)
    assert digest(block.take(np.array(order, dtype=np.int64))) == digest(block)
    if len(block):
        changed = block.take(np.arange(len(block)))
        changed.raw[3, random.randrange(len(block))] += 0.25
        assert digest(changed) != digest(block)
