"""Prints every session of 2000 to 2030 as the libraries have it: one JSON object, calendar → [[date, open, close, pause start, pause end]].

Times are seconds since the epoch; a session without a pause has null. Run by src/reference.real.test.ts.
"""

import json

import exchange_calendars as xc
import pandas as pd
import pandas_market_calendars as mcal

FIRST, LAST = "2000-01-01", "2030-12-31"


def seconds(instant):
    return None if pd.isna(instant) else int(instant.timestamp())


def sessions(schedule, columns):
    return [
        [int(f"{day:%Y%m%d}"), *(seconds(row[column]) if column else None for column in columns)]
        for day, row in schedule.iterrows()
    ]


answer = {
    name: sessions(
        xc.get_calendar(library, start=FIRST, end=LAST).schedule, ["open", "close", "break_start", "break_end"]
    )
    for name, library in [(name, name) for name in ("XNYS", "XNAS", "XLON", "XETR", "XTKS", "CMES")] + [("24-7", "24/7")]
}
for name, library in (("CME-EQUITY", "CME Globex Equity"), ("CME-ENERGY", "CMEGlobex_EnergyAndMetals")):
    answer[name] = sessions(mcal.get_calendar(library).schedule(FIRST, LAST), ["market_open", "market_close", None, None])
print(json.dumps(answer))
