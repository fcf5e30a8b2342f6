import { err, ok, type Result } from './result.ts';

/** Reads the properties of one JSON object that a person wrote; every problem is kept, unknown properties are problems. */
export class JsonFields {
  readonly problems: string[] = [];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#where = where;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) this.problems.push(`${where} must be an object`);
    this.#values = isObject ? { ...value } : {};
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a text', (value) => (typeof value === 'string' ? value : undefined));
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.#missing(name);
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'a number', (value) => (typeof value === 'number' ? value : undefined));
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  choice<const C extends string>(name: string, choices: readonly C[]): C | undefined {
    return this.#typed(name, `one of ${choices.join(', ')}`, (value) =>
      choices.find((choice) => choice === value),
    );
  }

  list(name: string): readonly unknown[] | undefined {
    return this.#typed(name, 'a list', (value): readonly unknown[] | undefined =>
      Array.isArray(value) ? value : undefined,
    );
  }

  /**
   * A list of at least one and at most `most` texts that `check` lets through, each once; undefined where the field is left out.
   *
   * @param otherwise what leaving it out means, for the error: "all".
   */
  names(
    name: string,
    {
      most,
      check,
      otherwise,
    }: {
      readonly most: number;
      readonly check: (text: string) => Result<string, string>;
      readonly otherwise: string;
    },
  ): ReadonlySet<string> | undefined {
    const list = this.list(name);
    if (list === undefined) return undefined;
    if (list.length === 0 || list.length > most)
      this.problem(name, `must be a list of 1 to ${most}; leave it out for ${otherwise}`);
    const read = new Set<string>();
    for (const [index, value] of list.slice(0, most).entries()) {
      const checked = check(typeof value === 'string' ? value : '');
      if (!checked.ok) this.problem(`${name}[${index}]`, checked.error);
      else if (read.has(checked.value)) this.problem(`${name}[${index}]`, `${checked.value} is named twice`);
      else read.add(checked.value);
    }
    return read;
  }

  /** Any value, for a parser of its own. */
  take(name: string): unknown {
    this.#known.add(name);
    return this.#values[name];
  }

  problem(name: string, what: string): void {
    this.problems.push(`${this.#where}.${name} ${what}`);
  }

  /** The value if nothing was wrong. Call it last: by now every known property has been asked for. */
  finish<T>(value: T): Result<T, readonly string[]> {
    for (const name of Object.keys(this.#values)) {
      if (!this.#known.has(name))
        this.problem(name, `is not known; known are ${[...this.#known].join(', ')}`);
    }
    return this.problems.length === 0 ? ok(value) : err(this.problems);
  }

  #typed<T>(name: string, what: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const parsed = read(value);
    if (parsed === undefined) this.problem(name, `must be ${what}`);
    return parsed;
  }

  #missing(name: string): string {
    if (this.#values[name] === undefined) this.problem(name, 'is required');
    return '';
  }
}
