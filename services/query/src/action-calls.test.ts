import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { actionRows } from '@tickwell/ports/contract';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { getCorporateActions } from './action-calls.ts';

const DAY = 86_400_000_000_000n;
const day = (at: number): bigint => BigInt(at) * DAY;

async function stored(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const dividend = (knownDay: number, exDay: number, amount: number) =>
    actionRows({ symbol: 'AAPL', source: 'yahoo', knownAtNs: day(knownDay) }, [
      { exDateNs: day(exDay), kind: 'dividend', amount },
    ]);
  await store.write([dividend(10, 5, 1), dividend(20, 5, 2), dividend(8, 30, 3)]);
  return store;
}

/** "ex amount known", a star where it was not known then. */
async function ask(
  fields: MessageInitShape<typeof queryV1.GetCorporateActionsRequestSchema>,
): Promise<string[]> {
  const request = create(queryV1.GetCorporateActionsRequestSchema, fields);
  request.symbol = 'AAPL';
  const { signal } = new AbortController();
  const { actions } = await getCorporateActions(await stored(), request, { signal });
  return actions.map(({ action, knownAtNs, backfilled }) => {
    expect(action?.kind).toBe(events.CorporateActionKind.DIVIDEND);
    const exDay = (action?.exDateNs ?? 0n) / DAY;
    return `${exDay} ${action?.amount ?? NaN} ${knownAtNs / DAY}${backfilled ? ' *' : ''}`;
  });
}

describe('dividends and splits as of a time', () => {
  it('are those that were known then, announced ones too, each with when it became known', async () => {
    expect(await ask({})).toEqual(['5 2 20', '30 3 8']);
    expect(await ask({ asOfNs: day(15) })).toEqual(['5 1 10', '30 3 8']);
    expect(await ask({ asOfNs: day(20) })).toEqual(['5 2 20', '30 3 8']);
  });

  it('say where they were not known yet, or are left out', async () => {
    expect(await ask({ asOfNs: day(9) })).toEqual(['5 1 10 *', '30 3 8']);
    expect(await ask({ asOfNs: day(9), strict: true })).toEqual(['30 3 8']);
    expect(await ask({ asOfNs: day(4) })).toEqual([]);
  });

  it('refuse a time that means nothing', async () => {
    await expect(ask({ asOfNs: -1n })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(ask({ strict: true })).rejects.toThrow('strict is of a time: say which, as_of_ns');
  });
});
