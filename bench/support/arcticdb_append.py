"""Appends a CSV of interleaved trades to ArcticDB (LMDB), per symbol in batches of 1,000 rows in order of arrival.

Prints {"rows": n, "seconds": s}: appending alone; reading the CSV and cutting the batches is not timed.
"""

import json
import shutil
import sys
import tempfile
import time

import arcticdb
import pandas as pd

BATCH_ROWS = 1_000

frame = pd.read_csv(sys.argv[1])
frame["time"] = pd.to_datetime(frame["time"], unit="ns")
batches = []
for symbol, rows in frame.groupby("symbol", sort=False):
    rows = rows.drop(columns="symbol").set_index("time")
    for start in range(0, len(rows), BATCH_ROWS):
        part = rows.iloc[start : start + BATCH_ROWS]
        batches.append((part.index[-1], symbol, part))
batches.sort(key=lambda batch: batch[0])

folder = tempfile.mkdtemp(prefix="tickwell-arctic-")
try:
    library = arcticdb.Arctic(f"lmdb://{folder}").get_library("ticks", create_if_missing=True)
    started = time.perf_counter()
    for _, symbol, part in batches:
        library.append(symbol, part)
    seconds = time.perf_counter() - started
    stored = sum(library.get_description(symbol).row_count for symbol in library.list_symbols())
    assert stored == len(frame), f"{stored} of {len(frame)} rows"
finally:
    shutil.rmtree(folder, ignore_errors=True)
print(json.dumps({"rows": len(frame), "seconds": seconds}))
