import { globSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TickwellError } from '@tickwell/domain';

const MAX_FILES = 100_000;
const GLOB = /[*?[\]{}]/;

/** The files that paths, folders (with all below them) and patterns name, absolute, each once, in order of their names. */
export function findFiles(paths: readonly string[], cwd: string): readonly string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const files = filesOf(path, cwd);
    if (files.length === 0)
      throw new TickwellError(
        'no-such-file',
        `"${path}" names no file: check the path, or quote the pattern`,
      );
    for (const file of files) found.add(file);
  }
  if (found.size > MAX_FILES)
    throw new TickwellError(
      'too-many-files',
      `${found.size} files at once; at most ${MAX_FILES} are possible`,
    );
  return [...found];
}

function filesOf(path: string, cwd: string): readonly string[] {
  const full = resolve(cwd, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return filesBelow(full);
  if (stat !== undefined) return [full];
  if (!GLOB.test(path)) return [];
  return globSync(path, { cwd })
    .map((name) => resolve(cwd, name))
    .filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile() === true)
    .sort();
}

/** Hidden files are none that a person means by naming the folder. */
function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A data set named after a file: its name without endings, in the characters a data set may have. */
export function datasetOf(path: string): string {
  const name = basename(path).replace(
    /(?:\.(?:csv|tsv|txt|jsonl|ndjson|json|parquet|arrow|feather|gz|zip|zst))+$/i,
    '',
  );
  const clean = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return clean.slice(0, 64) || 'import';
}
