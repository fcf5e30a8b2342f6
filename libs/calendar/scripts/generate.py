"""Writes src/data/*.ts: the days off and the special hours of each calendar, 2000 to 2030.

    python -m venv venv && venv/bin/pip install -r scripts/requirements.txt
    venv/bin/python scripts/generate.py && npm run format

Facts come from exchange_calendars (Apache-2.0) and, for the Globex products that it does not have, the days off and early
closes from pandas_market_calendars (MIT); the hours of those are below, with where they are from. What is written is read
back by src/table.ts; src/reference.real.test.ts compares every session with the two libraries again.
"""

import datetime as dt
import pathlib

import exchange_calendars as xc
import pandas as pd
import pandas_market_calendars as mcal

FIRST, LAST = "2000-01-01", "2030-12-31"
DATA = pathlib.Path(__file__).parent.parent / "src" / "data"
EXCHANGES = {
    "XNYS": "New York Stock Exchange",
    "XLON": "London Stock Exchange",
    "XETR": "Xetra, Frankfurt",
    "XTKS": "Tokyo Stock Exchange",
    "CMES": "Chicago Mercantile Exchange, as exchange_calendars has it: no daily break",
}
XC_SOURCE = "exchange_calendars 4.13.2 (Apache-2.0)"
MCAL_SOURCE = "days off and early closes: pandas_market_calendars 5.5.0 (MIT); hours: notices of CME Group"


def pause(start, end):
    return f"{{ start: '{start}', end: '{end}' }}"


# Until 2012-11-16 a trade date of CME's equity index futures ended at 15:15 and the next began at 15:30, with a pause at 16:30;
# from 2012-11-19 on it ended at 16:15, from 2015-09-21 on at 16:00 (CME Group's notices of these dates); the halt from 15:15
# to 15:30 fell on 2021-06-28.
GLOBEX_EQUITY_HOURS = [
    (20000101, "-15:30", "15:15", [pause("-16:30", "-17:00")], "-17:00"),
    (20121119, "-17:00", "16:15", [pause("15:15", "15:30")], None),
    (20150921, "-17:00", "16:00", [pause("15:15", "15:30")], None),
    (20210628, "-17:00", "16:00", [], None),
]
# NYMEX on Globex: the same change on 2015-09-21, no halt.
GLOBEX_ENERGY_HOURS = [
    (20000101, "-17:00", "16:15", [], None),
    (20150921, "-17:00", "16:00", [], None),
]
# Equity index futures while the exchanges in New York stood still: after the attacks of 2001 (resumed on the 17th), and on the
# days of mourning for Presidents Bush and Carter (closed at 08:30). The library has them as ordinary days.
GLOBEX_EQUITY_CLOSED = {dt.date(2001, 9, day) for day in (11, 12, 13, 14)}
GLOBEX_EQUITY_CLOSES = {dt.date(2018, 12, 5): "08:30", dt.date(2025, 1, 9): "08:30"}


def weekdays():
    return [day.date() for day in pd.date_range(FIRST, LAST, freq="B")]


