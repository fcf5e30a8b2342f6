import { calendar, type Calendar } from '@tickwell/calendar';
import { formatNs, parseIsoTime, TickwellError } from '@tickwell/domain';
import type { ConfigClient } from '@tickwell/client';
import { describe, expect, it } from 'vitest';
import { calendarFor, closedDays } from './closed-days.ts';

function calendarOf(id: string): Calendar {
  const found = calendar(id);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('closed days', () => {
  it.each([
    ['XNYS', false, ['07-04', '07-06', '07-07']],
    // What trades after the close of Wednesday and of Friday ends at midnight UTC or a little later.
    ['XNYS', true, ['07-07']],
    ['CMES', false, ['07-06']],
    ['24-7', false, []],
  ])('of %s in the week of 2024-07-04, all hours: %s', (id, allHours, expected) => {
    const span = { fromNs: ns('2024-07-03'), toNs: ns('2024-07-09') };
    const days = Array.from(closedDays(calendarOf(id), span, allHours), (day) => formatNs(day).slice(5, 10));
    expect(days).toEqual(expected);
  });

  it('are none outside what the calendar knows', () => {
    const span = { fromNs: ns('1999-12-01'), toNs: ns('2000-01-01') };
    expect([...closedDays(calendarOf('XNYS'), span, false)]).toEqual([]);
  });
});

describe('the calendar of an instrument', () => {
  const withDocument = (payload: object | undefined): { readonly config: Pick<ConfigClient, 'get'> } => ({
    config: {
      get: ({ id }: { readonly id: string }) =>
        payload === undefined
          ? Promise.reject(new TickwellError('not-found', `there is no instrument ${id}`))
          : Promise.resolve({
              author: 'test',
              writtenAtNs: 0n,
              position: 0n,
              kind: 'instrument',
              id,
              version: 1n,
              deleted: false,
              payloadJson: JSON.stringify(payload),
            }),
    },
  });

  it('is the one that is named, else that of its document', async () => {
    const document = withDocument({ type: 'stock', calendar: 'XLON' });
    expect((await calendarFor(document, 'VOD', 'XNYS'))?.id).toBe('XNYS');
    expect((await calendarFor(document, 'VOD', undefined))?.id).toBe('XLON');
    expect(await calendarFor(withDocument({ type: 'stock' }), 'VOD', undefined)).toBeUndefined();
    expect(await calendarFor(withDocument(undefined), 'VOD', undefined)).toBeUndefined();
  });

  it('is an error that says where, for a name that no calendar has', async () => {
    await expect(
      calendarFor(withDocument({ type: 'stock', calendar: 'MOON' }), 'VOD', undefined),
    ).rejects.toThrow('instrument VOD: no calendar is called "MOON"');
  });
});
