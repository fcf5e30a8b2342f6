/** Planted: scripts/boundaries.mjs must object. */
import '../../kafka/src/index.ts';
import 'node:fs';
import './missing.ts';
import './circle.ts';
