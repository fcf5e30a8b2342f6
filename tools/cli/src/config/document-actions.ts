import { text as readStream } from 'node:stream/consumers';
import type { ConfigDocument, ConfigEditOptions } from '@tickwell/client';
import { TickwellError, formatNs } from '@tickwell/domain';
import { collect } from '../collect.ts';
import { author, withConfigClient, type ConnectionFlags } from './connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { readTextFile } from '../read-text-file.ts';

/** What is done with documents of a kind, whichever command asks for it. */
export interface DocumentName {
  readonly kind: string;
  readonly id: string;
}

export interface EditFlags extends ConnectionFlags {
  readonly expectVersion?: number;
  readonly author?: string;
}

/** @param check is told the text before it is sent. */
export async function putDocument(
  context: CliContext,
  { kind, id, file }: DocumentName & { readonly file: string },
  flags: EditFlags,
  check: (payloadJson: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    const payloadJson = await readDocument(file);
    await check(payloadJson);
    const written = await client.put({ ...editOptions({ kind, id }, flags), payloadJson });
    context.terminal.print(
      flags.json === true ? documentJson(written) : `${kind} ${id} is at version ${written.version}`,
    );
  });
}

export async function getDocument(
  context: CliContext,
  { kind, id }: DocumentName,
  flags: ConnectionFlags & { readonly version?: number },
): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    const version = flags.version === undefined ? {} : { version: BigInt(flags.version) };
    const found = await client.get({ kind, id, ...version });
    if (flags.json !== true && found.deleted)
      throw new TickwellError('not-found', `${kind} ${id} was deleted with version ${found.version}`);
    context.terminal.print(flags.json === true ? documentJson(found) : found.payloadJson);
  });
}

export async function listDocuments(
  context: CliContext,
  { kind, prefix }: { readonly kind: string; readonly prefix: string },
  flags: ConnectionFlags,
): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    const withoutPayload = flags.json !== true;
    const found = await collect(client.list({ kind, prefix, withoutPayload }));
    await show(context, flags, found);
    if (found.length === 0) context.terminal.note(`there is no ${kind}${prefix === '' ? '' : ` ${prefix}…`}`);
  });
}

/** @param command how its history is asked for. */
export async function deleteDocument(
  context: CliContext,
  { kind, id, command }: DocumentName & { readonly command: string },
  flags: EditFlags,
): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    const deletion = await client.delete(editOptions({ kind, id }, flags));
    context.terminal.print(
      flags.json === true
        ? documentJson(deletion)
        : `${kind} ${id} is deleted; "${command} ${id}" shows what it was`,
    );
  });
}

export async function showHistory(
  context: CliContext,
  { kind, id }: DocumentName,
  flags: ConnectionFlags,
): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    await show(context, flags, await collect(client.history({ kind, id })));
  });
}

export async function showSchema(context: CliContext, kind: string, flags: ConnectionFlags): Promise<void> {
  await withConfigClient(context, flags, async (client) => {
    const schema: unknown = JSON.parse(await client.schema({ kind }));
    context.terminal.print(JSON.stringify(schema, undefined, flags.json === true ? undefined : 2));
  });
}

function editOptions({ kind, id }: DocumentName, flags: EditFlags): ConfigEditOptions {
  const { expectVersion } = flags;
  const expected = expectVersion === undefined ? {} : { expectedVersion: BigInt(expectVersion) };
  return { kind, id, author: flags.author ?? author(), ...expected };
}

/** The text of a file, or of standard input; whether it is JSON the server says. */
async function readDocument(file: string): Promise<string> {
  return file === '-' ? readStream(process.stdin) : readTextFile(file);
}

async function show(
  { terminal }: CliContext,
  { json }: ConnectionFlags,
  documents: readonly ConfigDocument[],
): Promise<void> {
  const columns = ['kind', 'id', 'version', 'written', 'by', ''].map((title) => ({ title }));
  const lines =
    json === true ? documents.map(documentJson) : formatTable(columns, documents.map(documentCells));
  if (documents.length > 0) await terminal.write(lines.map((each) => `${each}\n`).join(''));
}

/** A document in a row of a table. */
export function documentCells(document: ConfigDocument): readonly string[] {
  const { kind, id, version, writtenAtNs, author: by, deleted } = document;
  return [
    kind,
    id,
    version.toString(),
    formatNs(writtenAtNs),
    by === '' ? '-' : by,
    deleted ? 'deleted' : '',
  ];
}

/** One JSON object; `document` is null for a deletion and left out where it was not asked for. */
export function documentJson(document: ConfigDocument): string {
  const { kind, id, version, payloadJson, deleted, author: by, writtenAtNs, position } = document;
  return JSON.stringify({
    kind,
    id,
    version: Number(version),
    deleted,
    author: by,
    writtenAt: formatNs(writtenAtNs),
    position: Number(position),
    document: deleted ? null : (JSON.parse(payloadJson) as unknown),
  });
}
