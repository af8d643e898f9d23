// Completes package-lock.json after an `npm install`. Packages publish one build per platform as optional dependencies;
// a registry mirror that lacks some makes npm leave them out of the lock, and then `npm ci` refuses it as out of step
// with package.json. Each missing one is entered by name and version; npm skips it where its platform is not this one.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const platforms = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** Where Node would look for `name` from the package at `path`: its own node_modules, then its parents'. */
function* places(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    yield at ? `${at}/node_modules/${name}` : `node_modules/${name}`;
    if (!at) return;
  }
}

const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => ![...places(path, name)].some((place) => place in lock.packages))
    .map(([name, range]) => ({ name, version: range.replace(/^[\^~]/, ''), dev })),
);
for (const { name, version, dev } of missing) {
  if (!/^\d+\.\d+\.\d+[-.\w]*$/.test(version)) throw new Error(`${name}: no single version in "${version}"`);
  const words = name.split(/[^a-z0-9]+/);
  const named = (known) => known.filter((word) => words.includes(word)).slice(0, 1);
  const [os, cpu] = [named(platforms), named(processors)];
  lock.packages[`node_modules/${name}`] = {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
  console.log(`added ${name} ${version}`);
}
const byPath = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(byPath) }, null, 2)}\n`);
console.log(`${missing.length} entries added`);
