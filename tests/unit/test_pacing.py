"""Budgets and slots: the law is that no window of the exchange's ever sees too much."""

from __future__ import annotations

import asyncio
import itertools
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.exchanges.gate import Gate
from futuresboard.exchanges.pacing import Bucket
from virtual_clock import VirtualClock


@dataclass
class Job:
    """One request of a simulated run."""

    start: float
    bucket: int
    cost: float
    latency: float
    arrives: float
    background: bool
    sent: float = math.nan
    order: int = -1


@dataclass
class Run:
    jobs: list[Job]
    clock: VirtualClock
    gate: Gate
    buckets: list[Bucket]
    asked: list[Job] = field(default_factory=list)

    async def job(self, job: Job, counter: itertools.count[int]) -> None:
        await self.clock.sleep(job.start)
        self.asked.append(job)
        bucket = self.buckets[job.bucket]
        await self.gate.enter(bucket, job.cost, background=job.background)
        job.sent, job.order = self.clock.monotonic(), next(counter)
        await self.clock.sleep(job.latency)
        self.gate.leave(bucket, job.cost)

    async def all(self) -> None:
        counter = itertools.count()
        await asyncio.gather(*(self.job(job, counter) for job in self.jobs))
        await self.gate.close()


def simulate(jobs: list[Job], limits: list[tuple[float, float]], concurrency: int) -> Run:
    async def main() -> Run:
        clock = VirtualClock()
        buckets = [Bucket(f"b{index}", *limit) for index, limit in enumerate(limits)]
        run = Run(jobs, clock, Gate(concurrency, clock), buckets)
        await clock.run(run.all())
        return run

    return asyncio.run(main())


def fullest_window(arrivals: list[tuple[float, float]], window: float) -> float:
    """Largest cost in any (t - window, t] of the server's."""
    return max(
        (sum(cost for at, cost in arrivals if last - window < at <= last) for last, _ in arrivals),
        default=0.0,
    )


jobs_strategy = st.lists(
    st.builds(
        Job,
        start=st.floats(0, 12),
        bucket=st.integers(0, 1),
        cost=st.sampled_from([1.0, 1.0, 2.0, 5.0]),
        latency=st.floats(0.001, 1.5),
        arrives=st.floats(0, 1),
        background=st.booleans(),
    ),
    max_size=60,
)


@given(jobs_strategy, st.integers(1, 8))
def test_no_window_of_the_server_sees_more_than_nine_tenths(jobs: list[Job], concurrency: int) -> None:
    limits = [(10.0, 2.0), (20.0, 5.0)]
    run = simulate(jobs, limits, concurrency)
    for index, (limit, window) in enumerate(limits):
        arrivals = [
            (job.sent + job.arrives * job.latency, job.cost) for job in run.jobs if job.bucket == index
        ]
        assert fullest_window(arrivals, window) <= 0.9 * limit
    assert run.gate.peak_in_flight <= concurrency
    assert run.gate.in_flight == 0


@given(jobs_strategy, st.integers(1, 8))
def test_everyone_is_served_in_order_of_arrival_within_bucket_and_priority(
    jobs: list[Job], concurrency: int
) -> None:
    run = simulate(jobs, [(10.0, 2.0), (20.0, 5.0)], concurrency)
    assert all(job.order >= 0 for job in jobs)
    for bucket, background in itertools.product((0, 1), (False, True)):
        orders = [job.order for job in run.asked if (job.bucket, job.background) == (bucket, background)]
        assert orders == sorted(orders)


@given(st.integers(1, 120))
def test_waiting_needs_no_polling(count: int) -> None:
    jobs = [Job(0.0, 0, 1.0, 0.01, 0.5, background=False) for _ in range(count)]
    run = simulate(jobs, [(10.0, 2.0)], 8)
    # Two sleeps are each job's own; the gate's are at most one or two for each time a request leaves
    # the window.
    assert run.clock.sleeps - 2 * count <= 2 * count + 2


