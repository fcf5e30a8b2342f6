/**
 * Makes of libs/client what a stranger installs from npm: one JavaScript module, one file of types, nothing of the workspace left to import.
 * `npm run build:client` writes libs/client/dist/package; `npm run pack:client` also a tarball beside it (docs/adr/0030-client-for-npm.md).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { rolldown } from 'rolldown';
import { ROOT } from './bootstrap.mjs';

const CLIENT = join(ROOT, 'libs/client');
const DIST = join(CLIENT, 'dist');
const TYPES = join(DIST, 'types');
const PACKAGE = join(DIST, 'package');
/** The oldest on which CommonJS can `require` a module, and where this is tried. */
const NODE_RANGE = '>=20.19';
const ENTRY = 'index.js';

/** What the package needs at run time, at the versions that it is tested with. */
const DEPENDENCIES = {
  '@bufbuild/protobuf': readJson('libs/client/package.json').dependencies['@bufbuild/protobuf'],
  '@grpc/grpc-js': readJson('libs/grpc/package.json').dependencies['@grpc/grpc-js'],
};

/** Builds the package and returns its folder. */
export async function buildClient() {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(PACKAGE, { recursive: true });
  await bundleCode();
  bundleTypes();
  writeFileSync(join(PACKAGE, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  cpSync(join(CLIENT, 'npm/README.md'), join(PACKAGE, 'README.md'));
  cpSync(join(ROOT, 'LICENSE'), join(PACKAGE, 'LICENSE'));
  return PACKAGE;
}

/** Builds and packs it; returns the tarball's path. */
export async function packClient(folder = DIST) {
  await buildClient();
  const out = run('npm', ['pack', PACKAGE, '--json', '--pack-destination', folder]);
  return join(folder, JSON.parse(out)[0].filename);
}

async function bundleCode() {
  const bundle = await rolldown({
    input: join(CLIENT, 'src/index.ts'),
    platform: 'node',
    external: isExternal,
    treeshake: { moduleSideEffects: (id) => id.endsWith('/libs/grpc/src/quiet.ts') },
    transform: { target: 'node20' },
  });
  const { output } = await bundle.write({
    dir: PACKAGE,
    format: 'esm',
    entryFileNames: ENTRY,
    codeSplitting: false,
  });
  await bundle.close();
  const left = output.flatMap(({ imports }) => imports).filter((name) => !isExternal(name));
  if (output.length !== 1 || left.length > 0)
    throw new Error(`the bundle is not one file, or imports ${left.join(', ')}`);
}

function isExternal(name) {
  return (
    name.startsWith('node:') ||
    Object.keys(DEPENDENCIES).some((one) => name === one || name.startsWith(`${one}/`))
  );
}

/** tsc says the types of every module, API Extractor makes one file of those that the client shows. */
function bundleTypes() {
  run(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(CLIENT, 'tsconfig.build.json'),
  ]);
  cpSync(join(ROOT, 'libs/contracts/src/gen'), join(TYPES, 'contracts/src/gen'), { recursive: true });
  const silent = { default: { logLevel: 'none' } };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: DIST,
      mainEntryPointFilePath: join(TYPES, 'client/src/index.d.ts'),
      bundledPackages: ['@tickwell/*'],
      compiler: { overrideTsconfig: typesConfig() },
      apiReport: { enabled: false },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(PACKAGE, 'index.d.ts') },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
    },
    packageJsonFullPath: join(CLIENT, 'package.json'),
  });
  const { succeeded } = Extractor.invoke(config, { localBuild: true });
  if (!succeeded) throw new Error('the types cannot be bundled: see above');
}

/** Of the types that tsc wrote: packages of the workspace are found among them. */
function typesConfig() {
  const { target, lib, module, moduleResolution } = readJson('tsconfig.base.json').compilerOptions;
  return {
    compilerOptions: {
      ...{ target, lib, module, moduleResolution },
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      strict: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      paths: { '@tickwell/*': [join(TYPES, '*/src/index.d.ts')] },
    },
    files: [join(TYPES, 'client/src/index.d.ts')],
  };
}

function manifest() {
  const { name, license, type } = readJson('libs/client/package.json');
  return {
    name,
    version: releaseVersion(
      readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'),
      readJson('libs/client/package.json').version,
    ),
    description:
      'Market data for strategies, from a Tickwell query service: history, live events, both as one stream.',
    license,
    type,
    keywords: ['market-data', 'grpc', 'trading', 'bars', 'ticks', 'indicators'],
    exports: {
      '.': { types: './index.d.ts', default: `./${ENTRY}` },
      './package.json': './package.json',
    },
    types: './index.d.ts',
    files: [ENTRY, 'index.d.ts', 'README.md', 'LICENSE'],
    engines: { node: NODE_RANGE },
    dependencies: Object.fromEntries(
      Object.entries(DEPENDENCIES).map(([one, version]) => [one, `^${version}`]),
    ),
    publishConfig: { access: 'public' },
  };
}

/**
 * The newest version that CHANGELOG.md heads a section with, where that is the first section: it must be the package's own. While there is an
 * "Unreleased" one before it, what is built comes before the package's version.
 */
export function releaseVersion(changelog, own) {
  const [first = ''] = [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  if (first === 'Unreleased') return `${own}-unreleased`;
  const version = /^\[?(\d+\.\d+\.\d+)\]?/.exec(first)?.[1];
  if (version === own) return own;
  throw new Error(
    `CHANGELOG.md begins with "${first}", libs/client/package.json says ${own}: they must agree`,
  );
}

function readJson(path) {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const made = process.argv.includes('--pack') ? await packClient() : await buildClient();
  process.stdout.write(`${made}\n`);
}
