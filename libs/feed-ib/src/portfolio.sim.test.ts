import { afterEach, describe, expect, it } from 'vitest';
import type { PortfolioItem } from '@tickwell/ports';
import { SILENT } from '@tickwell/ports';
import { formulaMarket, stock } from './fixtures/formula-market.ts';
import { collect, openOnly, startBench, until, type Bench, type Collected } from './fixtures/sim.ts';
import { ibFundamentalsJob, ibPortfolioJob, symbolFor } from './jobs.ts';

const AAPL = stock(265_598, 'AAPL');
let bench: Bench;

afterEach(async () => {
  await bench.simulator.stop();
});

function itemsOf(got: Collected): PortfolioItem[] {
  return got.chunks.flatMap((chunk) => (chunk.kind === 'portfolio' ? chunk.items : []));
}

describe('a portfolio', () => {
  it('tells positions, values, profit and executions with their commission, each once, over a cut', async () => {
    const positions = [{ instrument: 'AAPL', quantity: 100, averageCost: 90 }];
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 20, positions });
    const source = await openOnly(ibPortfolioJob({ ...bench.gateway }, bench.context));
    const { got, stop } = collect(source);
    const has = (test: (item: PortfolioItem) => boolean): boolean => itemsOf(got).some(test);
    await until(() => has(({ kind }) => kind === 'position') && has(({ kind }) => kind === 'profitAndLoss'));
    const executed = bench.simulator.trade({ instrument: 'AAPL', quantity: -40 });
    await until(() => has((item) => item.kind === 'execution' && item.executionId === executed.execId));
    bench.simulator.inject({ kind: 'cut' });
    const connections = bench.simulator.stats().connections;
    await until(() => bench.simulator.stats().connections > connections);
    const again = bench.simulator.trade({ instrument: 'AAPL', quantity: 5 });
    await until(() => has((item) => item.kind === 'execution' && item.executionId === again.execId));
    await until(() => has((item) => item.kind === 'position' && item.quantity === 65));
    await stop();
    const executions = itemsOf(got).filter((item) => item.kind === 'execution');
    expect(executions).toEqual([
      expect.objectContaining({
        symbol: 'AAPL',
        quantity: -40,
        price: executed.price,
        commission: executed.commission,
      }),
      expect.objectContaining({ symbol: 'AAPL', quantity: 5, price: again.price }),
    ]);
    expect(has((item) => item.kind === 'accountValue' && item.tag === 'NetLiquidation')).toBe(true);
    expect(got.chunks[0]).toMatchObject({ symbol: 'DU1234567', kind: 'portfolio' });
  });

  it('refuses an account of another login', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }));
    const jobs = ibPortfolioJob({ ...bench.gateway, account: 'U9' }, bench.context);
    const [job] = jobs.ok ? jobs.value : [];
    const opened = await job?.open(SILENT);
    expect(opened?.ok === false && opened.error.message).toBe(
      'IB portfolio: account U9 is not one of this login; it has DU1234567',
    );
  });

  it('names contracts after IB where no instrument is given', () => {
    expect(
      [
        { symbol: 'EUR', secType: 'CASH', currency: 'USD' },
        { symbol: 'ES', secType: 'FUT', lastTradeDateOrContractMonth: '20250321' },
        { symbol: 'BRK B', secType: 'STK' },
        { symbol: '', conId: 7 },
      ].map(symbolFor),
    ).toEqual(['EURUSD', 'ES-202503', 'BRK.B', 'conId-7']);
  });
});

describe('fundamentals', () => {
  const XML =
    '<ReportSnapshot><Ratios ReportingCurrency="USD" LatestAvailableDate="2023-12-31"><Ratio FieldName="BETA" Type="N">1.29</Ratio></Ratios></ReportSnapshot>';

  it('come as events, or as one clear refusal', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL], fundamentals: XML }));
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(ibFundamentalsJob({ ...bench.gateway, instruments }, bench.context));
    const { got, done, stop } = collect(source);
    await done;
    await stop();
    expect(got.chunks).toMatchObject([{ kind: 'fundamentals', items: [{ item: 'BETA', value: 1.29 }] }]);
    await bench.simulator.stop();
    bench = await startBench(formulaMarket({ instruments: [AAPL] }));
    const jobs = ibFundamentalsJob({ ...bench.gateway, instruments }, bench.context);
    const [job] = jobs.ok ? jobs.value : [];
    const opened = await job?.open(SILENT);
    expect(opened?.ok === false && opened.error.message).toMatch(
      /^IB AAPL ReportSnapshot: error 430: We are sorry.*; IB has no fundamentals of it, or offers them no longer/,
    );
  });
});
