"""Asks the simulator for everything with IB's own client, release 9.81 or 10, and prints what its callbacks delivered as JSON lines."""
import json
import logging
import sys
import threading
import time
from inspect import signature

from ibapi.client import EClient
from ibapi.common import TickerId  # noqa: F401  (fails early where the wrong package is on the path)
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.wrapper import EWrapper

PLAN = json.loads(sys.argv[1])
WAIT_S = PLAN["waitSeconds"]
QUIET_S = PLAN["quietSeconds"]
logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


def emit(kind, value):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


def contract_of(fields):
    contract = Contract()
    for name, value in fields.items():
        setattr(contract, name, value)
    return contract


def bar_of(bar):
    average = getattr(bar, "wap", None)
    if average is None:
        average = bar.average
    return {
        "time": str(bar.date),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": float(bar.volume),
        "wap": float(average),
        "count": int(bar.barCount),
    }


class Client(EWrapper, EClient):
    def __init__(self):
        EClient.__init__(self, self)
        self.arrived = threading.Condition()
        self.seen = {}

    def put(self, key, value):
        with self.arrived:
            self.seen.setdefault(key, []).append(value)
            self.arrived.notify_all()

    def wait(self, key, count=1):
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.seen.get(key, [])) >= count, WAIT_S):
                raise TimeoutError(f"{count} {key} did not come in time")
            return list(self.seen.get(key, []))

    def all(self, key):
        with self.arrived:
            return list(self.seen.get(key, []))

    # Session
    def error(self, *args):
        # 9.81: id, code, text. 10: id, time, code, text, reject.
        request, code, text = args[:3] if len(args) == 3 else (args[0], args[2], args[3])
        self.put(("error", request), {"code": code, "text": text})

    def managedAccounts(self, accountsList):
        self.put("accounts", accountsList)

    def nextValidId(self, orderId):
        self.put("nextValidId", orderId)

    def currentTime(self, time):
        self.put("currentTime", time)

    # Contracts
    def contractDetails(self, reqId, contractDetails):
        self.put(("details", reqId), contractDetails)

    def contractDetailsEnd(self, reqId):
        self.put(("detailsEnd", reqId), True)

    def symbolSamples(self, reqId, contractDescriptions):
        self.put(("samples", reqId), contractDescriptions)

    # History
    def historicalData(self, reqId, bar):
        self.put(("bar", reqId), bar_of(bar))

    def historicalDataEnd(self, reqId, start, end):
        self.put(("barsEnd", reqId), True)

    def historicalDataUpdate(self, reqId, bar):
        self.put(("update", reqId), bar_of(bar))

    def headTimestamp(self, reqId, headTimestamp):
        self.put(("head", reqId), headTimestamp)

    def historicalTicks(self, reqId, ticks, done):
        self.put(("ticks", reqId), [{"time": t.time, "price": t.price} for t in ticks])

    def historicalTicksBidAsk(self, reqId, ticks, done):
        self.put(
            ("ticks", reqId),
            [
                {
                    "time": t.time,
                    "bid": t.priceBid,
                    "ask": t.priceAsk,
                    "bidSize": float(t.sizeBid),
                    "askSize": float(t.sizeAsk),
                }
                for t in ticks
            ],
        )

    def historicalTicksLast(self, reqId, ticks, done):
        self.put(
            ("ticks", reqId),
            [
                {
                    "time": t.time,
                    "price": t.price,
                    "size": float(t.size),
                    "exchange": t.exchange,
                    "conditions": t.specialConditions,
                }
                for t in ticks
            ],
        )

    # Live
    def realtimeBar(self, reqId, time, open_, high, low, close, volume, wap, count):
        self.put(
            ("realTimeBar", reqId),
            {
                "time": time,
                "open": open_,
                "high": high,
                "low": low,
                "close": close,
                "volume": float(volume),
                "wap": float(wap),
                "count": int(count),
            },
        )

    def marketDataType(self, reqId, marketDataType):
        self.put(("type", reqId), marketDataType)

    def tickPrice(self, reqId, tickType, price, attrib):
        self.put(("tick", reqId), [int(tickType), price])

    def tickSize(self, reqId, tickType, size):
        self.put(("tick", reqId), [int(tickType), float(size)])

    def tickString(self, reqId, tickType, value):
        self.put(("tick", reqId), [int(tickType), value])
        if int(tickType) == 48:
            self.put(("rtVolume", reqId), value)

    def tickGeneric(self, reqId, tickType, value):
        self.put(("tick", reqId), [int(tickType), value])

    def tickSnapshotEnd(self, reqId):
        self.put(("snapshotEnd", reqId), True)

    def tickByTickAllLast(self, reqId, tickType, time, price, size, tickAttribLast, exchange, specialConditions):
        self.put(
            ("tickByTick", reqId),
            {"time": time, "price": price, "size": float(size), "exchange": exchange},
        )

    def tickByTickBidAsk(self, reqId, time, bidPrice, askPrice, bidSize, askSize, tickAttribBidAsk):
        self.put(
            ("tickByTick", reqId),
            {"time": time, "bid": bidPrice, "ask": askPrice, "bidSize": float(bidSize), "askSize": float(askSize)},
        )

    def tickByTickMidPoint(self, reqId, time, midPoint):
        self.put(("tickByTick", reqId), {"time": time, "price": midPoint})

    # Account
    def position(self, account, contract, position, avgCost):
        self.put(
            "position",
            {"account": account, "conId": contract.conId, "position": float(position), "averageCost": avgCost},
        )

    def positionEnd(self):
        self.put("positionEnd", True)

    def accountSummary(self, reqId, account, tag, value, currency):
        self.put(("summary", reqId), {"account": account, "key": tag, "value": value, "currency": currency})

    def accountSummaryEnd(self, reqId):
        self.put(("summaryEnd", reqId), True)

    def updateAccountValue(self, key, val, currency, accountName):
        self.put("accountValue", {"account": accountName, "key": key, "value": val, "currency": currency})

    def updatePortfolio(
        self, contract, position, marketPrice, marketValue, averageCost, unrealizedPNL, realizedPNL, accountName
    ):
        self.put(
            "portfolio",
            {
                "account": accountName,
                "conId": contract.conId,
                "position": float(position),
                "marketPrice": marketPrice,
                "marketValue": marketValue,
                "averageCost": averageCost,
                "unrealized": unrealizedPNL,
                "realized": realizedPNL,
            },
        )

    def accountDownloadEnd(self, accountName):
        self.put("accountEnd", accountName)

    def accountUpdateMulti(self, reqId, account, modelCode, key, value, currency):
        self.put(("multi", reqId), {"account": account, "key": key, "value": value, "currency": currency})

    def accountUpdateMultiEnd(self, reqId):
        self.put(("multiEnd", reqId), True)

    def pnl(self, reqId, dailyPnL, unrealizedPnL, realizedPnL):
        self.put(("pnl", reqId), {"daily": dailyPnL, "unrealized": unrealizedPnL, "realized": realizedPnL})

    def pnlSingle(self, reqId, pos, dailyPnL, unrealizedPnL, realizedPnL, value):
        self.put(
            ("pnl", reqId),
            {
                "position": float(pos),
                "daily": dailyPnL,
                "unrealized": unrealizedPnL,
                "realized": realizedPnL,
                "marketValue": value,
            },
        )

    def execDetails(self, reqId, contract, execution):
        self.put(
            ("execution", reqId),
            {
                "execId": execution.execId,
                "conId": contract.conId,
                "side": execution.side,
                "shares": float(execution.shares),
                "price": execution.price,
                "account": execution.acctNumber,
            },
        )

    def execDetailsEnd(self, reqId):
        self.put(("executionsEnd", reqId), True)

    def fundamentalData(self, reqId, data):
        self.put(("fundamental", reqId), data)


