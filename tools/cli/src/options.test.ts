import { describe, expect, it } from 'vitest';
import { CommanderError } from 'commander';
import { usageMessage } from './cli.ts';
import { createContext } from './context.ts';
import { copies, instanceName, list, time, wholeNumber } from './options.ts';
import { hostOptions, startArguments } from './platform/host-options.ts';
import { createProgram } from './program.ts';

describe('option values', () => {
  it('instances are folder names that collide with nothing', () => {
    expect(instanceName('research-2')).toBe('research-2');
    for (const bad of ['', '-a', 'A', 'a/b', '..', 'jars', 'test-12', 'x'.repeat(32)])
      expect(() => instanceName(bad)).toThrow('It must be 1 to 31');
  });

  it('copies name services and counts', () => {
    expect(copies('validator=2, storage=3')).toEqual({ validator: 2, storage: 3 });
    for (const bad of ['kafka=2', 'storage', 'storage=0', 'storage=9', 'storage=x'])
      expect(() => copies(bad)).toThrow('is not SERVICE=COUNT');
  });

  it('whole numbers are whole and within bounds', () => {
    const parse = wholeNumber(1, 10);
    expect(parse('10')).toBe(10);
    for (const bad of ['0', '11', '1.5', '1e1', '-1', '', ' 1'])
      expect(() => parse(bad)).toThrow('from 1 to 10');
  });

  it('lists gather repeated options', () => {
    expect(list('c', list('a, b'))).toEqual(['a', 'b', 'c']);
    expect(() => list(' , ')).toThrow('at least one');
  });

  it('times are ns since the epoch', () => {
    expect(time('1970-01-01T00:00:01.000000002Z')).toBe(1_000_000_002n);
    expect(() => time('yesterday')).toThrow('"yesterday" is not a time');
  });
});

describe('start options', () => {
  it('survive the way to the background process', () => {
    const flags = { instance: 'a', copies: { validator: 2, storage: 1 }, grpcPort: 0, kafkaPort: 19_092 };
    expect(startArguments(flags)).toEqual([
      '--copies',
      'validator=2,storage=1',
      '--grpc-port',
      '0',
      '--kafka-port',
      '19092',
    ]);
  });

  it('the default instance has the known ports, others free ones, unless told otherwise', () => {
    const context = createContext({});
    const ignore = (): void => undefined;
    expect(hostOptions(context, { instance: 'default' }, ignore)).toMatchObject({
      grpcPort: 50_051,
      kafkaPort: undefined,
    });
    expect(hostOptions(context, { instance: 'b' }, ignore)).toMatchObject({ grpcPort: 0, kafkaPort: 0 });
    const named = createContext({ TICKWELL_KAFKA_PORT: '19000' });
    expect(hostOptions(named, { instance: 'b', grpcPort: 7 }, ignore)).toMatchObject({
      grpcPort: 7,
      kafkaPort: undefined,
      questdbHttpPort: 0,
    });
  });
});

describe('the program', () => {
  const program = createProgram(createContext({}));
  const all = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [command] : command.commands,
  );

  it('every command has a description and an example in its help', () => {
    const help = (command: (typeof all)[number]): string => {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) });
      command.outputHelp();
      return text;
    };
    const lacking = all.filter(
      (command) => command.description() === '' || !/Examples?:\n {2}\$ (?:tickwell|npm)/.test(help(command)),
    );
    expect(lacking.map((command) => command.name())).toEqual([]);
  });

  it('suggests what was meant, on one line', async () => {
    const failure = async (...args: string[]): Promise<string> => {
      try {
        await createProgram(createContext({})).parseAsync(args, { from: 'user' });
      } catch (error) {
        if (error instanceof CommanderError) return usageMessage(error);
        throw error;
      }
      return 'no error';
    };
    expect(await failure('statsu')).toBe("unknown command 'statsu': did you mean status?");
    expect(await failure('down', '--instanc', 'a')).toBe(
      "unknown option '--instanc': did you mean --instance?",
    );
    expect(await failure('get', 'bars')).toBe("missing required argument 'symbol'");
    expect(await failure('tail', 'md.ticks', '--from', 'noon')).toMatch(
      /^option '--from <where>' argument 'noon'/,
    );
  });
});
