import { parseIsoTime } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { AlertBook, parseAlertDocument } from './book.ts';
import { parseRule } from './rule.ts';
import { observe } from './group.ts';
import { quietReason } from './quiet-hours.ts';
import { silenceReason } from './silence.ts';

const RULE = { metric: 'freshness', above: 600 };
const MAIL = { type: 'email', host: 'smtp.example.com', from: 'a@example.com', to: ['b@example.com'] };

function problems(document: unknown, id = 'it'): readonly string[] {
  const read = parseAlertDocument(id, document);
  return read.ok ? [] : read.error;
}

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('a rule', () => {
  it('has a default for all but the metric and its threshold', () => {
    const read = parseRule('stale', RULE);
    expect(read).toMatchObject({
      ok: true,
      value: {
        ...{ severity: 'warning', forNs: 0n, recoverForNs: 120_000_000_000n, repeatNs: 14_400_000_000_000n },
        ...{ channels: ['log'], groupBy: ['source'], enabled: true, threshold: 600, recoverAt: 600 },
      },
    });
  });

  it.each<[string, object, string]>([
    ['no metric', {}, 'rule.metric is required: one of freshness, '],
    ['an unknown metric', { metric: 'mood', above: 1 }, 'rule.metric must be one of freshness, '],
    ['an unknown field', { ...RULE, colour: 'red' }, 'rule.colour is not known; known are '],
    ['no threshold', { metric: 'freshness' }, 'rule.above is required of freshness, in s'],
    ['the wrong comparison', { metric: 'freshness', below: 5 }, 'rule.below is not known'],
    [
      'a threshold that is never met',
      { metric: 'completeness', below: 0, interval: '1m', where: { symbol: 'A' } },
      '0 is never met: completeness is from 0 to 100 %',
    ],
    [
      'one that is always met',
      { metric: 'completeness', below: 101, interval: '1m', where: { symbol: 'A' } },
      '101 is always met',
    ],
    [
      'recovery on the wrong side',
      { ...RULE, recoverAt: 900 },
      'rule.recoverAt 900 must not be above the threshold 600',
    ],
    [
      'a duration that is none',
      { ...RULE, for: 'soon' },
      'rule.for "soon" must be a duration from 0s to 366d',
    ],
    ['no repeat window', { ...RULE, repeat: '0s' }, 'rule.repeat "0s" must be a duration from 1s'],
    [
      'an unknown label',
      { ...RULE, where: { colour: 'red' } },
      'rule.where.colour is not known; known are source, symbol',
    ],
    [
      'an unknown group',
      { ...RULE, groupBy: ['colour'] },
      'rule.groupBy must be a list of some of source, symbol',
    ],
    [
      'no symbols of completeness',
      { metric: 'completeness', below: 99, interval: '1m' },
      'rule.where.symbol is required of completeness',
    ],
    [
      'an interval that is none',
      { metric: 'completeness', below: 99, interval: '7q', where: { symbol: 'A' } },
      'rule.interval "7q" is not an interval',
    ],
    [
      'a time zone that is none',
      { ...RULE, quiet: [{ timeZone: 'Berlin', from: '22:00', to: '07:00' }] },
      'rule.quiet[0].timeZone "Berlin" is not a time zone',
    ],
    [
      'a time of day that is none',
      { ...RULE, quiet: [{ timeZone: 'UTC', from: '25:00', to: '07:00' }] },
      'rule.quiet[0].from "25:00" is not a time of day',
    ],
    [
      'no quiet time',
      { ...RULE, quiet: [{ timeZone: 'UTC', from: '07:00', to: '07:00' }] },
      'rule.quiet[0].to is the same as from',
    ],
    [
      'an unknown day',
      { ...RULE, quiet: [{ timeZone: 'UTC', from: '07:00', to: '08:00', days: ['someday'] }] },
      'rule.quiet[0].days must be',
    ],
    [
      'an unknown state',
      { metric: 'source-state', states: ['sleepy'] },
      'rule.states must be a list of some of up',
    ],
    ['no channel', { ...RULE, channels: [] }, 'rule.channels must be a list'],
  ])('with %s is refused, the field named', (_, document, problem) => {
    expect(problems(document).join('; ')).toContain(problem);
  });
});

describe('a channel', () => {
  it.each<[string, object, string]>([
    ['an unknown type', { type: 'pigeon' }, 'type must be one of rule, log, webhook, email, silence'],
    [
      'an address that is none',
      { type: 'webhook', url: 'hooks.example.com' },
      'channel.url must be an http or https URL',
    ],
    [
      'a secret in a header',
      { type: 'webhook', url: 'https://e.example', headers: { authorization: 'Bearer abc' } },
      'channel.headers.authorization looks like a secret',
    ],
    [
      'a password',
      { ...MAIL, user: 'u', password: 'hunter2' },
      'channel.password is a secret: write where it is instead',
    ],
    ['a user alone', { ...MAIL, user: 'u' }, 'channel.password and user: give both or neither'],
    [
      'a password in plain text',
      { ...MAIL, tls: 'none', user: 'u', password: 'env:P' },
      'channel.tls must not be none with a password',
    ],
    [
      'an address with a line break',
      { ...MAIL, to: ['b@example.com\r\nBcc: all@example.com'] },
      'channel.to must be a list of 1 to 50 addresses',
    ],
    ['no port', { ...MAIL, port: 0 }, 'channel.port must be'],
  ])('with %s is refused, the field named', (_, document, problem) => {
    const said = problems(document).join('; ');
    expect(said).toContain(problem);
    expect(said).not.toContain('hunter2');
  });

  it('may not take the name of the one that is always there', () => {
    expect(problems({ type: 'log' }, 'log')[0]).toContain('that of the channel that is always there');
  });
});

