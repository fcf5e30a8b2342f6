import { effectiveSpan, parseInstrument, readInstrument, type Instrument } from './instrument.ts';
import { holds, overlap, spanText, type Span } from './span.ts';
import { claimKeys, vendorText, type VendorEntry, type VendorSymbol } from './vendor.ts';
import { matches, type VendorQuery } from './vendor-query.ts';

/** A document as it is stored: what of a configuration entry the map needs. */
export interface InstrumentDocument {
  readonly id: string;
  /** "" where it was deleted. */
  readonly payloadJson: string;
  readonly deleted: boolean;
  /** Place in the order of all changes. */
  readonly position: bigint;
}

/** A piece of time in which a source knows an instrument under one name. */
export interface VendorSegment {
  readonly vendor: VendorSymbol;
  /** Half-open, ns since the epoch. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** As {@link VendorSegment}, and whose name it is. */
export interface NamedSegment extends VendorSegment {
  readonly id: string;
}

interface Claim {
  readonly id: string;
  readonly entry: VendorEntry;
  readonly span: Span;
  readonly position: bigint;
}

interface Known {
  readonly instrument: Instrument;
  readonly claims: readonly Claim[];
}

/**
 * Which instrument is called what, where and when. A function of the current documents alone: two maps of the same documents are equal, in
 * whatever order they came. Of two that claim one name at one time (the configuration service refuses the second) the one that was
 * written first has it, and the other's entry counts for nothing.
 */
export class InstrumentMap {
  readonly #known = new Map<string, Known>();
  readonly #claims = new Map<string, Claim[]>();
  /** By source and symbol, whatever else their contracts say. */
  readonly #symbols = new Map<string, Claim[]>();
  readonly #invalid = new Map<string, string>();

