import { join } from 'node:path';
import { handOver, install, ROOT } from './bootstrap.mjs';

install();
handOver([join(ROOT, 'tools/cli/src/main.ts'), 'demo', ...process.argv.slice(2)]);
