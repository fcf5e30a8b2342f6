import { isDeepStrictEqual } from 'node:util';
import { err, ok, type Result } from '@tickwell/domain';
import { InstrumentMap, type InstrumentDocument } from '@tickwell/instruments';
import type { ImportedDocument } from './import-csv.ts';

/** A document as it is stored. */
export interface StoredInstrument extends InstrumentDocument {
  readonly version: bigint;
}

export interface PlannedWrite extends ImportedDocument {
  /** Of the document that is replaced; 0n: there must be none. */
  readonly expectedVersion: bigint;
}

export interface ImportPlan {
  /** In an order in which each agrees with what is stored and was written before it. */
  readonly writes: readonly PlannedWrite[];
  /** Stored just so already: what an earlier run has written, for example. */
  readonly unchanged: number;
}

/**
 * What there is to write so that everything imported is stored, found out before anything is written. Errors: what contradicts a stored document, each
 * with its lines.
 */
export function planImport(
  documents: readonly ImportedDocument[],
  stored: readonly StoredInstrument[],
  { replace }: { readonly replace: boolean },
): Result<ImportPlan, readonly string[]> {
  const known = new Map(stored.map((document) => [document.id, document]));
  const wanted = documents.filter(({ id, payloadJson }) => !isSame(known.get(id), payloadJson));
  const existing = replace ? [] : wanted.filter(({ id }) => known.has(id));
  if (existing.length > 0)
    return err(
      existing.map(
        ({ id, where }) =>
          `${where}: it is stored already (version ${known.get(id)?.version}) and says otherwise: --replace replaces it, "tickwell instrument show ${id}" shows it`,
      ),
    );
  const problems = contradictions(wanted, stored);
  if (problems.length > 0) return err(problems);
  const ordered = inOrder(wanted, stored);
  if (!ordered.ok) return ordered;
  const writes = ordered.value.map((each) => ({
    ...each,
    expectedVersion: known.get(each.id)?.version ?? 0n,
  }));
  return ok({ writes, unchanged: documents.length - writes.length });
}

function isSame(stored: StoredInstrument | undefined, payloadJson: string): boolean {
  return stored !== undefined && isDeepStrictEqual(JSON.parse(stored.payloadJson), JSON.parse(payloadJson));
}

/** With everything written, what does not agree. */
function contradictions(
  wanted: readonly ImportedDocument[],
  stored: readonly StoredInstrument[],
): readonly string[] {
  const after = mapOf(stored);
  for (const document of wanted) write(after, document);
  return wanted.flatMap(({ id, payloadJson, where }) =>
    after.conflicts(id, JSON.parse(payloadJson)).map((problem) => `${where}: ${problem}`),
  );
}

/** A name that goes from one instrument to another is given up before it is taken; those that only exchange names cannot be written one by one. */
function inOrder(
  wanted: readonly ImportedDocument[],
  stored: readonly StoredInstrument[],
): Result<readonly ImportedDocument[], readonly string[]> {
  const map = mapOf(stored);
  const ordered: ImportedDocument[] = [];
  let waiting = wanted;
  while (waiting.length > 0) {
    const later: ImportedDocument[] = [];
    for (const document of waiting) {
      if (map.conflicts(document.id, JSON.parse(document.payloadJson)).length > 0) later.push(document);
      else {
        write(map, document);
        ordered.push(document);
      }
    }
    if (later.length === waiting.length) return err(later.map(exchangeText));
    waiting = later;
  }
  return ok(ordered);

  function exchangeText({ id, payloadJson, where }: ImportedDocument): string {
    const [problem = ''] = map.conflicts(id, JSON.parse(payloadJson));
    return `${where}: ${problem}; others of the file take its own name in turn, so take the name out of one of them first`;
  }
}

function mapOf(stored: readonly StoredInstrument[]): InstrumentMap {
  const map = new InstrumentMap();
  for (const document of stored) map.apply(document);
  return map;
}

function write(map: InstrumentMap, { id, payloadJson }: ImportedDocument): void {
  map.apply({ id, payloadJson, deleted: false, position: 0n });
}
