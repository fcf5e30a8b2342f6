/** What a flow is set to, and since when: everything in the configuration below the offset `end` is in it. */
export interface Settings<C> {
  readonly end: bigint;
  readonly value: C;
}

/**
 * Settings of a flow that may change while it runs, as a pure function of the configuration log: the same `end` always yields the same
 * value, in every process. A flow writes down, with its checkpoint, which records it processed by which settings, so that they take
 * effect at a logged position ([ADR 0017](../../../docs/adr/0017-settings-at-a-logged-position.md)).
 */
export interface SettingsSource<C> {
  /** The newest. Cheap: asked for every few records. */
  latest(): Settings<C>;
  /** As they were; rejects where the log cannot be read. */
  at(end: bigint): Promise<C>;
}

/** Of a flow that has nothing to set. */
export const NO_SETTINGS: SettingsSource<void> = {
  latest: () => ({ end: 0n, value: undefined }),
  at: () => Promise.resolve(),
};
