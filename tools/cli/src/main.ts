import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code and stripped types are kept beside what they were made of, for this process and, through the environment, for those
// it starts. Without them each spends half of its start on compiling what has not changed.
process.env['NODE_COMPILE_CACHE'] ??= join(
  import.meta.dirname,
  '../../../node_modules/.cache/tickwell-compile',
);
enableCompileCache(process.env['NODE_COMPILE_CACHE']);

// Only what is imported from here on comes from there.
const { runCli } = await import('./cli.ts');
process.exitCode = await runCli(process.argv.slice(2));
