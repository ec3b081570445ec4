"""Random numbers that depend on their address only, never on the order they are drawn in.

Each number is a hash of (key, index), so any cell of the simulated world can be computed alone
and comes out the same. The mixing function is the finaliser of splitmix64.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

type U64 = NDArray[np.uint64]
type F64 = NDArray[np.float64]
type I64 = NDArray[np.int64]

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB
_TO_UNIT = 2.0**-53


def key_of(*parts: object) -> int:
    """A 64-bit key of a name path such as (seed, "volume", "BTC")."""
    text = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def keys_of(seed: int, purpose: str, names: list[str]) -> U64:
    """One key per name, shape (n,)."""
    return np.array([key_of(seed, purpose, name) for name in names], dtype=np.uint64)


def mix(x: U64) -> U64:
    """Scramble 64-bit words; a new array of the same shape."""
    x = x ^ (x >> np.uint64(30))
    x = x * np.array(_M1, dtype=np.uint64)
    x ^= x >> np.uint64(27)
    x *= np.array(_M2, dtype=np.uint64)
    x ^= x >> np.uint64(31)
    return x


def uniform(keys: U64, index: I64) -> F64:
    """Numbers in (0, 1) at every (key, index); the two broadcast against each other."""
    words = mix(mix(keys + index.astype(np.uint64) * np.array(GOLDEN, dtype=np.uint64)))
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT


def normal(keys: U64, index: I64) -> F64:
    """Standard normal numbers (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log(uniform(keys, 2 * index)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(keys, 2 * index + 1)))


def fat_tailed(keys: U64, index: I64) -> F64:
    """Student's t with 4 degrees of freedom, scaled to variance 1."""
    draws = uniform(keys, 4 * index + 2) * uniform(keys, 4 * index + 3)
    shrink = np.sqrt(-np.log(draws) / 2.0)
    return np.asarray(normal(keys, 2 * index) / shrink / np.sqrt(2.0))
