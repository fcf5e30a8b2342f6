"""Asks the simulator for everything with ib_async and prints what it made of the answers as JSON lines."""
import asyncio
import datetime
import json
import logging
import math
import sys

from ib_async import IB, Contract, util

PLAN = json.loads(sys.argv[1])
WAIT_S = PLAN["waitSeconds"]
QUIET_S = PLAN["quietSeconds"]
logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
# Errors that the server answers are heard as events; what cannot be decoded is complained about elsewhere.
logging.getLogger("ib_async.wrapper").setLevel(logging.CRITICAL)


def emit(kind, value):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


def seconds(moment):
    return int(moment.timestamp())


def bar_of(bar):
    date = bar.date
    if isinstance(date, datetime.datetime):
        stamp = str(seconds(date))
    else:
        stamp = date.strftime("%Y%m%d")
    return {
        "time": stamp,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "wap": bar.average,
        "count": bar.barCount,
    }


async def until(condition):
    """Polls a condition of the client's state, which has no event for all of it."""
    end = asyncio.get_running_loop().time() + WAIT_S
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError("what was asked for did not come in time")
        await asyncio.sleep(0.05)


async def session(ib, share):
    emit("handshake", ib.client.serverVersion())
    emit("accounts", ib.managedAccounts())
    emit("nextValidId", ib.client.getReqId())
    emit("currentTime", seconds(await ib.reqCurrentTimeAsync()))


async def contracts(ib, share):
    [details] = await ib.reqContractDetailsAsync(share)
    contract = details.contract
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
            "isin": next((pair.value for pair in details.secIdList if pair.tag == "ISIN"), ""),
        },
    )
    found = await ib.reqMatchingSymbolsAsync(PLAN["share"]["symbol"])
    emit(
        "matchingSymbols",
        [
            {"conId": each.contract.conId, "symbol": each.contract.symbol, "secType": each.contract.secType}
            for each in found
        ],
    )
    errors = []
    heard = lambda request, code, text, contract: errors.append({"code": code, "text": text})
    ib.errorEvent += heard
    await ib.reqContractDetailsAsync(
        Contract(**{**PLAN["share"], "conId": 0, "symbol": "NOSUCHSYMBOL"})
    )
    ib.errorEvent -= heard
    emit("unknownContract", errors[0] if errors else None)


async def history(ib, share):
    end = PLAN["historyEnd"]
    bars = await ib.reqHistoricalDataAsync(share, end, "1800 S", "1 min", "TRADES", False, 2)
    emit("historicalBars", [bar_of(bar) for bar in bars])
    bars = await ib.reqHistoricalDataAsync(share, end, "5 D", "1 day", "TRADES", True, 1)
    emit("dailyBars", [bar_of(bar) for bar in bars])
    kept = await ib.reqHistoricalDataAsync(share, "", "60 S", "5 secs", "TRADES", False, 2, True)
    updates = []
    kept.updateEvent += lambda bars, new: updates.append(bar_of(bars[-1]))
    await until(lambda: len(updates) >= 3)
    emit("barUpdates", updates)
    errors = []
    heard = lambda request, code, text, contract: errors.append({"code": code, "text": text})
    ib.errorEvent += heard
    ib.cancelHistoricalData(kept)
    await until(lambda: errors)
    ib.errorEvent -= heard
    emit("cancelHistoricalData", errors[0] if errors else None)
    head = await ib.reqHeadTimeStampAsync(share, "TRADES", False, 2)
    emit("headTimestamp", str(seconds(head)) if isinstance(head, datetime.datetime) else str(head))
    start = PLAN["ticksStart"]
    ticks = await ib.reqHistoricalTicksAsync(share, start, "", 100, "TRADES", False)
    emit(
        "historicalTicks TRADES",
        [
            {
                "time": seconds(t.time),
                "price": t.price,
                "size": t.size,
                "exchange": t.exchange,
                "conditions": t.specialConditions,
            }
            for t in ticks
        ],
    )
    ticks = await ib.reqHistoricalTicksAsync(share, start, "", 100, "BID_ASK", False)
    emit(
        "historicalTicks BID_ASK",
        [
            {
                "time": seconds(t.time),
                "bid": t.priceBid,
                "ask": t.priceAsk,
                "bidSize": t.sizeBid,
                "askSize": t.sizeAsk,
            }
            for t in ticks
        ],
    )
    ticks = await ib.reqHistoricalTicksAsync(share, start, "", 100, "MIDPOINT", False)
    emit("historicalTicks MIDPOINT", [{"time": seconds(t.time), "price": t.price} for t in ticks])


