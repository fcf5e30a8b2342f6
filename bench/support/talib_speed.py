"""Nanoseconds of CPU a value of TA-Lib's C functions over arrays of a random walk, as long as the argument says: {specification: ns}."""

import json
import sys
import time

import numpy as np
import talib

random = np.random.default_rng(42)
close = 1000 + np.cumsum(random.normal(0, 0.1, int(sys.argv[1])))
high, low = close + random.random(len(close)), close - random.random(len(close))
CALLS = {
    "sma(20)": lambda: talib.SMA(close, 20),
    "ema(12)": lambda: talib.EMA(close, 12),
    "rsi(14)": lambda: talib.RSI(close, 14),
    "macd(12,26,9)": lambda: talib.MACD(close, 12, 26, 9),
    "atr(14)": lambda: talib.ATR(high, low, close, 14),
    "bbands(20,2)": lambda: talib.BBANDS(close, 20, 2.0, 2.0),
}


def best(call):
    fastest = float("inf")
    for _ in range(20):
        start = time.process_time_ns()
        call()
        fastest = min(fastest, time.process_time_ns() - start)
    return fastest / len(close)


print(json.dumps({spec: best(call) for spec, call in CALLS.items()}))
