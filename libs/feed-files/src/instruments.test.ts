import { InstrumentMap } from '@tickwell/instruments';
import { describe, expect, it } from 'vitest';
import { openFileSource } from './file-source.ts';
import { DAILY, eventsOf, file, items, refusalsOf, TRADES } from './fixtures/files.ts';
import type { FileSourceOptions } from './options.ts';

/** FB was one company's ticker until 2003 and another's from 2012 on, which is called META since 2022. */
function map(): InstrumentMap {
  const made = new InstrumentMap();
  const source = 'file:test';
  const documents = {
    'FB-1999': [{ source, symbol: 'FB', to: '2003-03-28' }],
    META: [
      { source, symbol: 'FB', from: '2012-05-18', to: '2022-06-09' },
      { source, symbol: 'META', from: '2022-06-09' },
    ],
  };
  for (const [position, [id, vendors]] of Object.entries(documents).entries()) {
    const payloadJson = JSON.stringify({ type: 'stock', vendors });
    made.apply({ id, payloadJson, deleted: false, position: BigInt(position) });
  }
  return made;
}

const ROWS = [
  '2003-03-27,FB,1',
  '2012-05-18,FB,38',
  '2022-06-08,FB,196',
  '2022-06-09,META,184',
  '2022-06-09,AAPL,142',
];

async function read(options: FileSourceOptions) {
  const opened = await openFileSource(options, map());
  if (!opened.ok) throw opened.error;
  return items(opened.value);
}

/** Symbol and line of every event. */
const places = (all: Parameters<typeof eventsOf>[0]): string[] =>
  eventsOf(all).map((event) => event.split(' ').slice(0, 2).join(' '));

describe('names of a symbol column that the instrument map knows', () => {
  it('become the ids of whose they are at the time of the row; others are ids', async () => {
    const all = await read({ ...TRADES, path: file(`time,symbol,price\n${ROWS.join('\n')}\n`) });
    expect(refusalsOf(all)).toEqual([]);
    expect(places(all)).toEqual(['2 FB-1999', '3 META', '4 META', '5 META', '6 AAPL']);
  });

  it('of bars go by the start of the bar', async () => {
    const bars = ROWS.map((row) => row.replace(/,([\d]+)$/, ',$1,$1,$1,$1'));
    const { kind, interval, priceBasis, dataset } = DAILY;
    const daily = { kind, interval, priceBasis, dataset };
    const all = await read({ ...daily, path: file(`time,symbol,open,high,low,close\n${bars.join('\n')}\n`) });
    expect(places(all)).toEqual(['2 FB-1999', '3 META', '4 META', '5 META', '6 AAPL']);
  });

  it('are refused at a time when they are nobody’s, and the other rows go on', async () => {
    const all = await read({
      ...TRADES,
      path: file('time,symbol,price\n2005-01-01,FB,1\n2015-01-01,FB,2\nnever,FB,3\n'),
    });
    expect(places(all)).toEqual(['3 META']);
    expect(refusalsOf(all).map(({ rule }) => rule)).toEqual(['unknown-instrument', 'bad-time']);
    expect(refusalsOf(all)[0]?.reason).toContain(
      '"FB" is no instrument\'s at 2005-01-01T00:00:00Z, though it is at other times',
    );
  });

  it('are not looked up where the job names the instrument', async () => {
    const all = await read({ ...TRADES, symbol: 'FB', path: file('time,price\n2005-01-01,1\n') });
    expect(places(all)).toEqual(['2 FB']);
  });
});