def first(items):
    return items[0] if items else None


def session(client):
    emit("handshake", client.serverVersion())
    emit("accounts", [name for name in first(client.wait("accounts")).split(",") if name])
    emit("nextValidId", first(client.wait("nextValidId")))
    client.reqCurrentTime()
    emit("currentTime", first(client.wait("currentTime")))


def contracts(client, share):
    client.reqContractDetails(1, share)
    client.wait(("detailsEnd", 1))
    details = first(client.all(("details", 1)))
    contract = details.contract
    isins = [pair.value for pair in details.secIdList or [] if pair.tag == "ISIN"]
    emit(
        "contractDetails",
        {
            "conId": contract.conId,
            "symbol": contract.symbol,
            "secType": contract.secType,
            "currency": contract.currency,
            "primaryExchange": contract.primaryExchange,
            "localSymbol": contract.localSymbol,
            "tradingClass": contract.tradingClass,
            "minTick": details.minTick,
            "longName": details.longName,
            "timeZoneId": details.timeZoneId,
            "tradingHours": details.tradingHours,
            "liquidHours": details.liquidHours,
            "isin": first(isins) or "",
        },
    )
    client.reqMatchingSymbols(2, PLAN["share"]["symbol"])
    found = first(client.wait(("samples", 2))) or []
    emit(
        "matchingSymbols",
        [
            {"conId": each.contract.conId, "symbol": each.contract.symbol, "secType": each.contract.secType}
            for each in found
        ],
    )
    client.reqContractDetails(3, contract_of({**PLAN["share"], "conId": 0, "symbol": "NOSUCHSYMBOL"}))
    emit("unknownContract", first(client.wait(("error", 3))))


