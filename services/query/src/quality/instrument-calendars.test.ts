import { describe, expect, it } from 'vitest';
import { InstrumentCalendars } from './instrument-calendars.ts';

function calendars(payload: object): InstrumentCalendars {
  const followed = new InstrumentCalendars();
  const facts = { version: 1n, kindRevision: 1n, deleted: false, author: 'a', writtenAtNs: 1n, position: 1n };
  followed.apply({ ...facts, kind: 'instrument', id: 'A', payloadJson: JSON.stringify(payload) });
  followed.apply({ ...facts, kind: 'job', id: 'A', payloadJson: '{"calendar":"XETR"}' });
  return followed;
}

describe('the calendar of an instrument', () => {
  it('is the one asked for, else its own', () => {
    const found = calendars({ type: 'stock', calendar: 'LSE' });
    expect(found.of('A', '')).toMatchObject({ ok: true, value: { id: 'XLON' } });
    expect(found.of('A', 'XNYS')).toMatchObject({ ok: true, value: { id: 'XNYS' } });
  });

  it('is an error that says where, of a document from before names were checked', () => {
    const found = calendars({ type: 'stock', calendar: 'OURS' }).of('A', '');
    expect(found.ok ? '' : found.error).toContain('instrument A: no calendar is called "OURS"');
  });
});
