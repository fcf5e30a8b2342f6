import { describe, expect, it } from 'vitest';
import { settingsOf } from '../fixtures/events.ts';
import { PRICE_ABSURD, PRICE_JUMP, PRICE_OUTLIER, SEQUENCE_GAP, STALE_FEED, TUNABLES } from './catalogue.ts';
import { VALIDATION_KIND } from './document.ts';
import { INSTRUMENT_CLASSES } from './instrument-class.ts';
import { DEFAULT_SETTINGS, ValidationSettings } from './settings.ts';

describe('what is in force', () => {
  it('without documents is what the rules come with, by class', () => {
    const stock = settingsOf({ type: 'stock' }).rules;
    expect(stock.rule(PRICE_OUTLIER).number('minMove')).toBe(0.03);
    expect(stock.rule(PRICE_ABSURD).action).toBe('quarantine');
    expect(settingsOf({ type: 'currency' }).rules.rule(PRICE_OUTLIER).number('minMove')).toBe(0.005);
    expect(settingsOf({ type: 'fund' }).rules.rule(STALE_FEED).action).toBe('off');
    expect(DEFAULT_SETTINGS.of('ANY').rules.instrumentClass).toBe('unknown');
  });

  it('is what the document of all classes says, and over it that of the class', () => {
    const documents = {
      all: { rules: { 'price-jump': { action: 'off', ratio: 0.1 }, 'sequence-gap': { sources: ['x'] } } },
      stock: { rules: { 'price-jump': { action: 'flag' } } },
    };
    const stock = settingsOf({ type: 'stock', documents }).rules;
    expect([stock.rule(PRICE_JUMP).action, stock.rule(PRICE_JUMP).number('ratio')]).toEqual(['flag', 0.1]);
    expect(settingsOf({ type: 'bond', documents }).rules.rule(PRICE_JUMP).action).toBe('off');
    expect([...stock.rule(SEQUENCE_GAP).sources]).toEqual(['x']);
  });

  it('knows the calendar of an instrument: the one it names, else that of its class', () => {
    const idOf = (type: 'stock' | 'crypto' | 'currency', calendar: string): string | undefined =>
      settingsOf({ type, calendar }).calendar?.id;
    expect([idOf('stock', 'NYSE'), idOf('stock', ''), idOf('stock', 'NONE')]).toEqual([
      'XNYS',
      undefined,
      undefined,
    ]);
    expect([idOf('crypto', ''), idOf('currency', '')]).toEqual(['24-7', 'FX']);
  });

  it('is one object for all instruments of a class and calendar, so that rules are prepared once', () => {
    const settings = new ValidationSettings(new Map(), { get: () => ({ type: 'stock', calendar: 'XNYS' }) });
    expect(settings.of('A')).toBe(settings.of('B'));
  });
});

describe('a document of kind validation', () => {
  it('may set every number of every rule to its default, and nothing out of its bounds', () => {
    for (const { id, numbers, action, actions } of TUNABLES) {
      expect(actions).toContain(action);
      for (const [name, { value, min, max, ofClass = {} }] of Object.entries(numbers)) {
        for (const number of [value, ...Object.values(ofClass), min, max])
          expect(VALIDATION_KIND.check('all', { rules: { [id]: { [name]: number } } })).toEqual([]);
        expect(VALIDATION_KIND.check('all', { rules: { [id]: { [name]: max * 2 + 1 } } })[0]).toMatch(
          `rules.${id}.${name} must be from ${min} to ${max}`,
        );
      }
    }
    for (const id of INSTRUMENT_CLASSES) expect(VALIDATION_KIND.check(id, {})).toEqual([]);
  });

  it.each([
    ['stocks', {}, '"stocks" is no class of instruments: use one of all, stock, etf'],
    ['all', [], 'validation must be an object'],
    ['all', { rule: {} }, 'validation.rule is not known; known are rules'],
    ['all', { rules: { 'price-absurde': {} } }, 'rules.price-absurde is not known; known are price-positive'],
    [
      'all',
      { rules: { 'price-absurd': { time: 5 } } },
      'rules.price-absurd.time is not known; known are action, times',
    ],
    ['all', { rules: { 'price-absurd': { times: '5' } } }, 'rules.price-absurd.times must be a number'],
    [
      'all',
      { rules: { 'stale-feed': { action: 'reject' } } },
      'rules.stale-feed.action must be flag or off, not reject',
    ],
    [
      'all',
      { rules: { 'price-jump': { action: 'drop' } } },
      'rules.price-jump.action must be one of reject, quarantine',
    ],
    [
      'all',
      { rules: { 'price-jump': { action: 'quarantine' } } },
      'rules.price-jump.action must be flag or off, not quarantine',
    ],
    [
      'all',
      { rules: { 'sequence-gap': { sources: [''] } } },
      'rules.sequence-gap.sources[0] must be the name of a source',
    ],
    ['all', { rules: { 'price-jump': { sources: [] } } }, 'rules.price-jump.sources is not known'],
  ])('%s %j: %s', (id, document, problem) => {
    expect(VALIDATION_KIND.check(id, document).join('\n')).toContain(problem);
  });
});