def test_full_speed_is_reached() -> None:
    jobs = [Job(0.0, 0, 1.0, 0.08, 0.5, background=False) for _ in range(360)]
    simulate(jobs, [(40.0, 2.0)], 8)
    # 36 of 40 fit in 2 s and a latency, and eight at a time need five latencies for them: the ten
    # batches are nine windows apart.
    assert max(job.sent for job in jobs) - min(job.sent for job in jobs) <= 9 * (2.0 + 0.08) + 0.4


def test_the_cycle_goes_before_background_work() -> None:
    early = [Job(0.0, 0, 1.0, 0.05, 0.5, background=True) for _ in range(30)]
    late = [Job(0.1, 0, 1.0, 0.05, 0.5, background=False) for _ in range(5)]
    run = simulate([*early, *late], [(10.0, 2.0)], 2)
    waiting = [job for job in early if job.sent > late[0].start + 1000.2]
    assert waiting, "the test needs background work that was still waiting"
    assert max(job.sent for job in late) <= min(job.sent for job in waiting)
    assert run.gate.peak_in_flight <= 2


def test_background_work_cannot_starve_an_expensive_request() -> None:
    cheap = [Job(0.0, 0, 1.0, 0.05, 0.5, background=True) for _ in range(60)]
    dear = Job(0.5, 0, 9.0, 0.05, 0.5, background=False)
    simulate([*cheap, dear], [(10.0, 2.0)], 4)
    # All that was used before it must leave the window first, and nothing new may enter meanwhile.
    assert dear.sent <= 1000.5 + 2.0 + 0.2


def test_background_work_leaves_the_reserve_free() -> None:
    clock = VirtualClock()
    bucket = Bucket("data", 1000, 300)
    bucket.reserve = 600
    for _ in range(300):
        assert bucket.ready_in(clock.now, background=True) == 0.0
        bucket.take(clock.now, background=True)
        bucket.settle(clock.now)
    assert bucket.ready_in(clock.now, background=True) == pytest.approx(300)
    assert bucket.ready_in(clock.now) == 0.0


def test_a_reserve_beyond_the_budget_still_lets_background_work_trickle() -> None:
    bucket = Bucket("data", 1000, 300)
    bucket.reserve = 5000
    assert bucket.ready_in(0.0, background=True) == 0.0


def test_a_request_dearer_than_the_budget_goes_alone() -> None:
    bucket = Bucket("tiny", 5, 2)
    assert bucket.ready_in(0.0, 50) == 0.0
    bucket.take(0.0, 50)
    bucket.settle(0.5, 50)
    assert bucket.ready_in(1.0, 1) == pytest.approx(1.5)


def test_what_is_in_flight_never_leaves_the_window() -> None:
    bucket = Bucket("slow", 2, 2)
    bucket.take(0.0)
    assert bucket.used(100.0) == 1
    assert bucket.ready_in(100.0) == pytest.approx(2)
    bucket.settle(100.0)
    assert bucket.used(101.9) == 1
    assert bucket.used(102.0) == 0


def test_the_exchanges_own_count_wins_where_it_is_higher() -> None:
    bucket = Bucket("weight", 2400, 60)
    bucket.take(0.0, 40)
    bucket.settle(0.1, 40)
    bucket.observe(0.1, 2150)
    assert bucket.used(0.1) == 2150
    assert bucket.ready_in(0.1, 10) == 0.0
    assert bucket.ready_in(0.1, 11) > 0.0
    bucket.observe(0.2, 5)
    assert bucket.used(0.2) == 2150
    assert bucket.used(60.1) == 0


def test_a_stated_limit_only_tightens() -> None:
    bucket = Bucket("weight", 2400, 60)
    bucket.tighten(6000)
    assert bucket.capacity == 2160
    bucket.tighten(1200)
    assert bucket.capacity == 1080


def test_a_throttle_blocks_for_its_time() -> None:
    bucket = Bucket("candles", 40, 2)
    bucket.block(10.0, 2.0)
    assert bucket.ready_in(11.0) == pytest.approx(1.0)
    assert bucket.ready_in(12.0) == 0.0


sixteenths = st.integers(1, 80).map(lambda count: count / 16)  # exact in binary: no rounding at borders


