import { describe, expect, it } from 'vitest';
import { ConfigError, field, readConfig } from './config.ts';

const fields = {
  brokers: field.list('BROKERS'),
  port: field.port('PORT', 50_051),
  level: field.choice('LEVEL', ['info', 'debug'], 'info'),
  dry: field.flag('DRY', false),
  url: field.url('URL', ['http:', 'https:'], 'http://127.0.0.1:9000'),
};

describe('readConfig', () => {
  it('fills defaults and freezes', () => {
    const config = readConfig({ BROKERS: 'a:1, b:2' }, fields);
    expect(config).toEqual({
      brokers: ['a:1', 'b:2'],
      port: 50_051,
      level: 'info',
      dry: false,
      url: new URL('http://127.0.0.1:9000'),
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('treats an empty variable as absent', () => {
    expect(readConfig({ BROKERS: 'a:1', PORT: '' }, fields).port).toBe(50_051);
  });

  it('reports every problem at once, with variable, value and remedy', () => {
    const env = { PORT: '70000', LEVEL: 'loud', DRY: 'maybe', URL: 'ftp://x' };
    let problems: readonly string[] = [];
    try {
      readConfig(env, fields);
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }
    expect(problems).toEqual([
      'BROKERS: is required',
      'PORT="70000": must be a whole number from 0 to 65535',
      'LEVEL="loud": must be one of info, debug',
      'DRY="maybe": must be true or false',
      'URL="ftp://x": must be a URL that starts with http:// or https://',
    ]);
  });

  it('never repeats a password', () => {
    const env = { BROKERS: 'a:1', URL: 'postgres://user:secret@host/db' };
    expect(() => readConfig(env, fields)).toThrow('URL="postgres://***@host/db": must be a URL');
  });

  it.each(['1e3', '0x10', '12.5', ' ', '-1'])('refuses %j as a port', (text) => {
    expect(() => readConfig({ BROKERS: 'a', PORT: text }, fields)).toThrow(ConfigError);
  });
});
