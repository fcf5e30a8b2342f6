import { join } from 'node:path';
import { handOver, install, ROOT } from './bootstrap.mjs';

install();
handOver([join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)]);
