import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type TickwellClient } from '@tickwell/client';
import { MAX_DOCUMENT_BYTES, TickwellError } from '@tickwell/domain';
import { Channel } from '@tickwell/grpc';
import { queryV1 } from '@tickwell/contracts';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome, type CliResult } from '../support/cli.ts';
import { startTestPlatform } from '../support/platform.ts';

/** The command line edits over the first copy of query, the client over the second. */
describe('configurations of strategies and portfolios, over two copies of query', () => {
  let platform: Platform;
  let home: CliHome;
  let client: TickwellClient;

  beforeAll(async () => {
    home = await CliHome.create();
    platform = await startTestPlatform({ copies: { query: 2 } });
    client = connect({ address: platform.grpcAddresses[1]! });
  });
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    home.remove();
  });

  const tickwell = (...args: string[]): Promise<CliResult> =>
    home.run(...args, '--address', platform.grpcAddress);

  /** A file of a strategy or portfolio; what the command line is told to write. */
  function file(name: string, document: object): string {
    const path = join(home.dir, name);
    writeFileSync(path, JSON.stringify(document));
    return path;
  }

  async function historyOf(kind: string, id: string): Promise<readonly Record<string, unknown>[]> {
    const { stdout, stderr } = await tickwell(kind, 'history', id, '--json');
    expect(stderr).toBe('');
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('edited at the same time from the command line and the client: one wins, the other is told, history shows both', async () => {
    const winners = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      for (const id of ['momentum', 'carry']) {
        const before = (await client.fetchStrategies({ prefix: id }))[0]?.version ?? 0n;
        const path = file(`${id}.json`, { symbols: ['AAPL'], parameters: { by: 'cli', round } });
        const written = tickwell(
          'strategy',
          'put',
          id,
          path,
          '--author',
          'ann',
          '--expect-version',
          String(before),
        );
        const saved = saveWhen(round, written, () =>
          client.saveStrategyConfig(
            id,
            { symbols: ['AAPL'], parameters: { by: 'client', round } },
            { expectedVersion: before, author: 'bob' },
          ),
        );
        const [cli, api] = await Promise.all([written, saved]);
        const lost = api instanceof TickwellError ? api : undefined;
        expect((cli.code === 0) === (lost !== undefined), `${cli.stderr} ${lost?.message ?? 'saved'}`).toBe(
          true,
        );
        const winner = lost === undefined ? 'bob' : 'ann';
        const told = lost === undefined ? cli.stderr : lost.message;
        if (lost !== undefined) expect(lost.code).toBe('version-conflict');
        winners.add(winner);
        const wanted = before === 0n ? 'it must not exist yet' : `version ${before} is expected`;
        expect(told).toMatch(
          new RegExp(
            `strategy ${id} is at version ${before + 1n}, written by ${winner} at 20\\d\\d-\\S+Z, but ${wanted}: read it again and repeat the change on version ${before + 1n}`,
          ),
        );
        // The loser does as told.
        const next = { expectedVersion: before + 1n, author: winner === 'ann' ? 'bob' : 'ann' };
        await client.saveStrategyConfig(id, { symbols: ['AAPL', 'MSFT'], parameters: { round } }, next);
      }
    }
    for (const id of ['momentum', 'carry']) {
      const versions = await historyOf('strategy', id);
      expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 12 }, (_, at) => 12 - at));
      // Of each round both are there, each once.
      for (let at = 0; at < 12; at += 2)
        expect(
          versions
            .slice(at, at + 2)
            .map(({ author }) => author)
            .toSorted(),
        ).toEqual(['ann', 'bob']);
    }
    expect([...winners].toSorted()).toEqual(['ann', 'bob']);
  }, 240_000);

  /** The command line takes its time to start: the client saves at once, as soon as another command has had that time, or after it. */
  async function saveWhen<T>(
    round: number,
    written: Promise<unknown>,
    save: () => Promise<T>,
  ): Promise<T | TickwellError> {
    if (round % 3 === 1) await tickwell('strategy', 'list');
    if (round % 3 === 2) await written;
    return save().catch((error: unknown) => {
      if (error instanceof TickwellError) return error;
      throw error;
    });
  }

  it('are checked by their schema, and are what clients and the command line read', async () => {
    const schema = JSON.parse(await client.config.schema({ kind: 'strategy' })) as { $schema: string };
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(JSON.parse((await tickwell('strategy', 'schema')).stdout)).toEqual(schema);
    await expect(client.config.schema({ kind: 'alert' })).rejects.toMatchObject({ code: 'not-found' });

    const wrong = await tickwell('strategy', 'put', 'typo', file('typo.json', { symbls: ['AAPL'] }));
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('strategy typo: /symbls is not known (did you mean symbols?)');
    await expect(client.savePortfolioConfig('growth', { targets: { AAPL: 1 } })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'Put: portfolio growth: /baseCurrency is required',
    });
    await expect(client.saveStrategyConfig('nan', { parameters: { x: Number.NaN } })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'strategy nan: "x" is NaN, which JSON does not have',
    });

    const growth = { baseCurrency: 'USD', accounts: [{ source: 'ib', account: 'DU1' }], benchmark: 'SPY' };
    const put = await tickwell('portfolio', 'put', 'growth', file('growth.json', growth), '--author', 'ann');
    expect(put.stdout).toBe('portfolio growth is at version 1\n');
    const [portfolio, ...others] = await client.fetchPortfolios();
    expect(others).toEqual([]);
    expect(portfolio).toMatchObject({ id: 'growth', version: 1n, config: growth, author: 'ann' });
    expect(JSON.parse((await tickwell('portfolio', 'get', 'growth')).stdout)).toEqual(growth);
    const removed = await tickwell('portfolio', 'rm', 'growth', '--expect-version', '1', '--author', 'bob');
    expect(removed.stdout).toContain('portfolio growth is deleted; "tickwell portfolio history growth"');
    await expect(client.savePortfolioConfig('growth', growth, { expectedVersion: 1n })).rejects.toMatchObject(
      {
        code: 'version-conflict',
        message: expect.stringMatching(
          /was deleted with version 2 by bob at \S+, but version 1 is expected: expect/,
        ) as string,
      },
    );
    expect((await historyOf('portfolio', 'growth')).map(({ author }) => author)).toEqual(['bob', 'ann']);
  });

  it('of 50 MB are refused with one clear status, whoever sends them, and nothing is written', async () => {
    const parameters = { text: 'x'.repeat(50 * 1024 * 1024) };
    const cli = await tickwell('strategy', 'put', 'huge', file('huge.json', { parameters }));
    expect(cli.code).toBe(1);
    expect(cli.stderr.trim().split('\n')).toHaveLength(1);
    expect(cli.stderr).toContain(`bytes, at most ${MAX_DOCUMENT_BYTES} are possible: split it into several`);
    await expect(client.saveStrategyConfig('huge', { parameters })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('strategy huge: the document has at least 524') as string,
    });
    // A client of somebody else sends it all the same.
    const channel = new Channel({ address: platform.grpcAddress });
    const request = create(queryV1.ConfigServicePutRequestSchema, {
      kind: 'strategy',
      id: 'huge',
      payloadJson: JSON.stringify({ parameters }),
    });
    await expect(channel.unary(queryV1.ConfigService.method.put, request)).rejects.toMatchObject({
      code: 'limit-exceeded',
      retryable: false,
    });
    channel.close();
    expect((await tickwell('strategy', 'history', 'huge')).stderr).toContain(
      'there never was a strategy huge',
    );
    expect(await client.fetchStrategies({ prefix: 'hu' })).toEqual([]);
  });
});
