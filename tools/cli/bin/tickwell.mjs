#!/usr/bin/env node
/** `npx tickwell`: whatever Node this machine has, the program runs on the pinned one, in the folder it was called from. */
import { join } from 'node:path';
import { handOver, install, ROOT } from '../../../scripts/bootstrap.mjs';

install();
handOver([join(ROOT, 'tools/cli/src/main.ts'), ...process.argv.slice(2)], process.cwd());
