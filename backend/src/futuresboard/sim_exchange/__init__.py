"""Simulated Binance USD-M, Bybit and OKX (and CoinGecko) behind one port.

Speaks the exchanges' public REST wire formats over a market that is a pure function of
(seed, exchange, symbol, time). Imports nothing from the rest of futuresboard.
"""

from futuresboard.sim_exchange.command import run
from futuresboard.sim_exchange.config import SimConfig
from futuresboard.sim_exchange.server import SimServer, SimThread
from futuresboard.sim_exchange.truth import Truth

__all__ = ["SimConfig", "SimServer", "SimThread", "Truth", "run"]
