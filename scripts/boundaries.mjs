/**
 * The boundary check: which package may import which, from the nx tags (`type:<layer>`) of every package.json and the table
 * below, enforced by dependency-cruiser over every import, type imports included. It then checks a tree with one planted
 * violation of each rule and fails when any of them is not found: a check that cannot fail checks nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ['libs', 'services', 'tools', 'examples'];

/** Layer → layers it may import (design.md §4; docs/adr for what was added to it). */
const MAY_IMPORT = {
  core: ['core'],
  contract: ['core'],
  port: ['core'],
  flow: ['core', 'contract', 'port'],
  adapter: ['core', 'contract', 'port'],
  runtime: [],
  client: ['core', 'contract', 'adapter'],
  testing: ['core', 'contract', 'port'],
  service: ['core', 'contract', 'port', 'flow', 'adapter', 'runtime', 'client'],
  tool: ['core', 'contract', 'port', 'flow', 'adapter', 'runtime', 'client', 'tool'],
  example: ['client', 'port', 'core'],
};
/** Tests may use the test kit and every adapter besides; benches whatever they measure. */
const NOT_PRODUCT = String.raw`\.test\.ts$|-contract\.ts$|/src/contract/|/(fixtures|bench|scripts)/`;

function packagesOf(root) {
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => existsSync(join(root, folder, name, 'package.json')))
      .map((name) => ({ path: `${folder}/${name}`, layer: layerOf(root, `${folder}/${name}`) })),
  );
}

function layerOf(root, path) {
  const { nx } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const layer = nx?.tags?.find((tag) => tag.startsWith('type:'))?.slice('type:'.length);
  if (MAY_IMPORT[layer] === undefined)
    throw new Error(
      `${path}/package.json: nx.tags needs one of type:${Object.keys(MAY_IMPORT).join(', type:')}`,
    );
  return layer;
}

const anyOf = (paths) => (paths.length === 0 ? '^$' : `^(${paths.join('|')})/`);

function rulesFor(packages) {
  const pathsOf = (layers) => packages.filter(({ layer }) => layers.includes(layer)).map(({ path }) => path);
  const everything = anyOf(packages.map(({ path }) => path));
  const layers = Object.keys(MAY_IMPORT).filter((layer) => pathsOf([layer]).length > 0);
  const perLayer = layers.map((layer) => ({
    name: `${layer}-imports`,
    comment: `${layer} may import ${MAY_IMPORT[layer].join(', ') || 'nothing of ours'}`,
    severity: 'error',
    from: { path: anyOf(pathsOf([layer])), pathNot: NOT_PRODUCT },
    to: { path: everything, pathNot: [anyOf(pathsOf(MAY_IMPORT[layer])), '$1/'] },
  }));
  return [
    ...perLayer,
    {
      name: 'core-is-pure',
      comment: 'the core imports neither Node nor a library: it is the same everywhere',
      severity: 'error',
      from: { path: anyOf(pathsOf(['core'])), pathNot: NOT_PRODUCT },
      to: {
        pathNot: everything,
        dependencyTypes: [
          'core',
          'npm',
          'npm-dev',
          'npm-optional',
          'npm-peer',
          'npm-no-pkg',
          'npm-unknown',
          'unknown',
          'undetermined',
        ],
      },
    },
    {
      name: 'core-reaches-core-only',
      comment: 'not even over others may the core reach anything else of ours',
      severity: 'error',
      from: { path: anyOf(pathsOf(['core'])), pathNot: NOT_PRODUCT },
      to: { path: everything, pathNot: anyOf(pathsOf(['core'])), reachable: true },
    },
    {
      name: 'only-main-names-adapters',
      comment: 'of a service only main.ts wires vendors in',
      severity: 'error',
      from: { path: anyOf(pathsOf(['service'])), pathNot: [NOT_PRODUCT, '/src/main\\.ts$'] },
      to: { path: anyOf(pathsOf(['adapter', 'client'])) },
    },
    {
      name: 'no-test-kit-in-product',
      comment: 'the test kit and tests stay out of what runs',
      severity: 'error',
      from: { path: everything, pathNot: [NOT_PRODUCT, anyOf(pathsOf(['testing']))] },
      to: { path: [anyOf(pathsOf(['testing'])), String.raw`\.test\.ts$`] },
    },
    { name: 'no-circles', severity: 'error', from: { path: everything }, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: { path: everything }, to: { couldNotResolve: true } },
  ];
}

async function violationsIn(root) {
  const packages = packagesOf(root);
  const result = await cruise(
    packages.map(({ path }) => path),
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: rulesFor(packages) },
      exclude: { path: 'node_modules|/dist/|/target/' },
      doNotFollow: { path: 'node_modules' },
      tsPreCompilationDeps: true,
      enhancedResolveOptions: {
        exportsFields: ['exports'],
        conditionNames: ['import', 'types', 'default'],
        extensions: ['.ts', '.js', '.d.ts'],
      },
    },
  );
  return {
    violations: result.output.summary.violations,
    modules: result.output.summary.totalCruised,
    rules: rulesFor(packages),
  };
}

const real = await violationsIn(ROOT);
for (const { rule, from, to } of real.violations)
  process.stdout.write(`${rule.name}: ${from} imports ${to}\n`);
const planted = await violationsIn(join(ROOT, 'scripts/boundaries-fixture'));
const found = new Set(planted.violations.map(({ rule }) => rule.name));
const missed = planted.rules.map(({ name }) => name).filter((name) => !found.has(name));
if (missed.length > 0) process.stdout.write(`planted violations that were not found: ${missed.join(', ')}\n`);
process.stdout.write(
  `boundaries: ${real.modules} modules, ${real.violations.length} violations; planted: ${found.size} of ${planted.rules.length} rules fired\n`,
);
process.exit(real.violations.length + missed.length === 0 ? 0 : 1);
