import { create } from '@bufbuild/protobuf';
import { flightProtocol, queryV1 } from '@tickwell/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptorCommand, ticketCommand, ticketOf } from './command.ts';
import { partsOf, type FlowFlight } from './flow-flights.ts';
import { requestOf } from './request-json.ts';

const PATH = flightProtocol.FlightDescriptor_DescriptorType.PATH;
const CMD = flightProtocol.FlightDescriptor_DescriptorType.CMD;

describe('what a Flight client asks for', () => {
  it('is a path of library and symbol, or JSON, which is the ticket, too', () => {
    const path = create(flightProtocol.FlightDescriptorSchema, { type: PATH, path: ['md.trades', 'AAPL'] });
    expect(descriptorCommand(path)).toEqual({
      ok: true,
      value: { library: 'md.trades', symbol: 'AAPL', rest: {} },
    });
    const command = { library: 'md.bars.1d', symbol: 'AAPL', rest: { source: 'yahoo', columns: ['close'] } };
    const ticket = create(flightProtocol.TicketSchema, { ticket: ticketOf(command) });
    expect(ticketCommand(ticket)).toEqual({ ok: true, value: command });
  });

  it.each([
    ['a path of one part', { type: PATH, path: ['x'] }, /path has 1 parts/],
    ['no type', {}, /neither a path nor a command/],
    ['no JSON', { type: CMD, cmd: Buffer.from('{') }, /is not JSON/],
    ['a list', { type: CMD, cmd: Buffer.from('[]') }, /not a JSON object/],
    ['no text', { type: CMD, cmd: Buffer.from([0xff]) }, /is not JSON/],
    ['no library', { type: CMD, cmd: Buffer.from('{"symbol":"A"}') }, /names no library/],
    ['endless', { type: CMD, cmd: Buffer.alloc(70_000) }, /has 70000 bytes/],
  ])('is refused with what to write: %s', (_, init, reason) => {
    const read = descriptorCommand(
      create(flightProtocol.FlightDescriptorSchema, {
        ...init,
        ...('cmd' in init ? { cmd: new Uint8Array(init.cmd) } : {}),
      }),
    );
    expect(read).toMatchObject({ ok: false, error: expect.stringMatching(reason) as string });
  });

  it('becomes the request of the call, with times as people write them', () => {
    const read = requestOf(
      queryV1.GetBarsRequestSchema,
      { symbol: 'AAPL', interval: '1d' },
      { start: '2026-01-05', end: 1_767_700_000_000_000, adjustment: 'PRICE_BASIS_ALL', limit: 5 },
    );
    expect(read).toMatchObject({
      ok: true,
      value: {
        symbol: 'AAPL',
        range: { startNs: 1_767_571_200_000_000_000n, endNs: 1_767_700_000_000_000n },
        limit: 5n,
      },
    });
  });

  it.each([
    [{ colums: ['close'] }, /"colums" is unknown/],
    [{ symbol: 'MSFT' }, /symbol is said by library and symbol/],
    [{ fingerprint: true }, /fingerprint is not of Flight/],
    [{ start: 'yesterday' }, /start: "yesterday" is not a time/],
    [{ end: {} }, /end is not a text/],
    [{ limit: 'many' }, /limit/],
  ])('is refused by name: %j', (rest, reason) => {
    const read = requestOf(queryV1.GetBarsRequestSchema, { symbol: 'AAPL', interval: '1d' }, rest);
    expect(read).toMatchObject({ ok: false, error: expect.stringMatching(reason) as string });
  });
});

describe('the endpoints of a long read', () => {
  const series = fc
    .record({
      rows: fc.integer({ min: 0, max: 100_000_000 }),
      firstNs: fc.bigInt(0n, 10n ** 18n),
      lengthNs: fc.bigInt(0n, 10n ** 17n),
    })
    .map(({ rows, firstNs, lengthNs }): FlowFlight => ({
      library: 'md.trades',
      symbol: 'A',
      rows,
      firstNs,
      lastNs: firstNs + lengthNs,
    }));
  const bound = fc.bigInt(1n, 2n * 10n ** 18n);

  it('have every time of the range in exactly one of them, in order', () => {
    fc.assert(
      fc.property(series, fc.option(bound), fc.option(bound), (flight, start, end) => {
        fc.pre(start === null || end === null || start < end);
        const startText = start === null ? {} : { start: String(start) };
        const rest = { source: 'x', ...startText, ...(end === null ? {} : { end: String(end) }) };
        const range = create(queryV1.TimeRangeSchema, { startNs: start ?? 0n, endNs: end ?? 0n });
        const read = {
          fields: [],
          index: 'time',
          range,
          isWhole: true,
          batches: () => {
            throw new Error('not read');
          },
        };
        const parts = partsOf({ library: 'md.trades', symbol: 'A', rest }, read, flight);
        expect(parts.length).toBeLessThanOrEqual(64);
        expect(parts[0]?.rest['start']).toBe(start === null ? undefined : rest.start);
        expect(parts.at(-1)?.rest['end']).toBe(end === null ? undefined : rest.end);
        for (const [at, part] of parts.entries()) {
          expect(part.rest['source']).toBe('x');
          if (at > 0) expect(part.rest['start']).toBe(parts[at - 1]?.rest['end']);
        }
        const cuts = parts.slice(1).map((part) => BigInt(String(part.rest['start'])));
        expect(cuts.every((cut, at) => at === 0 || cut > (cuts[at - 1] ?? 0n))).toBe(true);
      }),
    );
  });
});
