import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyBook } from './policy-book.ts';
import { parsePolicy, type SourcePolicy } from './policy.ts';

const BARS = { kind: 'bars', interval: '1d' } as const;

function policy(id: string, instruments: unknown, series: object = BARS): SourcePolicy {
  const sources = [{ source: id, job: { type: 'yahoo', symbols: '{instruments}' } }];
  const parsed = parsePolicy(id, { type: 'policy', instruments, series, sources });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

function book(...policies: readonly SourcePolicy[]): PolicyBook {
  const made = new PolicyBook();
  for (const each of policies) made.setPolicy(each.id, each);
  made.setInstrument('AAPL', { type: 'stock', exchange: 'NASDAQ', currency: 'USD' });
  made.setInstrument('SAP', { type: 'stock', exchange: 'XETR', currency: 'EUR' });
  made.setInstrument('SPY', { type: 'etf', exchange: 'ARCA', currency: 'USD' });
  return made;
}

describe('PolicyBook', () => {
  it('takes the policy that names the id, then the rule that asks for more; what no policy is for has none', () => {
    const made = book(
      policy('dollars', { currency: 'USD' }),
      policy('stocks', { type: ['stock', 'etf'], currency: ['USD', 'EUR'] }),
      policy('one', ['SPY', 'GONE']),
    );
    expect(['AAPL', 'SAP', 'SPY', 'GONE', 'ELSE'].map((id) => made.owner(BARS, id)?.id)).toEqual([
      'stocks',
      'stocks',
      'one',
      'one',
      undefined,
    ]);
    expect(['dollars', 'stocks', 'one', 'none'].map((id) => made.instrumentsOf(id))).toEqual([
      [],
      ['AAPL', 'SAP'],
      ['SPY', 'GONE'],
      [],
    ]);
    expect(made.owner({ kind: 'bars', interval: '1m' }, 'AAPL')).toBeUndefined();
    expect(made.owner({ kind: 'trades', interval: '' }, 'SPY')).toBeUndefined();
  });

  it('lets instruments join and leave as the map changes, and hands them over as policies do', () => {
    const made = book(
      policy('stocks', { ids: ['ES'], type: 'stock' }),
      policy('dollars', { type: 'stock', currency: 'USD' }),
    );
    expect(made.instrumentsOf('stocks')).toEqual(['ES', 'SAP']);
    made.setInstrument('MSFT', { type: 'stock', exchange: 'NASDAQ', currency: 'USD' });
    made.setInstrument('SAP', { type: 'stock', exchange: 'XETR', currency: 'USD' });
    expect(made.instrumentsOf('dollars')).toEqual(['AAPL', 'MSFT', 'SAP']);
    made.setInstrument('AAPL', undefined);
    made.setPolicy('dollars', undefined);
    expect(made.instrumentsOf('stocks')).toEqual(['ES', 'MSFT', 'SAP']);
  });

  it('says which policies contradict each other, over what, and what to do', () => {
    const made = book(
      policy('stocks', { ids: ['SPY', 'QQQ'], type: ['stock', 'etf'] }),
      policy('euros', { type: 'stock', currency: 'EUR' }),
    );
    expect(made.conflicts(policy('nyse', { ids: ['QQQ'], exchange: 'NYSE' }))).toEqual([
      'policy stocks serves bars 1d of QQQ already: take them out of one of both',
      'policy.instruments (exchange NYSE) and policy stocks (type stock or etf) may both hold of one instrument for bars 1d, and neither comes first: ask for one more of type, exchange and currency in one of them, or name ids',
    ]);
    const fine = [
      policy('funds', { type: 'fund' }),
      policy('nyse', { exchange: 'NYSE', type: 'stock', currency: 'EUR' }),
      policy('yen', { type: 'stock', currency: 'JPY' }),
      policy('one', ['SAP']),
      policy('minutes', { type: 'stock' }, { kind: 'bars', interval: '1m' }),
      policy('stocks', { ids: ['SPY'], type: 'stock' }),
    ];
    for (const each of fine) expect(made.conflicts(each), each.id).toEqual([]);
  });

  const values = (...of: string[]) => fc.subarray(of);
  const selection = fc
    .record({
      ids: fc.subarray(['A', 'B', 'C']),
      type: values('stock', 'etf'),
      exchange: values('X', 'Y'),
      currency: values('USD', 'EUR'),
    })
    .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, list]) => list.length > 0)))
    .filter((fields) => Object.keys(fields).length > 0);
  const instrument = fc.record({
    type: fc.constantFrom('stock', 'etf'),
    exchange: fc.constantFrom('X', 'Y', ''),
    currency: fc.constantFrom('USD', 'EUR', 'JPY'),
  });

  it('gives each instrument one policy, the same in whatever order all came, and none of two of one rank where nothing conflicts', () => {
    fc.assert(
      fc.property(
        fc.array(selection, { maxLength: 6 }),
        fc.dictionary(fc.constantFrom('A', 'B', 'C', 'D', 'E'), instrument),
        fc.nat(),
        (selections, instruments, seed) => {
          const policies = selections.map((one, at) => policy(`p${at}`, one));
          const made = new PolicyBook();
          const accepted = policies.filter((each) => {
            const isFine = made.conflicts(each).length === 0;
            if (isFine) made.setPolicy(each.id, each);
            return isFine;
          });
          for (const [id, facts] of Object.entries(instruments)) made.setInstrument(id, facts);
          const other = new PolicyBook();
          for (const [id, facts] of Object.entries(instruments).reverse()) other.setInstrument(id, facts);
          const turned = accepted.map((_, at) => accepted[(at + seed) % accepted.length]!);
          for (const each of turned) {
            other.setPolicy(each.id, policy(each.id, ['E']));
            other.setPolicy(each.id, each);
          }
          const owned = accepted.flatMap(({ id }) => [...made.instrumentsOf(id)]);
          expect(new Set(owned).size).toBe(owned.length);
          for (const { id } of accepted) expect(other.instrumentsOf(id)).toEqual(made.instrumentsOf(id));
          for (const id of ['A', 'B', 'C', 'D', 'E']) {
            const rank = (of: SourcePolicy): number =>
              of.instruments.ids.includes(id) ? 4 : ranked(of, instruments[id]);
            const ranks = accepted.map(rank).filter((one) => one > 0);
            const best = Math.max(...ranks);
            const owner = made.owner(BARS, id);
            expect(owner === undefined ? -Infinity : rank(owner)).toBe(best);
            expect(ranks.filter((one) => one === best).length).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});

/** The number of properties that a policy asks for and an instrument has; 0: its rule does not hold. */
function ranked(
  { instruments: { rule } }: SourcePolicy,
  facts: { readonly type: string; readonly exchange: string; readonly currency: string } | undefined,
): number {
  if (rule === undefined || facts === undefined) return 0;
  const asked = [
    [rule.types, facts.type],
    [rule.exchanges, facts.exchange],
    [rule.currencies, facts.currency],
  ] as const;
  const wanted = asked.filter(([list]) => list.length > 0);
  return wanted.every(([list, value]) => list.includes(value)) ? wanted.length : 0;
}
