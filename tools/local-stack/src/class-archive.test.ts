import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classArchive } from './class-archive.ts';
import type { ClassArchive } from './class-archive.ts';
import type { ProcessExit } from './types.ts';

const EXIT: ProcessExit = {
  name: 'kafka',
  pid: 1,
  code: 143,
  signal: undefined,
  expected: true,
  message: '',
};

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tickwell-classes-'));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

function archive(record = true, javaVersion = '17'): Promise<ClassArchive> {
  return classArchive({ jarsDir: join(parent, 'jars'), name: 'kafka', javaVersion, record });
}

function flag({ flags }: ClassArchive, name: string): string | undefined {
  return flags.find((text) => text.startsWith(`-XX:${name}=`))?.slice(name.length + 5);
}

describe('the class archive', () => {
  it('is recorded by the first that ends well and used by the next', async () => {
    const first = await archive();
    await writeFile(flag(first, 'ArchiveClassesAtExit')!, 'classes');
    await first.finish(EXIT);
    const second = await archive();
    expect(await readFile(flag(second, 'SharedArchiveFile')!, 'utf8')).toBe('classes');
    expect(second.useFlags).toEqual(second.flags);
    expect(flag(second, 'ArchiveClassesAtExit')).toBeUndefined();
  });

  it.each([[{ ...EXIT, signal: 'SIGKILL' as const }], [undefined]])(
    'is not kept half written (%j)',
    async (exit) => {
      const first = await archive();
      await writeFile(flag(first, 'ArchiveClassesAtExit')!, 'half');
      await first.finish(exit);
      expect(await readdir(join(parent, 'jars-classes'))).toEqual([]);
    },
  );

  it('of one Java is not used by another, nor recorded by who cannot see the end', async () => {
    const first = await archive();
    await writeFile(flag(first, 'ArchiveClassesAtExit')!, 'classes');
    await first.finish(EXIT);
    expect((await archive(false, '21')).flags).toEqual([]);
  });

  it('leaves nothing of a recorder that was killed with its parent', async () => {
    const dir = join(parent, 'jars-classes');
    const live = await archive();
    await writeFile(flag(live, 'ArchiveClassesAtExit')!, 'being written');
    await writeFile(join(dir, `kafka-0.jsa.${2 ** 30}.dead`), 'abandoned');
    await archive();
    expect((await readdir(dir)).map((name) => join(dir, name))).toEqual([flag(live, 'ArchiveClassesAtExit')]);
  });
});