def text(minutes):
    """Minutes of the session's date: "09:30"; "-17:00": 17:00 on the day before."""
    sign, minutes = ("-", minutes + 1440) if minutes < 0 else ("", minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def minutes_of(date, instant, zone):
    wall = instant.tz_convert(zone).tz_localize(None)
    return int((wall - pd.Timestamp(date)).total_seconds()) // 60


def by_year(dates):
    years = {}
    for date in sorted(dates):
        years.setdefault(date.year, []).append(f"{date:%m%d}")
    return [f"{year} {' '.join(days)}" for year, days in years.items()]


def lines(dates):
    return "[" + "".join(f"'{line}'," for line in by_year(dates)) + "]"


def write(identifier, name, zone, source, hours, closed, special):
    eras = "".join(
        f"{{ from: {start}, open: '{opens}', close: '{closes}', pauses: [{', '.join(pauses)}]"
        + (f", openAfterPause: '{after}'" if after else "")
        + " },"
        for start, opens, closes, pauses, after in hours
    )
    kinds = {}
    for date, change in special.items():
        kinds.setdefault(change, []).append(date)
    specials = "".join(
        "{ "
        + "".join(f"{key}: '{value}', " for key, value in (("open", opens), ("close", closes)) if value)
        + f"days: {lines(days)} }},"
        for (opens, closes), days in sorted(kinds.items(), key=lambda kind: str(kind[0]))
    )
    constant = identifier.replace("-", "_")
    (DATA / f"{identifier.lower()}.ts").write_text(
        f"// Written by libs/calendar/scripts/generate.py: change it there.\n"
        f"import type {{ CalendarData }} from '../data.ts';\n\n"
        f"export const {constant}: CalendarData = {{\n"
        f"id: '{identifier}', name: '{name}', zone: '{zone}', source: '{source}', weekends: false,\n"
        f"hours: [{eras}], closed: {lines(closed)}, special: [{specials}] }};\n"
    )
    print(f"{identifier}: {len(closed)} weekdays closed, {len(special)} special")


def changes(times):
    """(first date as yyyymmdd, time) of what a library knows as (None or a date, time)."""
    return [(20000101 if start is None else int(f"{start:%Y%m%d}"), time) for start, time in times or []]


def at(times, date):
    return [time for start, time in changes(times) if start <= date][-1]


def exchange(identifier, name):
    calendar = xc.get_calendar(identifier, start=FIRST, end=LAST)
    schedule = calendar.schedule
    zone = str(calendar.tz)
    starts = sorted({start for times in (calendar.open_times, calendar.close_times) for start, _ in changes(times)})
    sign = "-" if calendar.open_offset == -1 else ""
    hours = []
    for start in starts:
        pauses = []
        if calendar.break_start_times:
            pauses = [pause(*(f"{at(t, start):%H:%M}" for t in (calendar.break_start_times, calendar.break_end_times)))]
        hours.append(
            (
                start,
                f"{sign}{at(calendar.open_times, start):%H:%M}",
                f"{at(calendar.close_times, start):%H:%M}",
                pauses,
                None,
            )
        )
    closed = [day for day in weekdays() if pd.Timestamp(day) not in schedule.index]
    special = {}
    for day, row in schedule.iterrows():
        date = int(f"{day:%Y%m%d}")
        regular = [era for era in hours if era[0] <= date][-1]
        opens, closes = (text(minutes_of(day, row[column], zone)) for column in ("open", "close"))
        change = (opens if opens != regular[1] else None, closes if closes != regular[2] else None)
        if change != (None, None):
            special[day.date()] = change
    write(identifier, name, zone, XC_SOURCE, hours, closed, special)


def globex(identifier, name, library_name, hours, more_closed, more_closes):
    schedule = mcal.get_calendar(library_name).schedule(FIRST, LAST)
    zone = "America/Chicago"
    closed = {day for day in weekdays() if pd.Timestamp(day) not in schedule.index} | more_closed
    special = {}
    for day, row in schedule.iterrows():
        closes = text(minutes_of(day, row["market_close"], zone))
        if closes != "16:00" and day.date() not in closed:
            special[day.date()] = (None, closes)
    special |= {day: (None, closes) for day, closes in more_closes.items()}
    write(identifier, name, zone, MCAL_SOURCE, hours, closed, special)


for exchange_id, exchange_name in EXCHANGES.items():
    exchange(exchange_id, exchange_name)
globex(
    "CME-EQUITY",
    "CME Globex: equity index futures",
    "CME Globex Equity",
    GLOBEX_EQUITY_HOURS,
    GLOBEX_EQUITY_CLOSED,
    GLOBEX_EQUITY_CLOSES,
)
globex("CME-ENERGY", "CME Globex: NYMEX energy futures", "CMEGlobex_EnergyAndMetals", GLOBEX_ENERGY_HOURS, set(), {})
