// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- whoever imports this needs the declarations too
/// <reference path="./yauzl.d.ts" />
import type { Readable } from 'node:stream';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import { open, type Entry, type ZipFile } from 'yauzl';
import { FileFeedError } from './options.ts';

/** More entries than this are an archive of something else. */
const MAX_ENTRIES = 100_000;

/** Opens one file of a zip or jar. Without a name the archive must hold exactly one. Closing the stream closes the archive. */
export async function openArchiveEntry(
  path: string,
  name: string | undefined,
): Promise<Result<{ readonly name: string; readonly stream: Readable }, FileFeedError>> {
  let zip: ZipFile;
  try {
    zip = await openZip(path);
  } catch (cause) {
    return err(
      new FileFeedError(
        'file-corrupt',
        `${path}: the archive cannot be read (${errorMessage(cause)}); is it cut off? Fetch it again`,
        cause,
      ),
    );
  }
  try {
    const entry = await findEntry(zip, path, name);
    if (!entry.ok) {
      zip.close();
      return entry;
    }
    const stream = await openStream(zip, entry.value);
    stream.once('close', () => {
      zip.close();
    });
    return ok({ name: entry.value.fileName, stream });
  } catch (cause) {
    zip.close();
    return err(
      new FileFeedError(
        'file-corrupt',
        `${path}: the archive cannot be read (${errorMessage(cause)}); fetch it again`,
        cause,
      ),
    );
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });
}

async function findEntry(
  zip: ZipFile,
  path: string,
  name: string | undefined,
): Promise<Result<Entry, FileFeedError>> {
  if (zip.entryCount > MAX_ENTRIES) {
    return err(
      new FileFeedError(
        'archive-entry',
        `${path}: the archive has ${zip.entryCount} entries, at most ${MAX_ENTRIES} are read`,
      ),
    );
  }
  const files: Entry[] = [];
  const found = await new Promise<Entry | undefined>((resolve, reject) => {
    zip.on('entry', (entry) => {
      if (name === undefined ? !entry.fileName.endsWith('/') : entry.fileName === name) files.push(entry);
      if (name !== undefined && files.length > 0) resolve(files[0]);
      else if (files.length > 10) resolve(undefined);
      else zip.readEntry();
    });
    zip.on('end', () => {
      resolve(files.length === 1 ? files[0] : undefined);
    });
    zip.on('error', reject);
    zip.readEntry();
  });
  if (found !== undefined) return ok(found);
  const what =
    name === undefined
      ? `say which entry of the archive to read; it holds ${
          files
            .map((file) => file.fileName)
            .slice(0, 10)
            .join(', ') || 'none'
        }`
      : `the archive has no entry "${name}"`;
  return err(new FileFeedError('archive-entry', `${path}: ${what}`));
}

function openStream(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error === null) resolve(stream);
      else reject(error);
    });
  });
}
