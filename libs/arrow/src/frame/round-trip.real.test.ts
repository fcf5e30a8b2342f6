import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPython, pythonFailure, referencePython } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArrowMessage, FrameRows } from '@tickwell/ports';
import { encapsulated, messagesOf } from '../ipc-messages.ts';
import { createFrameFormat } from './frame-format.ts';
import { SEGMENT_LIMITS } from './segment-writer.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../fixtures/round_trip.py');
const REQUIREMENTS = join(import.meta.dirname, '../fixtures/requirements.txt');

async function pyarrow(): Promise<{ readonly python: string } | { readonly missing: string }> {
  try {
    const python = await referencePython();
    await installPython(python, REQUIREMENTS);
    return { python };
  } catch (error) {
    return { missing: `pyarrow could not be installed: ${pythonFailure(error)}` };
  }
}

const found = await pyarrow();
/** Of so few rows that every stream becomes several segments, some of whole batches and some of parts. */
const format = createFrameFormat({ ...SEGMENT_LIMITS, maxRows: 1_000 });

/** Through Parquet files, and back. */
function throughSegments(stream: Uint8Array): Uint8Array {
  const [first, ...rest] = messagesOf(stream);
  const schema = first === undefined ? undefined : format.readSchema(first);
  if (schema?.ok !== true) throw new Error(schema?.error ?? 'no schema');
  const { encapsulated: schemaBytes } = schema.value;
  const writer = format.writer(schema.value, undefined);
  const written = [...rest.map((message) => writer.add(message)), writer.finish()];
  const segments = written.flatMap((result): readonly FrameRows[] => {
    if (!result.ok) throw new Error(result.error);
    return result.value;
  });
  expect(segments.length).toBeGreaterThan(1);
  const messages: readonly ArrowMessage[] = segments.flatMap(({ parquet }) =>
    format.rowsOf(parquet, { schema: schemaBytes, index: undefined }),
  );
  return Buffer.concat([schemaBytes, ...messages.map((message) => encapsulated(message))]);
}

describe.skipIf('missing' in found)(
  `frames of every type of pyarrow, kept as Parquet${'missing' in found ? ` (${found.missing})` : ''}`,
  () => {
    let folder: string;
    let answer: Readonly<Record<string, string>>;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'tickwell-arrow-'));
      const python = 'python' in found ? found.python : '';
      await run(python, [SCRIPT, 'make', folder]);
      for (const name of readdirSync(folder))
        writeFileSync(
          join(folder, name.replace('.arrow', '.back')),
          throughSegments(readFileSync(join(folder, name))),
        );
      const { stdout } = await run(python, [SCRIPT, 'check', folder]);
      answer = JSON.parse(stdout) as Readonly<Record<string, string>>;
    }, 120_000);
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    it('come back with the same schema, metadata, zones, categories, nulls and NaN', () => {
      expect(Object.keys(answer).length).toBeGreaterThan(35);
      expect(Object.entries(answer).filter(([, difference]) => difference !== '')).toEqual([]);
    });
  },
);
