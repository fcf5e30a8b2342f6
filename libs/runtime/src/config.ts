/** Environment variables as a process gets them. */
export type Env = Readonly<Record<string, string | undefined>>;

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** How one setting is read from one environment variable. */
export interface Field<T> {
  readonly name: string;
  readonly parse: (text: string | undefined) => Parsed<T>;
}

/** Every problem of a configuration at once; `message` has a line each. */
export class ConfigError extends Error {
  readonly code = 'config-invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads a configuration once, into a complete frozen object. Values are rejected, never repaired.
 * @throws ConfigError with all problems, each naming the variable, its value and what it should be.
 */
export function readConfig<T extends Record<string, unknown>>(
  env: Env,
  fields: { readonly [K in keyof T]: Field<T[K]> },
): Readonly<T> {
  const values: Partial<T> = {};
  const problems: string[] = [];
  for (const key in fields) {
    const { name, parse } = fields[key];
    const raw = env[name];
    const parsed = parse(raw === '' ? undefined : raw);
    if (parsed.ok) values[key] = parsed.value;
    else problems.push(`${name}${shown(raw)}: ${parsed.problem}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(values as T);
}

/** The value as far as it may be shown: what looks like a credential of a URL is not. */
function shown(raw: string | undefined): string {
  if (raw === undefined || raw === '') return '';
  return `="${raw.replace(/\/\/[^/]*@/, '//***@')}"`;
}

function optional<T>(name: string, fallback: T | undefined, parse: (text: string) => Parsed<T>): Field<T> {
  return {
    name,
    parse: (text) => {
      if (text !== undefined) return parse(text.trim());
      return fallback === undefined ? { ok: false, problem: 'is required' } : { ok: true, value: fallback };
    },
  };
}

/** Readers of settings; without a default a setting is required. */
export const field = {
  text(name: string, fallback?: string): Field<string> {
    return optional(name, fallback, (value) => ({ ok: true, value }));
  },

  /** Comma-separated, at least one entry. */
  list(name: string, fallback?: readonly string[]): Field<readonly string[]> {
    return optional(name, fallback, (text) => {
      const value = text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      return value.length > 0
        ? { ok: true, value }
        : { ok: false, problem: 'needs at least one entry, separated by commas' };
    });
  },

  integer(
    name: string,
    options: { readonly min: number; readonly max: number; readonly fallback?: number },
  ): Field<number> {
    const { min, max } = options;
    return optional(name, options.fallback, (text) => {
      const value = Number(text);
      return /^-?\d+$/.test(text) && value >= min && value <= max
        ? { ok: true, value }
        : { ok: false, problem: `must be a whole number from ${min} to ${max}` };
    });
  },

  /** 0 lets the system choose. */
  port(name: string, fallback?: number): Field<number> {
    return field.integer(name, { min: 0, max: 65_535, ...(fallback === undefined ? {} : { fallback }) });
  },

  flag(name: string, fallback: boolean): Field<boolean> {
    return optional(name, fallback, (text) => {
      if (text === 'true' || text === '1') return { ok: true, value: true };
      if (text === 'false' || text === '0') return { ok: true, value: false };
      return { ok: false, problem: 'must be true or false' };
    });
  },

  choice<const C extends string>(name: string, choices: readonly C[], fallback?: C): Field<C> {
    return optional(name, fallback, (text) => {
      const value = choices.find((choice) => choice === text);
      return value === undefined
        ? { ok: false, problem: `must be one of ${choices.join(', ')}` }
        : { ok: true, value };
    });
  },

  url(name: string, protocols: readonly string[], fallback?: string): Field<URL> {
    const parse = (text: string): Parsed<URL> => {
      const value = URL.canParse(text) ? new URL(text) : undefined;
      return value !== undefined && protocols.includes(value.protocol)
        ? { ok: true, value }
        : {
            ok: false,
            problem: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
          };
    };
    return optional(name, fallback === undefined ? undefined : new URL(fallback), parse);
  },
};
