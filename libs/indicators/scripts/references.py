"""What others say of the indicators: TA-Lib where it has one, else numpy, TA-Lib's parts, or the definition bar by bar.

A series is the five arrays open, high, low, close, volume.
"""

import math
from fractions import Fraction

import numpy as np
import talib


def typical(series):
    _, high, low, close, _ = series
    return (high + low + close) / 3


def rolling(values, size):
    """One window of `size` values per row, from the value number `size` on."""
    return np.lib.stride_tricks.sliding_window_view(values, size)


def padded(values, count):
    return np.concatenate([np.full(count - len(values), np.nan), values])


def hull(close, size):
    differences = 2 * talib.WMA(close, max(1, size // 2)) - talib.WMA(close, size)
    return talib.WMA(differences, math.isqrt(size))


def keltner(high, low, close, size, range_size, multiplier):
    middle, distance = talib.EMA(close, size), multiplier * talib.ATR(high, low, close, range_size)
    warm = ~(np.isnan(middle) | np.isnan(distance))
    return tuple(np.where(warm, band, np.nan) for band in (middle + distance, middle, middle - distance))


def supertrend(high, low, close, size, multiplier):
    """As TradingView documents ta.supertrend, with our sign: 1 is up."""
    atr = talib.ATR(high, low, close, size)
    value, direction = np.full(len(close), np.nan), np.full(len(close), np.nan)
    upper = lower = None
    trend = -1
    for i in range(size, len(close)):
        middle = (high[i] + low[i]) / 2
        top, bottom = middle + multiplier * atr[i], middle - multiplier * atr[i]
        first = upper is None
        if not first:
            lower_before, upper_before = lower, upper
            lower = bottom if bottom > lower_before or close[i - 1] < lower_before else lower_before
            upper = top if top < upper_before or close[i - 1] > upper_before else upper_before
        else:
            upper, lower = top, bottom
        if first:
            trend = 1 if close[i] > upper else -1
        elif trend == -1:
            trend = 1 if close[i] > upper else -1
        else:
            trend = -1 if close[i] < lower else 1
        value[i], direction[i] = (lower if trend == 1 else upper), trend
    return value, direction


def heikin_ashi(open_, high, low, close):
    rows = []
    for o, h, l, c in zip(open_, high, low, close):
        mean = (o + h + l + c) / 4
        start = (rows[-1][0] + rows[-1][3]) / 2 if rows else (o + c) / 2
        rows.append((start, max(h, start, mean), min(l, start, mean), mean))
    return tuple(np.array(rows).T)


def zscore(values, size):
    windows = rolling(values, size)
    mean, deviation = windows.mean(axis=1), windows.std(axis=1)
    flat = windows.max(axis=1) == windows.min(axis=1)
    return padded(np.where(flat, 0.0, (values[size - 1 :] - mean) / np.where(flat, 1.0, deviation)), len(values))


def realised(close, size, per_year):
    changes = np.diff(np.log(close))
    return padded(rolling(changes, size).std(axis=1, ddof=1) * math.sqrt(per_year), len(close))


def parkinson(high, low, size, per_year):
    squares = np.log(high / low) ** 2 / (4 * math.log(2))
    return padded(np.sqrt(rolling(squares, size).mean(axis=1) * per_year), len(high))


def garman_klass(open_, high, low, close, size, per_year):
    terms = 0.5 * np.log(high / low) ** 2 - (2 * math.log(2) - 1) * np.log(close / open_) ** 2
    return padded(np.sqrt(np.maximum(rolling(terms, size).mean(axis=1), 0) * per_year), len(close))


def ichimoku(high, low, conversion, base, span, displacement):
    middle = lambda size: padded((rolling(high, size).max(axis=1) + rolling(low, size).min(axis=1)) / 2, len(high))
    late = lambda values: np.concatenate([np.full(displacement, np.nan), values[:-displacement]])
    lines = [middle(conversion), middle(base), late((middle(conversion) + middle(base)) / 2), late(middle(span))]
    cold = np.isnan(np.array(lines)).any(axis=0)
    return tuple(np.where(cold, np.nan, line) for line in lines)


BARS_PER_SESSION = 48


def by_session(series, levels):
    """Levels of each session, from (high, low, close) of the one before and its own open."""
    open_, high, low, close, _ = series
    columns = []
    for start in range(0, len(close), BARS_PER_SESSION):
        bars = slice(max(0, start - BARS_PER_SESSION), start)
        found = levels(high[bars].max(), low[bars].min(), close[bars][-1], open_[start]) if start else None
        columns += [found] * min(BARS_PER_SESSION, len(close) - start)
    missing = next((np.full(len(found), np.nan) for found in columns if found is not None), np.full(7, np.nan))
    return tuple(np.array([missing if found is None else found for found in columns]).T)


def classic(high, low, close, _open, pivot=None):
    p = (high + low + close) / 3 if pivot is None else pivot
    spread = high - low
    return p, 2 * p - low, p + spread, high + 2 * (p - low), 2 * p - high, p - spread, low - 2 * (high - p)


def fibonacci(high, low, close, _open):
    p, spread = (high + low + close) / 3, high - low
    return (p, *(p + part * spread for part in (0.382, 0.618, 1)), *(p - part * spread for part in (0.382, 0.618, 1)))


def woodie(high, low, close, open_):
    return classic(high, low, close, open_, (high + low + 2 * open_) / 4)


def camarilla(high, low, close, _open):
    steps = [1.1 * (high - low) / divisor for divisor in (12, 6, 4, 2)]
    return ((high + low + close) / 3, *(close + step for step in steps), *(close - step for step in steps))


def profile_of(high, low, volume, bins, share):
    """Point of control and value area of some bars; differences below 1e-9 of the volume are none."""
    total = volume.sum()
    if total == 0:
        return (np.nan,) * 3
    edges = np.linspace(low.min(), high.max(), bins + 1)
    volumes = np.zeros(bins)
    for top, bottom, traded in zip(high, low, volume):
        if top == bottom:
            width = (high.max() - low.min()) / bins
            volumes[0 if width == 0 else min(bins - 1, int((bottom - edges[0]) / width))] += traded
        else:
            overlap = np.minimum(top, edges[1:]) - np.maximum(bottom, edges[:-1])
            volumes += traded * np.maximum(overlap, 0) / (top - bottom)
    first = last = peak = int(np.argmax(volumes > volumes.max() - 1e-9 * total))
    inside = volumes[peak]
    while inside < (share - 1e-9) * total and (first > 0 or last < bins - 1):
        below = volumes[first - 1] if first > 0 else -np.inf
        above = volumes[last + 1] if last < bins - 1 else -np.inf
        if above >= below - 1e-9 * total:
            last, inside = last + 1, inside + above
        else:
            first, inside = first - 1, inside + below
    return (edges[peak] + edges[peak + 1]) / 2, edges[last + 1], edges[first]


def volume_profile(series, size, bins, percent, sessions):
    _, high, low, _, volume = series
    rows = []
    for end in range(1, len(high) + 1):
        start = max(end - size, (end - 1) // BARS_PER_SESSION * BARS_PER_SESSION if sessions else 0)
        bars = slice(start, end)
        full = sessions or end >= size
        rows.append(profile_of(high[bars], low[bars], volume[bars], bins, percent / 100) if full else (np.nan,) * 3)
    return tuple(np.array(rows).T)


def references(series):
    """By specification: who says so, and one array per output. TA-Lib's periods and start-up are its defaults."""
    open_, high, low, close, volume = series
    one = lambda values: (values,)
    bands = lambda size: (talib.MAX(high, size), talib.MIDPRICE(high, low, size), talib.MIN(low, size))
    lines = lambda size: tuple(
        function(close, size)
        for function in (
            talib.LINEARREG,
            talib.LINEARREG_SLOPE,
            talib.LINEARREG_ANGLE,
            talib.LINEARREG_INTERCEPT,
            talib.TSF,
        )
    )
    # Ours are there with the first ADX.
    adx = talib.ADX(high, low, close, 14)
    warm = np.where(np.isnan(adx), np.nan, 1.0)
    return {
        "sma(20)": ("TA-Lib SMA", one(talib.SMA(close, 20))),
        "sma(3,hl2)": ("TA-Lib SMA of MEDPRICE", one(talib.SMA(talib.MEDPRICE(high, low), 3))),
        "sma(50,volume)": ("TA-Lib SMA", one(talib.SMA(volume, 50))),
        "ema(12)": ("TA-Lib EMA", one(talib.EMA(close, 12))),
        "wma(20)": ("TA-Lib WMA", one(talib.WMA(close, 20))),
        "dema(10)": ("TA-Lib DEMA", one(talib.DEMA(close, 10))),
        "tema(10)": ("TA-Lib TEMA", one(talib.TEMA(close, 10))),
        "kama(10)": ("TA-Lib KAMA", one(talib.KAMA(close, 10))),
        "hma(16)": ("TA-Lib WMA of WMA", one(hull(close, 16))),
        "t3(5,0.7)": ("TA-Lib T3", one(talib.T3(close, 5, 0.7))),
        "rsi(14)": ("TA-Lib RSI", one(talib.RSI(close, 14))),
        "rsi(2)": ("TA-Lib RSI", one(talib.RSI(close, 2))),
        "macd(12,26,9)": ("TA-Lib MACD", talib.MACD(close, 12, 26, 9)),
        "macd(2,3,1)": ("TA-Lib MACD", talib.MACD(close, 2, 3, 1)),
        "stochf(14,3)": ("TA-Lib STOCHF", talib.STOCHF(high, low, close, 14, 3)),
        "stoch(14,3,3)": ("TA-Lib STOCH", talib.STOCH(high, low, close, 14, 3, 0, 3, 0)),
        "stochrsi(14,14,3)": ("TA-Lib STOCHRSI", talib.STOCHRSI(close, 14, 14, 3)),
        "cci(20)": ("TA-Lib CCI", one(talib.CCI(high, low, close, 20))),
        "willr(14)": ("TA-Lib WILLR", one(talib.WILLR(high, low, close, 14))),
        "roc(10)": ("TA-Lib ROC", one(talib.ROC(close, 10))),
        "mom(10)": ("TA-Lib MOM", one(talib.MOM(close, 10))),
        "trix(15)": ("TA-Lib TRIX", one(talib.TRIX(close, 15))),
        "ultosc(7,14,28)": ("TA-Lib ULTOSC", one(talib.ULTOSC(high, low, close, 7, 14, 28))),
        "adx(14)": (
            "TA-Lib ADX, PLUS_DI, MINUS_DI",
            (adx, talib.PLUS_DI(high, low, close, 14) * warm, talib.MINUS_DI(high, low, close, 14) * warm),
        ),
        "di(14)": (
            "TA-Lib PLUS_DI, MINUS_DI",
            (talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)),
        ),
        "aroon(14)": (
            "TA-Lib AROON, AROONOSC",
            (*talib.AROON(high, low, 14), talib.AROONOSC(high, low, 14)),
        ),
        "sar(0.02,0.2)": ("TA-Lib SAR", one(talib.SAR(high, low, 0.02, 0.2))),
        "atr(14)": ("TA-Lib ATR", one(talib.ATR(high, low, close, 14))),
        "atr(1)": ("TA-Lib ATR", one(talib.ATR(high, low, close, 1))),
        "natr(14)": ("TA-Lib NATR", one(talib.NATR(high, low, close, 14))),
        "trange()": ("TA-Lib TRANGE", one(talib.TRANGE(high, low, close))),
        "bbands(20,2)": ("TA-Lib BBANDS", talib.BBANDS(close, 20, 2.0, 2.0)),
        "keltner(20,10,2)": ("TA-Lib EMA and ATR", keltner(high, low, close, 20, 10, 2)),
        "donchian(20)": ("TA-Lib MAX, MIDPRICE, MIN", bands(20)),
        "stddev(20,1)": ("TA-Lib STDDEV", one(talib.STDDEV(close, 20, 1))),
        "variance(20)": ("TA-Lib VAR", one(talib.VAR(close, 20, 1))),
        "linreg(14)": ("TA-Lib LINEARREG and its kin, TSF", lines(14)),
        "correl(20,volume)": ("TA-Lib CORREL", one(talib.CORREL(close, volume, 20))),
        "beta(5,high)": ("TA-Lib BETA", one(talib.BETA(close, high, 5))),
        "obv()": ("TA-Lib OBV", one(talib.OBV(close, volume))),
        "ad()": ("TA-Lib AD", one(talib.AD(high, low, close, volume))),
        "adosc(3,10)": ("TA-Lib ADOSC", one(talib.ADOSC(high, low, close, volume, 3, 10))),
        "mfi(14)": ("TA-Lib MFI", one(talib.MFI(high, low, close, volume, 14))),
        "supertrend(10,3)": ("TradingView's rules over TA-Lib ATR", supertrend(high, low, close, 10, 3)),
        "heikinashi()": ("the definition, bar by bar", heikin_ashi(open_, high, low, close)),
        "ichimoku(9,26,52,26)": ("numpy", ichimoku(high, low, 9, 26, 52, 26)),
        "pivots(classic)": ("the definition, by session", by_session(series, classic)),
        "pivots(fibonacci)": ("the definition, by session", by_session(series, fibonacci)),
        "pivots(woodie)": ("the definition, by session", by_session(series, woodie)),
        "camarilla()": ("the definition, by session", by_session(series, camarilla)),
        "volumeprofile(20,12,70,none)": ("numpy", volume_profile(series, 20, 12, 70, False)),
        "volumeprofile(30,24,80,session)": ("numpy", volume_profile(series, 30, 24, 80, True)),
        "zscore(20)": ("numpy", one(zscore(close, 20))),
        "realvol(20,252)": ("numpy", one(realised(close, 20, 252))),
        "parkinson(20,252)": ("numpy", one(parkinson(high, low, 20, 252))),
        "garmanklass(20,252)": ("numpy", one(garman_klass(open_, high, low, close, 20, 252))),
    }


def exact_line(values, size):
    """LINEARREG and its kin in fractions: TA-Lib's own sums lose digits where prices are large and hardly move."""
    rows = []
    x_mean = Fraction(size - 1, 2)
    spread = sum((x - x_mean) ** 2 for x in range(size))
    for window in rolling(values, size):
        y = [Fraction(value) for value in window]
        slope = sum((x - x_mean) * value for x, value in enumerate(y)) / spread
        mean = sum(y) / size
        last, first = mean + slope * (size - 1) / 2, mean - slope * (size - 1) / 2
        rows.append((float(last), float(slope), math.degrees(math.atan(slope)), float(first), float(last + slope)))
    return tuple(padded(column, len(values)) for column in np.array(rows).T)


def exact_cci(series, size):
    """CCI in fractions, of the typical prices as doubles."""
    values = typical(series)
    rows = []
    for window in rolling(values, size):
        y = [Fraction(value) for value in window]
        mean = sum(y) / size
        deviation = sum(abs(value - mean) for value in y) / size
        rows.append(float((y[-1] - mean) / (deviation * Fraction(15, 1000))) if deviation else 0.0)
    return (padded(np.array(rows), len(values)),)


def exact_correlation(x_values, y_values, size):
    """CORREL in fractions, until the root."""
    rows = []
    for x_window, y_window in zip(rolling(x_values, size), rolling(y_values, size)):
        x, y = [Fraction(value) for value in x_window], [Fraction(value) for value in y_window]
        x_mean, y_mean = sum(x) / size, sum(y) / size
        product = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y))
        spread = sum((a - x_mean) ** 2 for a in x) * sum((b - y_mean) ** 2 for b in y)
        rows.append(float(product) / math.sqrt(spread) if spread else 0.0)
    return (padded(np.array(rows), len(x_values)),)


