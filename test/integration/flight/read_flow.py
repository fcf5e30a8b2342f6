"""Reads what the flow has with pyarrow.flight alone, and prints what it found as one line of JSON. Arguments: the address."""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as flight

client = flight.connect(f"grpc://{sys.argv[1]}")


def read(command):
    return client.do_get(flight.Ticket(json.dumps(command))).read_all()


def refused(action):
    try:
        action()
    except (flight.FlightError, pa.ArrowException) as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


def listed():
    return [
        {"path": [part.decode() for part in info.descriptor.path], "rows": info.total_records}
        for info in client.list_flights()
    ]


def endpoints(path):
    info = client.get_flight_info(flight.FlightDescriptor.for_path(*path))
    tables = [client.do_get(endpoint.ticket).read_all() for endpoint in info.endpoints]
    assert all(table.schema.equals(info.schema) for table in tables), "the schema told is another"
    return {"rows": sum(table.num_rows for table in tables), "told": info.total_records}


bars = read({"library": "md.bars.1d", "symbol": "DAILY"})
frame = bars.to_pandas()
trades = read({"library": "md.trades", "symbol": "SYM000", "columns": ["price", "size"]})
part = read({"library": "md.bars.1d", "symbol": "DAILY", "start": "2020-01-03", "end": "2020-01-08"})
newest = read({"library": "md.bars.1d", "symbol": "DAILY", "limit": 2, "newest": True})
weekly = read({"library": "md.bars.1w", "symbol": "DAILY", "resample_from": "1d"})

print(
    json.dumps(
        {
            "listed": listed(),
            "list_of": [
                [p.decode() for p in info.descriptor.path]
                for info in client.list_flights(json.dumps({"library": "md.bars.1d", "prefix": "D"}).encode())
            ],
            "endpoints": endpoints(["md.trades", "SYM000"]),
            "bars": {
                "names": bars.schema.names,
                "types": [str(field.type) for field in bars.schema],
                "rows": bars.num_rows,
                "close": pc.sum(bars["close"]).as_py(),
                "first": str(bars["time"][0].as_py()),
                "sources": pc.unique(bars["source"]).to_pylist(),
                "nulls": {name: bars[name].null_count for name in bars.schema.names},
            },
            "pandas": {"index": str(frame.index.dtype), "columns": list(frame.columns), "last": float(frame["close"].iloc[-1])},
            "trades": {"names": trades.schema.names, "rows": trades.num_rows, "price": pc.sum(trades["price"]).as_py()},
            "part": [str(value) for value in part["time"].to_pylist()],
            "newest": [str(value) for value in newest["time"].to_pylist()],
            "weekly": weekly.num_rows,
            "actions": len(list(client.list_actions())),
            "refused": {
                "library": refused(lambda: read({"library": "market", "symbol": "A"})),
                "option": refused(lambda: read({"library": "md.trades", "symbol": "SYM000", "colums": []})),
                "injection": refused(lambda: read({"library": "md.trades", "symbol": "A'; drop table trades; --"})),
                "range": refused(lambda: read({"library": "md.trades", "symbol": "SYM000", "start": 2, "end": 1})),
                "ticket": refused(lambda: client.do_get(flight.Ticket(b"\xff")).read_all()),
                "unknown": refused(lambda: client.get_flight_info(flight.FlightDescriptor.for_path("md.trades", "NOPE"))),
                "put": refused(
                    lambda: client.do_put(
                        flight.FlightDescriptor.for_path("md.trades", "SYM000"), pa.schema([("a", pa.int64())])
                    )[0].close()
                ),
                "action": refused(lambda: list(client.do_action("x"))),
            },
        }
    )
)