async def others(ib, share):
    end = PLAN["historyEnd"]
    if PLAN["future"]:
        future = Contract(**PLAN["future"])
        [details] = await ib.reqContractDetailsAsync(future)
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
        bars = await ib.reqHistoricalDataAsync(future, end, "5 D", "1 day", "TRADES", False, 1)
        emit("futureDailyBars", [bar_of(bar) for bar in bars])
        bars = await ib.reqHistoricalDataAsync(future, end, "2 W", "1 week", "TRADES", False, 1)
        emit("futureWeeklyBars", [bar_of(bar) for bar in bars])
    if PLAN["pair"]:
        pair = Contract(**PLAN["pair"])
        bars = await ib.reqHistoricalDataAsync(pair, end, "1800 S", "1 min", "MIDPOINT", False, 2)
        emit("pairMidpointBars", [bar_of(bar) for bar in bars])
        bars = await ib.reqHistoricalDataAsync(pair, end, "3600 S", "5 mins", "BID_ASK", False, 2)
        emit("pairBidAskBars", [bar_of(bar) for bar in bars])
        ticks = []
        ticker = ib.reqTickByTickData(pair, "BidAsk")
        ticker.updateEvent += lambda updated: ticks.extend(tick_of("BidAsk", tick) for tick in updated.tickByTicks)
        await until(lambda: len(ticks) >= 5)
        emit("pairTicks", list(ticks))
        ib.cancelTickByTickData(pair, "BidAsk")


FIELDS = {
    1: "bid",
    2: "ask",
    0: "bidSize",
    3: "askSize",
    4: "last",
    5: "lastSize",
    6: "high",
    7: "low",
    8: "volume",
    9: "close",
    14: "open",
    48: "rtVolume",
}


def ticks_of(ticker):
    """As the wire's tick types; ib_async keeps the newest of each."""
    pairs = [[number, getattr(ticker, name)] for number, name in FIELDS.items()]
    return [pair for pair in pairs if pair[1] is not None and not math.isnan(pair[1])]


async def live(ib, share):
    ib.reqMarketDataType(1)
    bars = ib.reqRealTimeBars(share, 5, "TRADES", False)
    ticker = ib.reqMktData(share, "233", False, False)
    await until(lambda: len(bars) >= 3)
    emit(
        "realTimeBars",
        [
            {
                "time": seconds(bar.time),
                "open": bar.open_,
                "high": bar.high,
                "low": bar.low,
                "close": bar.close,
                "volume": bar.volume,
                "wap": bar.wap,
                "count": bar.count,
            }
            for bar in bars
        ],
    )
    await until(lambda: not math.isnan(ticker.rtVolume) and not math.isnan(ticker.bid))
    emit("marketData", {"ticks": ticks_of(ticker), "type": ticker.marketDataType})
    ib.cancelRealTimeBars(bars)
    ib.cancelMktData(share)
    updates = []
    ticker.updateEvent += lambda ticker: updates.append(1)
    await asyncio.sleep(QUIET_S)
    bars_before, updates_before = len(bars), len(updates)
    await asyncio.sleep(QUIET_S)
    emit("cancel realTimeBars", len(bars) - bars_before)
    emit("cancel marketData", len(updates) - updates_before)
    # Snapshot of another contract object: a ticker is shared by contract.
    [snapshot] = await ib.reqTickersAsync(share)
    emit("snapshot", {"ticks": ticks_of(snapshot), "ended": True})
    for kind in ("Last", "AllLast", "BidAsk", "MidPoint"):
        await tick_by_tick(ib, share, kind)


async def tick_by_tick(ib, share, kind):
    ticker = ib.reqTickByTickData(share, kind)
    ticks = []

    def hear(updated):
        ticks.extend(tick_of(kind, tick) for tick in updated.tickByTicks)

    ticker.updateEvent += hear
    await until(lambda: len(ticks) >= 5)
    emit("tickByTick " + kind, list(ticks))
    ib.cancelTickByTickData(share, kind)
    await asyncio.sleep(QUIET_S)
    before = len(ticks)
    await asyncio.sleep(QUIET_S)
    emit("cancel tickByTick " + kind, len(ticks) - before)
    ticker.updateEvent -= hear