def history(client, share):
    end = PLAN["historyEnd"]
    client.reqHistoricalData(10, share, end, "1800 S", "1 min", "TRADES", 0, 2, False, [])
    client.wait(("barsEnd", 10))
    emit("historicalBars", client.all(("bar", 10)))
    client.reqHistoricalData(11, share, end, "5 D", "1 day", "TRADES", 1, 1, False, [])
    client.wait(("barsEnd", 11))
    emit("dailyBars", client.all(("bar", 11)))
    client.reqHistoricalData(12, share, "", "60 S", "5 secs", "TRADES", 0, 2, True, [])
    updates = client.wait(("update", 12), 3)
    emit("barUpdates", updates)
    client.cancelHistoricalData(12)
    error = client.wait(("error", 12))
    emit("cancelHistoricalData", first(error))
    client.reqHeadTimeStamp(13, share, "TRADES", 0, 2)
    emit("headTimestamp", first(client.wait(("head", 13))))
    client.cancelHeadTimeStamp(13)
    start = PLAN["ticksStart"]
    for request, what in ((14, "TRADES"), (15, "BID_ASK"), (16, "MIDPOINT")):
        client.reqHistoricalTicks(request, share, start, "", 100, what, 0, False, [])
        emit("historicalTicks " + what, first(client.wait(("ticks", request))))


def others(client):
    end = PLAN["historyEnd"]
    if PLAN["future"]:
        future = contract_of(PLAN["future"])
        client.reqContractDetails(50, future)
        client.wait(("detailsEnd", 50))
        details = first(client.all(("details", 50)))
        contract = details.contract
        emit(
            "futureDetails",
            {
                "conId": contract.conId,
                "localSymbol": contract.localSymbol,
                "lastTradeDate": contract.lastTradeDateOrContractMonth[:8],
                "multiplier": contract.multiplier,
                "minTick": details.minTick,
            },
        )
        client.reqHistoricalData(51, future, end, "5 D", "1 day", "TRADES", 0, 1, False, [])
        client.wait(("barsEnd", 51))
        emit("futureDailyBars", client.all(("bar", 51)))
        client.reqHistoricalData(52, future, end, "2 W", "1 week", "TRADES", 0, 1, False, [])
        client.wait(("barsEnd", 52))
        emit("futureWeeklyBars", client.all(("bar", 52)))
    if PLAN["pair"]:
        pair = contract_of(PLAN["pair"])
        client.reqHistoricalData(53, pair, end, "1800 S", "1 min", "MIDPOINT", 0, 2, False, [])
        client.wait(("barsEnd", 53))
        emit("pairMidpointBars", client.all(("bar", 53)))
        client.reqHistoricalData(54, pair, end, "3600 S", "5 mins", "BID_ASK", 0, 2, False, [])
        client.wait(("barsEnd", 54))
        emit("pairBidAskBars", client.all(("bar", 54)))
        client.reqTickByTickData(55, pair, "BidAsk", 0, False)
        emit("pairTicks", client.wait(("tickByTick", 55), 5))
        client.cancelTickByTickData(55)