def exact_mfi(series, size):
    """MFI in fractions, of the typical prices as doubles; equal to 14 digits is equal."""
    price, volume = typical(series), series[4]
    change = np.diff(price)
    change[np.abs(change) <= 1e-14 * np.abs(price[1:])] = 0
    flow = [Fraction(p) * Fraction(v) for p, v in zip(price[1:], volume[1:])]
    up = [f if c > 0 else Fraction(0) for f, c in zip(flow, change)]
    down = [f if c < 0 else Fraction(0) for f, c in zip(flow, change)]
    rows = []
    for end in range(size, len(flow) + 1):
        risen, fallen = sum(up[end - size : end]), sum(down[end - size : end])
        rows.append(float(100 * risen / (risen + fallen)) if risen + fallen >= 1 else 0.0)
    return (padded(np.array(rows), len(price)),)


def exact_references(series):
    """In fractions, where TA-Lib loses digits: on prices that stand still or hardly move."""
    return {
        "linreg(14)": ("exact fractions", exact_line(series[3], 14)),
        "cci(20)": ("exact fractions", exact_cci(series, 20)),
        "correl(20,volume)": ("exact fractions", exact_correlation(series[3], series[4], 20)),
        "mfi(14)": ("exact fractions", exact_mfi(series, 14)),
    }
