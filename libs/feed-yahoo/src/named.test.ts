import { formatNs } from '@tickwell/domain';
import { InstrumentMap } from '@tickwell/instruments';
import { SILENT } from '@tickwell/ports';
import { expect, it } from 'vitest';
import { YahooContext } from './context.ts';
import { FakeClock } from './fixtures/network.ts';
import { readYahooJob } from './job-reader.ts';

function partsOf(
  symbols: readonly unknown[],
  [from, to]: readonly [string, string],
  job: Readonly<Record<string, unknown>> = { interval: '5m' },
) {
  const names = new InstrumentMap();
  const vendors = [
    { source: 'yahoo', symbol: 'FB', from: '2020-01-01', to: '2020-11-01' },
    { source: 'yahoo', symbol: 'META', from: '2020-11-01', to: '2021-01-01' },
    { source: 'yahoo', symbol: '../x', from: '2021-01-01' },
  ];
  const payloadJson = JSON.stringify({ type: 'stock', vendors });
  names.apply({ id: 'META', payloadJson, deleted: false, position: 0n });
  const context = new YahooContext({ clock: new FakeClock(), names });
  const read = readYahooJob({ type: 'yahoo', symbols, from, to, ...job }, 'job', context);
  if (!read.ok) throw new Error(read.error.join());
  return Promise.all(read.value.map(async (job) => job.parts?.()));
}

it('an id without a ticker is asked for under every one that it had, and its ticker is checked', async () => {
  const [parts] = await partsOf(['META'], ['2020-10-01', '2021-02-01']);
  if (parts?.ok !== true) throw new Error('no parts');
  expect(parts.value.slice(0, 2).map(({ name }) => name)).toEqual(['Yahoo FB 5m', 'Yahoo META 5m']);
  const opened = await Promise.all(parts.value.map((part) => part.open(SILENT)));
  expect(opened.map((each) => (each.ok ? each.value.source : each.error.code))).toEqual([
    expect.stringMatching(/^yahoo/),
    expect.stringMatching(/^yahoo/),
    'yahoo-options',
  ]);
});

it('one that had no ticker then is an error; a ticker of the job’s own, and an unknown id, are taken as they are', async () => {
  const span = ['2019-01-01', '2019-02-01'] as const;
  const [none, other] = await partsOf(['META', 'AAPL'], span);
  const [own] = await partsOf([{ symbol: 'META', ticker: 'FB' }], span);
  const message = `META has no name at yahoo from ${formatNs(1546300800000000000n)}`;
  expect(none).toMatchObject({ ok: false, error: { message: expect.stringContaining(message) as string } });
  expect(other).toMatchObject({ ok: true, value: [{ name: 'Yahoo AAPL 5m' }] });
  expect(own).toBeUndefined();
});

it('a ticker that the map knows is asked for as the instruments whose it was', async () => {
  const [parts] = await partsOf(['FB'], ['2020-10-01', '2021-02-01'], { feed: 'actions' });
  if (parts?.ok !== true) throw new Error('no parts');
  const opened = await Promise.all(parts.value.map((part) => part.open(SILENT)));
  expect(
    opened.map((each) => (each.ok ? each.value.streamId.split(':').slice(0, 3) : each.error.code)),
  ).toEqual([['yahoo', 'META', 'FB']]);
});
