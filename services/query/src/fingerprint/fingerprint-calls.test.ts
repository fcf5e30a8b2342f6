import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { barRows, randomBars } from '../fixtures/bar-series.ts';
import { BARS, World, startService } from '../fixtures/world.ts';

type Fields = MessageInitShape<typeof queryV1.GetBarsRequestSchema>;

async function ask(world: World, fields: Fields): Promise<queryV1.GetBarsResponse[]> {
  await using service = await startService(world.service({ reader: world.store, nowNs: () => 10n ** 15n }));
  const request = create(queryV1.GetBarsRequestSchema, fields);
  if (request.interval === '') request.interval = '1m';
  request.symbol = 'A';
  const answers: queryV1.GetBarsResponse[] = [];
  for await (const answer of service.calls.getBars(request, { signal: new AbortController().signal }))
    answers.push(answer);
  return answers;
}

async function stored(): Promise<World> {
  const world = new World();
  const { epoch } = world.log.topic(BARS);
  const series = { symbol: 'A', source: 'a', epoch, recordOffset: 3n };
  await world.store.write([
    barRows(randomBars(1, 4_500), series),
    barRows(randomBars(2, 10), { ...series, source: 'b', recordOffset: 4n }),
  ]);
  for (const partition of [0, 1]) world.commit(BARS, partition, 4n);
  return world;
}

describe('bars with a fingerprint', () => {
  it('end with it, in a message without bars, as of now or of the time asked for', async () => {
    const world = await stored();
    const answers = await ask(world, { fingerprint: true });
    expect(answers.length).toBeGreaterThan(2);
    const last = answers.at(-1);
    expect(last?.bars).toBeUndefined();
    expect(last?.fingerprint).toMatchObject({ asOfNs: 10n ** 15n, rows: 4_500n });
    expect(answers.slice(0, -1).every(({ fingerprint }) => fingerprint === undefined)).toBe(true);
    const then = await ask(world, { fingerprint: true, asOfNs: 77n, strict: true });
    expect(then.at(-1)?.fingerprint?.asOfNs).toBe(77n);
    const none = await ask(world, { fingerprint: true, range: { startNs: 10n ** 17n } });
    expect(none).toHaveLength(1);
    expect(none[0]?.fingerprint?.rows).toBe(0n);
  });

  it('have another where anything that decides the answer is another', async () => {
    const world = await stored();
    const fields: readonly Fields[] = [
      {},
      { source: 'a' },
      { limit: 5n },
      { limit: 5n, newest: true },
      { columns: ['close'] },
      { asOfNs: 10n ** 14n },
      { asOfNs: 10n ** 14n, strict: true },
      { range: { startNs: 1n } },
      { adjustment: events.PriceBasis.ALL },
      { interval: '5m', resampleFrom: '1m', source: 'a' },
    ];
    const found: (string | undefined)[] = [];
    for (const one of fields)
      found.push((await ask(world, { ...one, fingerprint: true })).at(-1)?.fingerprint?.value);
    expect(new Set(found).size).toBe(fields.length);
    expect(found).not.toContain(undefined);
  });

  it('are the same where only the words are others', async () => {
    const world = await stored();
    const of = async (fields: Fields) =>
      (await ask(world, { ...fields, fingerprint: true })).at(-1)?.fingerprint?.value;
    expect(await of({ columns: ['open', 'close'], priceType: events.PriceType.TRADE })).toBe(
      await of({ columns: ['close', 'open', 'close'] }),
    );
  });

  it('are refused where a fingerprint would not hold, or is none', async () => {
    const world = await stored();
    const value = (await ask(world, { fingerprint: true })).at(-1)?.fingerprint?.value ?? '';
    const refusals: readonly (readonly [Fields, string])[] = [
      [{ fingerprint: true, requireComplete: true }, 'fingerprint goes without require_complete'],
      [{ fingerprint: true, symbols: ['A', 'B'] }, 'fingerprint is of one symbol'],
      [{ fingerprint: true, withCoverage: true }, 'fingerprint goes without with_coverage'],
      [
        { atFingerprint: value, resampleFrom: 'trades' },
        'at_fingerprint goes without resample_from "trades"',
      ],
      [{ fingerprint: true, asOfNs: -5n }, 'as_of_ns -5 is before 1970'],
      [{ atFingerprint: value, asOfNs: 5n }, 'as_of_ns 5 is not that of at_fingerprint, 1000000000000000'],
      [{ atFingerprint: "x' or 1=1" }, `"x' or 1=1" is no fingerprint of bars`],
    ];
    for (const [fields, message] of refusals)
      await expect(ask(world, fields)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      });
  });
});