@given(st.lists(st.tuples(sixteenths, st.sampled_from([1.0, 2.0, 40.0])), max_size=50))
def test_a_restarted_process_goes_on_with_what_was_used(steps: list[tuple[float, float]]) -> None:
    old, now = Bucket("weight", 2400, 60), 0.0
    for gap, cost in steps:
        now += gap
        old.take(now, cost)
        old.settle(now, cost)
    new = Bucket("weight", 2400, 60)
    new.restore(5000.0, old.export(now))
    for later in (0.0, 7.5, 31.0, 59.875):
        assert new.used(5000.0 + later) == pytest.approx(old.used(now + later))
    assert new.used(5060.1) == 0


def test_room_counts_those_who_wait_already() -> None:
    async def main() -> None:
        clock = VirtualClock()
        # Nine fit a window: eight are spent, so that one more fits and the next waits for the window.
        gate, bucket = Gate(8, clock), Bucket("b", 10, 300)
        for _ in range(8):
            await gate.enter(bucket)
            gate.leave(bucket)
        assert gate.room_in(bucket) == 0.0
        await gate.enter(bucket)
        waiting = asyncio.create_task(gate.enter(bucket))
        await clock.settle()
        assert gate.room_in(bucket) == 300.0
        waiting.cancel()
        await clock.settle()
        gate.leave(bucket)
        await gate.close()

    asyncio.run(main())


def test_those_who_ask_for_room_at_once_do_not_all_get_the_last_of_it() -> None:
    async def main() -> None:
        clock = VirtualClock()
        gate, bucket = Gate(1, clock), Bucket("b", 10, 300)
        for _ in range(7):
            await gate.enter(bucket)
            gate.leave(bucket)
        sent = []

        async def worker() -> None:
            # Two more fit; the slot is taken, so that whoever comes next waits in the lane.
            while gate.room_in(bucket) <= 1.0:
                await gate.enter(bucket)
                await clock.sleep(0.1)
                gate.leave(bucket)
                sent.append(clock.monotonic())

        async def together() -> None:
            await asyncio.gather(*(worker() for _ in range(4)))

        begun = clock.monotonic()
        await clock.run(together())
        assert len(sent) == 2
        assert clock.monotonic() - begun < 1.0
        await gate.close()

    asyncio.run(main())


def test_cancelled_waiters_give_everything_back() -> None:
    async def main() -> None:
        clock = VirtualClock()
        gate, bucket = Gate(1, clock), Bucket("b", 100, 2)
        await gate.enter(bucket)
        waiting = [asyncio.create_task(gate.enter(bucket)) for _ in range(3)]
        await clock.settle()
        waiting[0].cancel()
        await clock.settle()
        gate.leave(bucket)  # grants the second, which is cancelled before it runs
        waiting[1].cancel()
        await clock.settle()
        await waiting[2]
        assert gate.in_flight == 1
        gate.leave(bucket)
        assert gate.in_flight == 0
        await gate.close()

    asyncio.run(main())


def test_rejected_waiters_fail_and_others_stay() -> None:
    async def main() -> None:
        clock = VirtualClock()
        gate, one, other = Gate(1, clock), Bucket("one", 100, 2), Bucket("other", 100, 2)
        await gate.enter(one)
        failing = asyncio.create_task(gate.enter(one))
        staying = asyncio.create_task(gate.enter(other))
        await clock.settle()
        gate.reject(lambda: RuntimeError("banned"), one)
        await clock.settle()
        with pytest.raises(RuntimeError, match="banned"):
            await failing
        assert not staying.done()
        gate.leave(one)
        await staying
        gate.leave(other)
        gate.reject(lambda: RuntimeError("all"))
        await gate.enter(one)
        gate.leave(one)
        await gate.close()

    asyncio.run(main())


def test_closing_cancels_what_waits() -> None:
    async def main() -> None:
        clock = VirtualClock()
        gate, bucket = Gate(1, clock), Bucket("b", 1, 60)
        await gate.enter(bucket)
        gate.leave(bucket)
        waiting = asyncio.create_task(gate.enter(bucket))
        await clock.settle()
        await gate.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