def live(client, share):
    client.reqMarketDataType(1)
    client.reqRealTimeBars(20, share, 5, "TRADES", False, [])
    client.reqMktData(21, share, "233", False, False, [])
    client.reqMktData(22, share, "", True, False, [])
    emit("realTimeBars", client.wait(("realTimeBar", 20), 3))
    client.wait(("rtVolume", 21))
    emit(
        "marketData",
        {
            "ticks": client.all(("tick", 21)),
            "type": first(client.wait(("type", 21))),
        },
    )
    ended = client.wait(("snapshotEnd", 22))
    emit("snapshot", {"ticks": client.all(("tick", 22)), "ended": len(ended) == 1})
    client.cancelRealTimeBars(20)
    client.cancelMktData(21)
    quiet(client, {"realTimeBars": ("realTimeBar", 20), "marketData": ("tick", 21)})
    kinds = {30: "Last", 31: "AllLast", 32: "BidAsk", 33: "MidPoint"}
    # One after the other: IB allows few of them at a time.
    for request, kind in kinds.items():
        client.reqTickByTickData(request, share, kind, 0, False)
        emit("tickByTick " + kind, client.wait(("tickByTick", request), 5))
        client.cancelTickByTickData(request)
    quiet(client, {"tickByTick " + kind: ("tickByTick", request) for request, kind in kinds.items()})


def quiet(client, keys):
    """What still arrives once everything that was on its way has had time to."""
    time.sleep(QUIET_S)
    before = {name: len(client.all(key)) for name, key in keys.items()}
    time.sleep(QUIET_S)
    for name, key in keys.items():
        emit("cancel " + name, len(client.all(key)) - before[name])


def account(client, share):
    name = PLAN["account"]
    client.reqPositions()
    client.wait("positionEnd")
    emit("positions", client.all("position"))
    client.cancelPositions()
    client.reqAccountSummary(40, "All", "NetLiquidation,TotalCashValue,BuyingPower")
    client.wait(("summaryEnd", 40))
    emit("accountSummary", client.all(("summary", 40)))
    client.cancelAccountSummary(40)
    client.reqAccountUpdates(True, name)
    client.wait("accountEnd")
    emit("accountUpdates", {"values": client.all("accountValue"), "portfolio": client.all("portfolio")})
    client.reqAccountUpdates(False, name)
    client.reqAccountUpdatesMulti(41, name, "", False)
    client.wait(("multiEnd", 41))
    emit("accountUpdatesMulti", client.all(("multi", 41)))
    client.cancelAccountUpdatesMulti(41)
    client.reqPnL(42, name, "")
    emit("pnl", first(client.wait(("pnl", 42))))
    client.cancelPnL(42)
    held = client.all("position")
    if held:
        client.reqPnLSingle(43, name, "", held[0]["conId"])
        emit("pnlSingle", {"conId": held[0]["conId"], **(first(client.wait(("pnl", 43))) or {})})
        client.cancelPnLSingle(43)
    quiet(client, {"pnl": ("pnl", 42), "pnlSingle": ("pnl", 43), "accountUpdates": "accountValue"})
    client.reqExecutions(44, ExecutionFilter())
    client.wait(("executionsEnd", 44))
    emit("executions", client.all(("execution", 44)))
    client.reqFundamentalData(45, share, "ReportSnapshot", [])
    with client.arrived:
        client.arrived.wait_for(
            lambda: ("fundamental", 45) in client.seen or ("error", 45) in client.seen, WAIT_S
        )
    emit("fundamentals", first(client.all(("fundamental", 45))) or first(client.all(("error", 45))))
    client.cancelFundamentalData(45)


def main():
    assert "reqId" in signature(EClient.reqHistoricalTicks).parameters
    client = Client()
    client.connect("127.0.0.1", PLAN["port"], PLAN["clientId"])
    threading.Thread(target=client.run, daemon=True).start()
    client.wait("nextValidId")
    share = contract_of(PLAN["share"])
    for step in (lambda: session(client), lambda: contracts(client, share), lambda: history(client, share),
                 lambda: others(client), lambda: live(client, share), lambda: account(client, share)):
        try:
            step()
        except Exception as failure:  # a later step may still tell something
            print(json.dumps({"failure": repr(failure)}), flush=True)
    client.disconnect()


main()