  /** Takes a document, or the deletion of one. One that is wrong counts as none; {@link problems} says so. */
  apply({ id, payloadJson, deleted, position }: InstrumentDocument): void {
    this.#remove(id);
    if (deleted) return;
    const read = parseInstrument(id, payloadJson);
    if (!read.ok) {
      this.#invalid.set(id, `instrument ${id}: ${read.error.join('; ')}`);
      return;
    }
    const claims = claimsOf(read.value, position);
    this.#known.set(id, { instrument: read.value, claims });
    for (const claim of claims) {
      for (const key of keysOf(claim)) add(this.#claims, key, claim);
      add(this.#symbols, symbolKey(claim), claim);
    }
  }

  get(id: string): Instrument | undefined {
    return this.#known.get(id)?.instrument;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** By id. */
  instruments(): readonly Instrument[] {
    return [...this.#known.values()]
      .map(({ instrument }) => instrument)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Documents that count for nothing, and entries that do, one line each. */
  problems(): readonly string[] {
    const lost = [...this.#known.values()].flatMap(({ claims }) =>
      claims.flatMap((claim) => {
        const winner = this.#winner(claim);
        return winner === undefined ? [] : [conflictText(claim, winner)];
      }),
    );
    return [...this.#invalid.values(), ...lost];
  }

  /** What a source calls an instrument at a time; undefined: it is not known there then. */
  vendorSymbol(id: string, source: string, timeNs: bigint): VendorSymbol | undefined {
    return this.#effective(id, source).find(({ span }) => holds(span, timeNs))?.entry.vendor;
  }

  /**
   * The pieces of a half-open time, in order, in each of which the source knows the instrument under one name; what lies between them it does not
   * know. undefined: the map says nothing of this instrument at this source.
   */
  segments(id: string, source: string, fromNs: bigint, toNs: bigint): readonly VendorSegment[] | undefined {
    const known = this.#known.get(id);
    if (known?.instrument.vendors.some((entry) => entry.source === source) !== true) return undefined;
    return this.#effective(id, source).flatMap(({ entry, span }) => {
      const shared = overlap(span, { fromNs, toNs });
      return shared === undefined ? [] : [{ vendor: entry.vendor, ...shared }];
    });
  }

  /**
   * What a name means in what is asked of a source over a half-open time: an id, with what the source called it, else a name at the source, with
   * whose it was. In order of time; pieces overlap only where contracts of several share a symbol. undefined: neither, or an id of which
   * the map says nothing at this source.
   */
  named(name: string, source: string, fromNs: bigint, toNs: bigint): readonly NamedSegment[] | undefined {
    const own = this.segments(name, source, fromNs, toNs);
    if (own !== undefined) return own.map((segment) => ({ id: name, ...segment }));
    const claims = this.#symbols.get(claimKey(source, name));
    return claims === undefined ? undefined : this.#segmentsOf(claims, { fromNs, toNs });
  }

  /** Whose names at a source a query finds over a half-open time: in order of time, then id. */
  find(source: string, query: VendorQuery, span: Span): readonly NamedSegment[] {
    const claims = [...this.#known.values()].flatMap((known) =>
      known.claims.filter(({ entry }) => entry.source === source && matches(query, entry.vendor)),
    );
    return this.#segmentsOf(claims, span);
  }

  /** Whose name this is at a source at a time; a contract's number counts, where it has one, whatever the symbol. */
  idOf(source: string, vendor: VendorSymbol, timeNs: bigint): string | undefined {
    for (const key of claimKeys(vendor)) {
      const claims = this.#claims.get(claimKey(source, key)) ?? [];
      const found = claims.find((claim) => holds(claim.span, timeNs) && this.#winner(claim) === undefined);
      if (found !== undefined) return found.id;
    }
    return undefined;
  }

  /** As {@link idOf} for any time; undefined: it never is anybody's. */
  ownersOf(source: string, vendor: VendorSymbol): ((timeNs: bigint) => string | undefined) | undefined {
    const isClaimed = claimKeys(vendor).some((key) => this.#claims.has(claimKey(source, key)));
    return isClaimed ? (timeNs) => this.idOf(source, vendor, timeNs) : undefined;
  }

  /** Ids in an index at a time, by id; those that were delisted since are among them. */
  membersAt(indexId: string, timeNs: bigint): readonly string[] {
    const members = this.get(indexId)?.members ?? [];
    return [...new Set(members.filter(({ span }) => holds(span, timeNs)).map(({ id }) => id))].sort();
  }

  /** The futures that a continuous one is made of, by expiry. */
  contractsOf(id: string): readonly Instrument[] {
    const spec = this.get(id)?.continuous;
    if (spec === undefined) return [];
    const members = spec.members?.flatMap((member) => this.get(member) ?? []);
    const contracts = members ?? this.instruments().filter(({ future }) => future?.root === spec.root);
    return contracts.toSorted((a, b) => (a.future?.expiry ?? 0) - (b.future?.expiry ?? 0));
  }

  /** Why a document (undefined: its deletion) contradicts the others. */
  conflicts(id: string, document: unknown): readonly string[] {
    if (document === undefined) return this.#usersOf(id).map((user) => `${user} needs it: change that first`);
    const read = readInstrument(id, document);
    if (!read.ok) return read.error;
    const claims = claimsOf(read.value, 0n).flatMap((claim) =>
      this.#rivals(claim).map((rival) => conflictText(claim, rival)),
    );
    return [...new Set(claims), ...this.#missing(read.value)];
  }

  #remove(id: string): void {
    this.#invalid.delete(id);
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    for (const key of known.claims.flatMap(keysOf)) drop(this.#claims, key, id);
    for (const key of known.claims.map(symbolKey)) drop(this.#symbols, key, id);
  }

  /** What counts of claims in a span. */
  #segmentsOf(claims: readonly Claim[], span: Span): readonly NamedSegment[] {
    return claims
      .filter((claim) => this.#winner(claim) === undefined)
      .flatMap((claim) => {
        const shared = overlap(claim.span, span);
        return shared === undefined ? [] : [{ id: claim.id, vendor: claim.entry.vendor, ...shared }];
      })
      .sort((a, b) => (a.fromNs === b.fromNs ? (a.id < b.id ? -1 : 1) : a.fromNs < b.fromNs ? -1 : 1));
  }

  #effective(id: string, source: string): readonly Claim[] {
    const claims = this.#known.get(id)?.claims ?? [];
    return claims.filter((claim) => claim.entry.source === source && this.#winner(claim) === undefined);
  }

  /** Claims of others to the same name at the same time. */
  #rivals(claim: Claim): readonly Claim[] {
    return keysOf(claim)
      .flatMap((key) => this.#claims.get(key) ?? [])
      .filter((other) => other.id !== claim.id && overlap(other.span, claim.span) !== undefined);
  }

  #winner(claim: Claim): Claim | undefined {
    return this.#rivals(claim).find((other) => other.position < claim.position);
  }

  #usersOf(id: string): readonly string[] {
    return this.instruments().flatMap(({ id: user, members, continuous }) => {
      const isMember = members.some((member) => member.id === id);
      return isMember || continuous?.members?.includes(id) === true ? [`instrument ${user}`] : [];
    });
  }

  #missing({ members, continuous }: Instrument): readonly string[] {
    const unknown = [...new Set(members.map(({ id }) => id))].filter((id) => !this.#known.has(id));
    const contracts = continuous?.members ?? [];
    return [
      ...listed(unknown, 'members names', 'which is no instrument: add it first'),
      ...listed(
        contracts.filter((id) => this.get(id)?.future === undefined),
        'continuous.members names',
        'which is no instrument of type future: add it first',
      ),
    ];
  }
}

const SHOWN = 5;

function listed(ids: readonly string[], before: string, after: string): readonly string[] {
  if (ids.length === 0) return [];
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return [`${before} ${ids.slice(0, SHOWN).join(', ')}${more}, ${after}`];
}

function claimsOf(instrument: Instrument, position: bigint): readonly Claim[] {
  return instrument.vendors.flatMap((entry) => {
    const span = effectiveSpan(instrument, entry);
    return span === undefined ? [] : [{ id: instrument.id, entry, span, position }];
  });
}

function keysOf({ entry }: Claim): readonly string[] {
  return claimKeys(entry.vendor).map((key) => claimKey(entry.source, key));
}

function symbolKey({ entry }: Claim): string {
  return claimKey(entry.source, entry.vendor.symbol);
}

function add(index: Map<string, Claim[]>, key: string, claim: Claim): void {
  index.set(key, [...(index.get(key) ?? []), claim]);
}

function drop(index: Map<string, Claim[]>, key: string, id: string): void {
  const rest = (index.get(key) ?? []).filter((claim) => claim.id !== id);
  if (rest.length === 0) index.delete(key);
  else index.set(key, rest);
}

function claimKey(source: string, key: string): string {
  return `${source}\n${key}`;
}

function conflictText(claim: Claim, rival: Claim): string {
  const shared = overlap(claim.span, rival.span) ?? rival.span;
  return (
    `${claim.entry.source} ${vendorText(claim.entry.vendor)} is claimed ${spanText(claim.span)}, but it is ${rival.id}'s ${spanText(rival.span)}: ` +
    `both would have it ${spanText(shared)}; end one before the other begins`
  );
}