describe('the book', () => {
  const book = new AlertBook();

  it('knows who names whom', () => {
    const rule = { ...RULE, channels: ['mail', 'log'] };
    expect(book.conflicts('stale', rule)[0]).toContain('rule.channels names mail, which there is not');
    expect(book.set('mail', 1n, MAIL)).toEqual([]);
    expect(book.conflicts('stale', rule)).toEqual([]);
    book.set('stale', 2n, rule);
    expect(book.rule('stale')?.version).toBe(2n);
    expect(book.conflicts('mail', undefined)).toEqual(['rule stale sends to it: change that rule first']);
    expect(book.conflicts('mail', RULE)).toEqual(['rule stale sends to it: change that rule first']);
    expect(book.conflicts('mail', { ...MAIL, port: 25 })).toEqual([]);
    const silence = { type: 'silence', rule: 'other', until: '2026-12-01' };
    expect(book.conflicts('hush', silence)[0]).toContain('silence.rule names other, which there is not');
    expect(book.set('stale', 3n, { ...RULE, above: 'x' })[0]).toContain('rule.above must be a number');
    expect(book.rule('stale')).toBeUndefined();
  });
});

describe('quiet hours', () => {
  const read = parseRule('r', {
    ...RULE,
    quiet: [{ timeZone: 'Europe/Berlin', from: '22:00', to: '07:00', days: ['fri'] }],
  });
  const quiet = read.ok ? read.value.quiet : [];
  const at = (time: string, severity: 'info' | 'critical' = 'info'): string | undefined =>
    quietReason(quiet, severity, ns(time));

  it('begin and end on the wall clock, across midnight and in summer', () => {
    // 2026-11-27 is a Friday; Berlin is an hour ahead of UTC, in July two.
    expect(at('2026-11-27T20:59:59Z')).toBeUndefined();
    expect(at('2026-11-27T21:00:00Z')).toBe('quiet hours 22:00 to 07:00 Europe/Berlin');
    expect(at('2026-11-28T05:59:59Z')).toBeDefined();
    expect(at('2026-11-28T06:00:00Z')).toBeUndefined();
    expect(at('2026-11-28T21:30:00Z')).toBeUndefined();
    expect(at('2026-07-03T20:00:00Z')).toBeDefined();
    expect(at('2026-07-03T19:59:59Z')).toBeUndefined();
  });

  it('let pass what is bad enough', () => {
    expect(at('2026-11-27T22:00:00Z', 'critical')).toBeUndefined();
  });
});

describe('a silence', () => {
  it('is of a rule, or of one alert of it, until its end', () => {
    const read = parseAlertDocument('hush', {
      ...{ type: 'silence', rule: 'stale', group: 'source=yahoo', until: '2026-12-01T08:00:00Z' },
    });
    const silences = read.ok && read.value.type === 'silence' ? [read.value.silence] : [];
    const before = ns('2026-12-01T07:59:59Z');
    const alert = { rule: 'stale', group: 'source=yahoo' };
    expect(silenceReason(silences, alert, before)).toBe('silence hush until 2026-12-01T08:00:00Z');
    expect(silenceReason(silences, { ...alert, group: 'source=ib' }, before)).toBeUndefined();
    expect(silenceReason(silences, alert, ns('2026-12-01T08:00:00Z'))).toBeUndefined();
  });
});

describe('groups', () => {
  const measure = (source: string, rule: string, value: number): Parameters<typeof observe>[1][number] => ({
    labels: { source, rule },
    value,
  });

  it('add up counts, leave out what the rule does not want and what is no number', () => {
    const read = parseRule('r', { metric: 'dead-letters', above: 10, where: { source: ['a', 'b'] } });
    if (!read.ok) throw new Error(read.error.join('; '));
    const seen = observe(read.value, [
      measure('a', 'late', 6),
      measure('a', 'early', 5),
      measure('a', 'odd', Number.NaN),
      measure('b', 'late', 10),
      measure('c', 'late', 99),
    ]);
    expect([...seen.keys()]).toEqual(['source=a', 'source=b']);
    expect(seen.get('source=a')).toMatchObject({ value: 11, isMet: true, memberCount: 2 });
    expect(seen.get('source=b')).toMatchObject({ value: 10, isMet: false, isOver: true });
  });
});
