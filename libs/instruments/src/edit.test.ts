import { describe, expect, it } from 'vitest';
import { delistedDocument, memberDocument, renamedDocument } from './edit.ts';
import { at, mapOf } from './fixtures/build.ts';

const FB = {
  type: 'stock',
  note: undefined,
  listed: { from: '2012-05-18' },
  vendors: [
    { source: 'yahoo', symbol: 'FB' },
    { source: 'ib', symbol: 'FB', contract: { conId: 107113386, secType: 'STK' } },
    { source: 'stooq', symbol: 'fb.us' },
  ],
};
const text = JSON.stringify(FB);
const onNs = at('2022-06-09');
const parsed = (result: { readonly ok: boolean; readonly value?: string }): unknown =>
  JSON.parse(result.value ?? 'null');

describe('a rename', () => {
  it('ends the old name where the new one begins, at every source that used it; the id stays', () => {
    const renamed = renamedDocument('META', text, { from: 'FB', to: 'META', onNs });
    expect(parsed(renamed)).toEqual({
      type: 'stock',
      listed: { from: '2012-05-18' },
      vendors: [
        { source: 'yahoo', symbol: 'FB', to: '2022-06-09' },
        { source: 'yahoo', symbol: 'META', from: '2022-06-09' },
        { source: 'ib', symbol: 'FB', contract: { conId: 107113386, secType: 'STK' }, to: '2022-06-09' },
        { source: 'ib', symbol: 'META', contract: { conId: 107113386, secType: 'STK' }, from: '2022-06-09' },
        { source: 'stooq', symbol: 'fb.us' },
      ],
    });
    const map = mapOf({ META: parsed(renamed) });
    expect(map.vendorSymbol('META', 'yahoo', onNs - 1n)?.symbol).toBe('FB');
    expect(map.vendorSymbol('META', 'yahoo', onNs)?.symbol).toBe('META');
    expect(map.idOf('ib', { symbol: 'FB', contract: { conId: 107113386 } }, onNs)).toBe('META');
  });

  it('can be of one source, and says where there is nothing to rename', () => {
    const renamed = renamedDocument('META', text, { source: 'stooq', to: 'meta.us', onNs });
    expect(mapOf({ META: parsed(renamed) }).vendorSymbol('META', 'stooq', onNs)?.symbol).toBe('meta.us');
    expect(renamedDocument('META', text, { source: 'tiingo', to: 'META', onNs })).toEqual({
      ok: false,
      error: 'tiingo has no name for META at 2022-06-09 that could end',
    });
    expect(renamedDocument('META', text, { from: 'FBK', to: 'META', onNs })).toMatchObject({ ok: false });
  });
});

it('a delisting ends all names, without touching what was', () => {
  const map = mapOf({ META: parsed(delistedDocument('META', text, onNs)) });
  expect(map.vendorSymbol('META', 'yahoo', onNs - 1n)?.symbol).toBe('FB');
  expect(map.vendorSymbol('META', 'yahoo', onNs)).toBeUndefined();
  expect(delistedDocument('META', text, at('2012-05-18'))).toMatchObject({ ok: false });
});

it('members join and leave an index', () => {
  const joined = memberDocument('IDX', '{"type":"index"}', {
    member: 'A',
    onNs: at('2020-01-01'),
    what: 'join',
  });
  const left = memberDocument('IDX', JSON.stringify(parsed(joined)), {
    member: 'A',
    onNs: at('2021-01-01'),
    what: 'leave',
  });
  expect(parsed(left)).toEqual({
    type: 'index',
    members: [{ id: 'A', from: '2020-01-01', to: '2021-01-01' }],
  });
  const again = { member: 'A', onNs: at('2020-06-01') };
  const index = JSON.stringify(parsed(left));
  expect(memberDocument('IDX', index, { ...again, what: 'join' })).toEqual({
    ok: false,
    error: 'A is in IDX already at 2020-06-01',
  });
  expect(memberDocument('IDX', index, { member: 'B', onNs, what: 'leave' })).toEqual({
    ok: false,
    error: 'B is not in IDX at 2022-06-09',
  });
});
