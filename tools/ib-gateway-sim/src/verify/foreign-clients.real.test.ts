/** The simulator against clients that nobody here wrote: every kind of message that it serves, with the values of its market. */
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startIbGatewaySim, type IbGatewaySim } from '../index.ts';
import { createMarket } from '../market/index.ts';
import type { Instrument, Market } from '../market/market.ts';
import { CHECKS, type CheckContext } from './checks.ts';
import type { Answers, Plan } from './plan.ts';
import { askWithPython, pythonClients, type PythonClient, type PythonClients } from './python-clients.ts';
import { askWithStoqey } from './stoqey-client.ts';

/** Monday, 10:00 in New York. */
const START_MS = Date.parse('2026-11-23T15:00:00Z');
/** Faster than life, and slow enough for clients that share a busy machine. */
const SPEED = 8;
const HISTORY_END_MS = START_MS - 15 * 60_000;
const TICKS_START_MS = START_MS - 25 * 60_000;
const ACCOUNT = 'DU1234567';

interface Outcome {
  readonly answers: Answers;
  readonly complaints: string;
}

/** What a client cannot do, or cannot show. */
const NOT_APPLICABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ib_async: { 'cancel accountUpdates': 'ib_async keeps the subscription that it makes on connecting' },
};

let market: Market;
let share: Instrument;
let future: Instrument | undefined;
let pair: Instrument | undefined;
let simulator: IbGatewaySim;
let python: PythonClients | string;
const outcomes = new Map<string, Record<string, string | undefined>>();
const skipped = new Map<string, string>();

beforeAll(async () => {
  python = await pythonClients();
  market = await createMarket({ logger: SILENT, now: () => START_MS });
  // IBM has every trade and quote of the day; the sample has Apple.
  share = market.instruments.find(({ symbol }) => symbol === 'IBM') ?? market.instruments[0]!;
  future = market.instruments.find(({ localSymbol }) => localSymbol === 'ESZ6');
  pair = market.instruments.find(({ localSymbol }) => localSymbol === 'EUR.USD');
  simulator = await startIbGatewaySim({ market, startMs: START_MS, speed: SPEED });
}, 400_000);

afterAll(async () => {
  await simulator.stop();
  process.stdout.write(`\n${table()}\n`);
});

function reasonAgainst(client: string, kind: string): string | undefined {
  if (kind.startsWith('future') && future === undefined) return 'the sample has no futures';
  if (kind.startsWith('pair') && pair === undefined) return 'the sample has no currencies';
  return NOT_APPLICABLE[client]?.[kind];
}

function planFor(clientId: number): Plan {
  return {
    port: simulator.port,
    clientId,
    account: ACCOUNT,
    share: fieldsOf(share),
    future: future === undefined ? null : fieldsOf(future),
    pair: pair === undefined ? null : fieldsOf(pair),
    historyEnd: utcText(HISTORY_END_MS),
    ticksStart: utcText(TICKS_START_MS),
    waitSeconds: 20,
    quietSeconds: 0.5,
  };
}

function fieldsOf({ conId, symbol, secType, exchange, currency }: Instrument): Plan['share'] {
  return { conId, symbol, secType, exchange, currency };
}

/** yyyyMMdd HH:mm:ss UTC. */
function utcText(timeMs: number): string {
  const [date = '', time = ''] = new Date(timeMs).toISOString().slice(0, 19).split('T');
  return `${date.replaceAll('-', '')} ${time} UTC`;
}

function contextOf(serverVersion: number): CheckContext {
  return {
    market,
    share,
    future,
    pair,
    account: ACCOUNT,
    serverVersion,
    startMs: START_MS,
    historyEndMs: HISTORY_END_MS,
    ticksStartMs: TICKS_START_MS,
    endMs: simulator.clock.nowMs(),
  };
}

/** Problems by kind of message; also kept for the table. */
function judge(
  client: string,
  serverVersion: number,
  { answers }: Outcome,
): Record<string, string | undefined> {
  const context = contextOf(serverVersion);
  const problems: Record<string, string | undefined> = {};
  for (const [kind, check] of Object.entries(CHECKS)) {
    if (reasonAgainst(client, kind) !== undefined) continue;
    problems[kind] = answers.has(kind) ? check(answers.get(kind), context, answers) : 'no answer';
  }
  outcomes.set(client, problems);
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem !== undefined));
}

/** A check that cannot fail checks nothing: every one has to see that the answer is missing or that all its numbers are wrong. */
function kindsThatAcceptAnything(answers: Answers): readonly string[] {
  const context = contextOf(178);
  return Object.entries(CHECKS)
    .filter(([kind]) => reasonAgainst('', kind) === undefined)
    .filter(([kind, check]) =>
      [undefined, [], {}, distorted(answers.get(kind))].some(
        (answer) => check(answer, context, answers) === undefined,
      ),
    )
    .map(([kind]) => kind);
}

/** Numbers, also in text, are off by a little; text without any is another. */
function distorted(value: unknown): unknown {
  if (typeof value === 'number') return value * 1.37 + 1;
  if (typeof value === 'string')
    return value !== '' && Number.isFinite(Number(value)) ? String(-Number(value)) : `${value}?`;
  if (Array.isArray(value)) return value.map(distorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, distorted(each)]));
}

function table(): string {
  const clients = [...outcomes.keys()];
  const cell = (client: string, kind: string): string => {
    if (reasonAgainst(client, kind) !== undefined) return 'n.a.';
    return outcomes.get(client)?.[kind] === undefined ? '✓' : '✗';
  };
  const line = (cells: readonly string[]): string =>
    cells.map((text, index) => text.padEnd(index === 0 ? 28 : 14)).join('');
  const reasons = clients.flatMap((client) =>
    Object.keys(CHECKS)
      .filter((kind) => reasonAgainst(client, kind) !== undefined)
      .map((kind) => `n.a. ${kind}: ${reasonAgainst(client, kind)}`),
  );
  const kinds = Object.keys(CHECKS).map((kind) =>
    line([kind, ...clients.map((client) => cell(client, kind))]),
  );
  const absent = [...skipped].map(([client, reason]) => `skipped ${client}: ${reason}`);
  return [line(['', ...clients]), ...kinds, ...new Set(reasons), ...absent].join('\n');
}

describe('the simulated Gateway', () => {
  it('serves @stoqey/ib', async () => {
    const answers = await askWithStoqey(planFor(11));
    expect(judge('@stoqey/ib', 178, { answers, complaints: '' })).toEqual({});
    expect(answers.get('failure')).toBeUndefined();
    expect(kindsThatAcceptAnything(answers)).toEqual([]);
  });

  const cases: readonly (readonly [string, number, (clients: PythonClients) => PythonClient | undefined])[] =
    [
      ['ibapi 9.81', 157, ({ ibapi }) => ibapi],
      ['ib_async', 178, ({ ibAsync }) => ibAsync],
      ['ibapi 10.46', 178, ({ ibapi10 }) => ibapi10],
    ];
  it.for(cases)('serves %s', async ([name, serverVersion, choose], { skip }) => {
    const client = typeof python === 'string' ? undefined : choose(python);
    if (client === undefined) {
      const reason = typeof python === 'string' ? python : `${name} could not be installed`;
      skipped.set(name, reason);
      skip(reason);
    } else await checkPython(name, serverVersion, client);
  });
});

async function checkPython(name: string, serverVersion: number, client: PythonClient): Promise<void> {
  const outcome = await askWithPython(client, planFor(serverVersion + name.length));
  expect(judge(name, serverVersion, outcome)).toEqual({});
  expect(outcome.complaints).toBe('');
}
