import 'vitest';

/**
 * What real tests get from `inject('stack')`, provided by `global-setup.ts`. Listed in `tsconfig.base.json`, so that
 * every package's real tests see it without importing anything.
 */
declare module 'vitest' {
  interface ProvidedContext {
    readonly stack: {
      /** `host:port` each. */
      readonly kafkaBrokers: readonly string[];
      readonly questdbHttpUrl: string;
      readonly questdbPg: ProvidedPg;
      /** The user that may only read. */
      readonly questdbPgReadonly: ProvidedPg;
      /** The ta4j-examples JAR, whose resources are the sample data. */
      readonly sampleJar: string;
    };
  }

  interface ProvidedPg {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  }
}
