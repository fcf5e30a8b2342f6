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

from references import BARS_PER_SESSION, exact_references, references, typical


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
    "lively": walk(90, 100.0, 2.0, 90, 90),
    "flat": walk(60, 0.1, 1.0, 0, 60),
    "cheap": walk(60, 1e-6, 2e-8, 60, 60),
    "dear": walk(60, 60000.0, 0.02, 60, 60),
}


def vwap(series, per_day):
    price, volume = typical(series), series[4]
    out, value, total = [], Fraction(0), Fraction(0)
    for i in range(len(price)):
        # Half-hour bars from a midnight: a session is a UTC day.
        if per_day and i % BARS_PER_SESSION == 0:
            value = total = Fraction(0)
        value += Fraction(price[i]) * Fraction(volume[i])
        total += Fraction(volume[i])
        out.append(float(value / total) if total else math.nan)
    return (np.array(out),)


# On series that stand still or hardly move, where rounding shows.
EVERYWHERE = ("sma(20)", "rsi(14)", "atr(14)", "bbands(20,2)", "adx(14)", "stoch(14,3,3)", "obv()")
# Of RSI while prices stand still, where the range of RSI is its rounding.
NOT_STANDING_STILL = ("stochrsi(14,14,3)",)


def column(values):
    """NaN is null in JSON; repr keeps every bit."""
    return [None if math.isnan(value) else float(value) for value in values]


def main():
    cases = []
    for name, series in SERIES.items():
        known = references(series) | {
            "vwap(none)": ("exact fractions", vwap(series, False)),
            "vwap(utc-day)": ("exact fractions", vwap(series, True)),
            "vwap(session)": ("exact fractions", vwap(series, True)),
        }
        if name in ("walk", "lively"):
            chosen = [spec for spec in known if (spec in NOT_STANDING_STILL) == (name == "lively")]
        else:
            chosen = EVERYWHERE
        exact = {} if name in ("walk", "lively") else exact_references(series)
        for spec, (by, outputs) in ({spec: known[spec] for spec in chosen} | exact).items():
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