def tick_of(kind, tick):
    """Without time: ib_async stamps these with the clock of this machine."""
    if kind == "BidAsk":
        return {"bid": tick.bidPrice, "ask": tick.askPrice, "bidSize": tick.bidSize, "askSize": tick.askSize}
    if kind == "MidPoint":
        return {"price": tick.midPoint}
    return {"price": tick.price, "size": tick.size, "exchange": tick.exchange}


def value_of(item):
    return {"account": item.account, "key": item.tag, "value": item.value, "currency": item.currency}


async def account(ib, share):
    name = PLAN["account"]
    positions = await ib.reqPositionsAsync()
    emit(
        "positions",
        [
            {"account": p.account, "conId": p.contract.conId, "position": p.position, "averageCost": p.avgCost}
            for p in positions
        ],
    )
    emit("accountSummary", [value_of(item) for item in await ib.accountSummaryAsync()])
    emit(
        "accountUpdates",
        {
            # What connect asked for.
            "values": [value_of(item) for item in ib.accountValues(name) if not item.modelCode],
            "portfolio": [
                {
                    "account": item.account,
                    "conId": item.contract.conId,
                    "position": item.position,
                    "marketPrice": item.marketPrice,
                    "marketValue": item.marketValue,
                    "averageCost": item.averageCost,
                    "unrealized": item.unrealizedPNL,
                    "realized": item.realizedPNL,
                }
                for item in ib.portfolio(name)
            ],
        },
    )
    before = len(ib.wrapper.acctSummary), len(ib.wrapper.accountValues)
    await ib.reqAccountUpdatesMultiAsync(name)
    emit("accountUpdatesMulti", [value_of(item) for item in ib.accountValues(name)])
    assert before[1] <= len(ib.wrapper.accountValues)
    pnl = ib.reqPnL(name)
    await until(lambda: not math.isnan(pnl.dailyPnL))
    emit("pnl", {"daily": pnl.dailyPnL, "unrealized": pnl.unrealizedPnL, "realized": pnl.realizedPnL})
    if positions:
        con_id = positions[0].contract.conId
        single = ib.reqPnLSingle(name, "", con_id)
        await until(lambda: not math.isnan(single.value))
        emit(
            "pnlSingle",
            {
                "conId": con_id,
                "position": single.position,
                "daily": single.dailyPnL,
                "unrealized": single.unrealizedPnL,
                "realized": single.realizedPnL,
                "marketValue": single.value,
            },
        )
        heard = []
        ib.pnlSingleEvent += lambda item: heard.append(item)
        ib.cancelPnLSingle(name, "", con_id)
        await asyncio.sleep(QUIET_S)
        count = len(heard)
        await asyncio.sleep(QUIET_S)
        emit("cancel pnlSingle", len(heard) - count)
    heard = []
    ib.pnlEvent += lambda item: heard.append(item)
    ib.cancelPnL(name)
    await asyncio.sleep(QUIET_S)
    count = len(heard)
    await asyncio.sleep(QUIET_S)
    emit("cancel pnl", len(heard) - count)
    fills = await ib.reqExecutionsAsync()
    emit(
        "executions",
        [
            {
                "execId": fill.execution.execId,
                "conId": fill.contract.conId,
                "side": fill.execution.side,
                "shares": fill.execution.shares,
                "price": fill.execution.price,
                "account": fill.execution.acctNumber,
            }
            for fill in fills
        ],
    )
    errors = []
    heard = lambda request, code, text, contract: errors.append({"code": code, "text": text})
    ib.errorEvent += heard
    report = await ib.reqFundamentalDataAsync(share, "ReportSnapshot")
    ib.errorEvent -= heard
    emit("fundamentals", report if report else (errors[0] if errors else None))


async def main():
    ib = IB()
    await ib.connectAsync("127.0.0.1", PLAN["port"], PLAN["clientId"], timeout=WAIT_S)
    share = Contract(**PLAN["share"])
    for step in (session, contracts, history, others, live, account):
        try:
            await asyncio.wait_for(step(ib, share), 6 * WAIT_S)
        except Exception as failure:  # a later step may still tell something
            print(json.dumps({"failure": step.__name__ + ": " + repr(failure)}), flush=True)
    ib.disconnect()


util.run(main())
