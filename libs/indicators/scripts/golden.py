"""Writes src/fixtures/talib-golden.json: the reference values of the indicators' tests.

    python -m venv venv && venv/bin/pip install TA-Lib && venv/bin/python scripts/golden.py

The inputs are synthetic and made again by src/fixtures/golden-series.ts with the same additions and multiplications of
doubles, so that both sides have the same bits; `checksum` proves it. VWAP, which TA-Lib lacks, is computed in exact
rational arithmetic and rounded once.
"""

import json
import math
import pathlib
from fractions import Fraction

import numpy as np
import talib

BARS_PER_DAY = 48  # half-hour bars from 2024-01-02T00:00:00Z


class Lcg:
    """Numerical Recipes' 32-bit generator: exact in doubles, the same in every language."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state / 2**32


def walk(count, start, step, flat_from, flat_to):
    """A random walk whose prices stand still from bar `flat_from` to bar `flat_to`; every tenth bar has no volume."""
    random = Lcg(42)
    close = start
    rows = []
    for i in range(count):
        moves = not flat_from <= i < flat_to
        open_ = close
        shift, above, below, volume = random.next(), random.next(), random.next(), random.next()
        if moves:
            close = open_ + (shift - 0.5) * step
        high = max(open_, close) + (above * step * 0.25 if moves else 0.0)
        low = min(open_, close) - (below * step * 0.25 if moves else 0.0)
        rows.append((open_, high, low, close, 0.0 if i % 10 == 3 else math.floor(volume * 10000) * 1.0))
    return np.array(rows).T


SERIES = {
    "walk": walk(150, 100.0, 2.0, 60, 75),
    "flat": walk(60, 0.1, 1.0, 0, 60),
    "cheap": walk(60, 1e-6, 2e-8, 60, 60),
    "dear": walk(60, 60000.0, 0.02, 60, 60),
}


def typical(series):
    _, high, low, close, _ = series
    return (high + low + close) / 3


def vwap(series, per_day):
    price, volume = typical(series), series[4]
    out, value, total = [], Fraction(0), Fraction(0)
    for i in range(len(price)):
        if per_day and i % BARS_PER_DAY == 0:
            value = total = Fraction(0)
        value += Fraction(price[i]) * Fraction(volume[i])
        total += Fraction(volume[i])
        out.append(float(value / total) if total else math.nan)
    return (np.array(out),)


def references(series):
    _, high, low, close, volume = series
    one = lambda values: (values,)
    return {
        "sma(20)": ("TA-Lib SMA", one(talib.SMA(close, 20))),
        "sma(3,hl2)": ("TA-Lib SMA of MEDPRICE", one(talib.SMA(talib.MEDPRICE(high, low), 3))),
        "sma(50,volume)": ("TA-Lib SMA", one(talib.SMA(volume, 50))),
        "ema(12)": ("TA-Lib EMA", one(talib.EMA(close, 12))),
        "rsi(14)": ("TA-Lib RSI", one(talib.RSI(close, 14))),
        "rsi(2)": ("TA-Lib RSI", one(talib.RSI(close, 2))),
        "macd(12,26,9)": ("TA-Lib MACD", talib.MACD(close, 12, 26, 9)),
        "macd(2,3,1)": ("TA-Lib MACD", talib.MACD(close, 2, 3, 1)),
        "atr(14)": ("TA-Lib ATR", one(talib.ATR(high, low, close, 14))),
        "atr(1)": ("TA-Lib ATR", one(talib.ATR(high, low, close, 1))),
        "bbands(20,2)": ("TA-Lib BBANDS", talib.BBANDS(close, 20, 2.0, 2.0)),
        "vwap(none)": ("exact fractions", vwap(series, False)),
        "vwap(utc-day)": ("exact fractions", vwap(series, True)),
    }


def column(values):
    """NaN is null in JSON; repr keeps every bit."""
    return [None if math.isnan(value) else float(value) for value in values]


def main():
    cases = []
    for name, series in SERIES.items():
        for spec, (by, outputs) in references(series).items():
            if name != "walk" and spec not in ("sma(20)", "rsi(14)", "atr(14)", "bbands(20,2)"):
                continue
            cases.append({"series": name, "spec": spec, "by": by, "outputs": [column(values) for values in outputs]})
    golden = {
        "about": "Made by scripts/golden.py; do not edit. One value per input, null where the reference has none.",
        "talib": talib.__ta_version__.decode().split(" ")[0],
        "wrapper": talib.__version__,
        "checksums": {name: math.fsum(series.flatten().tolist()) for name, series in SERIES.items()},
        "cases": cases,
    }
    path = pathlib.Path(__file__).parent.parent / "src" / "fixtures" / "talib-golden.json"
    path.write_text(json.dumps(golden) + "\n")


main()
