import type { StateReader, StateWriter } from '@tickwell/domain';
import { VersionWindow } from './version-window.ts';

/** Versions remembered of one series at most: half a year of sessions, two hours of minutes. */
export const MAX_VERSIONS_PER_SERIES = 128;
/** Of all series of one key together, which share them: 50,000 symbols with so many take 0.8 GB. */
export const MAX_VERSIONS = 384;
/** Most series; the one used longest ago is forgotten for a new one. */
export const MAX_SERIES = 32;

/** The version windows of one key, one for each series of a source. */
export class VersionWindows {
  /** In the order of use, which a copy restored from it keeps. */
  readonly #windows = new Map<string, VersionWindow>();

  use(key: string): VersionWindow {
    const known = this.#windows.get(key);
    this.#windows.delete(key);
    const window = known ?? this.#add();
    this.#windows.set(key, window);
    return window;
  }

  write(writer: StateWriter): void {
    writer.uint(this.#windows.size);
    for (const [key, window] of this.#windows) window.write(writer.text(key));
  }

  static read(reader: StateReader): VersionWindows {
    const windows = new VersionWindows();
    for (let left = reader.count(MIN_WINDOW_BYTES); left > 0; left--)
      windows.#windows.set(reader.text(), VersionWindow.read(reader));
    return windows;
  }

  /** One more: each of the others gets by with less. */
  #add(): VersionWindow {
    const oldest = this.#windows.keys().next();
    if (this.#windows.size === MAX_SERIES && oldest.done !== true) this.#windows.delete(oldest.value);
    const share = Math.floor(MAX_VERSIONS / (this.#windows.size + 1));
    const limit = Math.min(share, MAX_VERSIONS_PER_SERIES);
    for (const other of this.#windows.values()) other.limitTo(limit);
    return new VersionWindow(limit);
  }
}

const MIN_WINDOW_BYTES = 4;
