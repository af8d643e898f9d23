import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatApiKey, freshApiKey } from '@lexecon/identity';
import { parseSettings, settingTables, unknownNames, WrongSettings } from './settings.js';

const problemsOf = (environment: Record<string, string>): Record<string, string> => {
  try {
    parseSettings(environment);
    return {};
  } catch (error) {
    if (!(error instanceof WrongSettings)) throw error;
    return Object.fromEntries(error.problems.map(({ name, detail }) => [name, detail]));
  }
};

const demoKey = formatApiKey(freshApiKey('local'));

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://db/lexecon',
  LEDGER_GUARD: 'file:///guard',
  LEDGER_KEY_FILE: '/keys/ledger',
  RECEIPT_KEY_FILE: '/keys/receipt',
  VAULT_KEY_FILE: '/keys/vault',
};

describe('settings', () => {
  it('start with nothing set, on loopback', () => {
    expect(parseSettings({})).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, NODE_ENV: 'development' });
  });

  it('name every wrong setting at once', () => {
    expect(Object.keys(problemsOf({ PORT: 'x', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://a' })).sort()).toEqual([
      'DATABASE_URL',
      'LOG_LEVEL',
      'PORT',
    ]);
  });

  it('never repeat a value', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://admin:hunter2@db',
      LEXECON_DEMO_KEY: 'hunter2',
      PORT: 'hunter2',
    });
    expect(Object.keys(problems)).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('count an empty value as unset', () => {
    expect(parseSettings({ PORT: '', DATABASE_URL: '' }).PORT).toBe(3000);
  });

  it.each(Object.keys(production).filter((name) => name !== 'NODE_ENV'))('require %s in production', (name) => {
    expect(problemsOf({ ...production, [name]: '' })).toHaveProperty(name);
  });

  it('are complete in production with those', () => expect(problemsOf(production)).toEqual({}));

  it.each([
    ['LEXECON_DEMO_KEY', demoKey],
    ['LOG_LEVEL', 'debug'],
    ['LOG_LEVEL', 'trace'],
  ])('refuse %s=%s in production', (name, value) => {
    expect(problemsOf({ ...production, [name]: value })).toHaveProperty(name);
    expect(problemsOf({ [name]: value })).toEqual({});
  });

  it('refuse a malformed demo key', () => {
    expect(problemsOf({ LEXECON_DEMO_KEY: 'lxk_local_short' })).toHaveProperty('LEXECON_DEMO_KEY');
  });

  it('refuse the demo key while others can reach the server', () => {
    expect(problemsOf({ LEXECON_DEMO_KEY: demoKey, HOST: '0.0.0.0' })).toHaveProperty('LEXECON_DEMO_KEY');
  });

  it.each(['10.0.0.0/8', '::1', '10.1.2.3,fd00::/8'])('take %s as proxies', (list) => {
    expect(problemsOf({ TRUST_PROXY: list })).toEqual({});
  });

  it.each(['true', '1', 'proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.1,'])(
    'refuse %s as proxies',
    (list) => {
      expect(problemsOf({ TRUST_PROXY: list })).toHaveProperty('TRUST_PROXY');
    },
  );

  describe('of identity providers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-settings-'));
    const file = join(folder, 'providers.json');
    const roles = join(folder, 'roles.json');
    beforeAll(() => {
      writeFileSync(file, JSON.stringify([{ name: 'acme', issuer: 'http://127.0.0.1:1', clientId: 'lexecon' }]));
      writeFileSync(roles, JSON.stringify({ staff: ['root'] }));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('need PUBLIC_URL, and https in production', () => {
      const given = { OIDC_PROVIDERS_FILE: file, PUBLIC_URL: 'https://lexecon.example' };
      expect(problemsOf({ OIDC_PROVIDERS_FILE: file })).toHaveProperty('PUBLIC_URL');
      expect(problemsOf(given)).toEqual({});
      expect(problemsOf({ ...production, ...given })['OIDC_PROVIDERS_FILE']).toContain('issuer of acme');
    });

    it('and of a directory are named when their file is wrong', () => {
      expect(problemsOf({ OIDC_PROVIDERS_FILE: join(folder, 'nowhere') })).toHaveProperty('OIDC_PROVIDERS_FILE');
      expect(problemsOf({ SCIM_ROLES_FILE: roles })['SCIM_ROLES_FILE']).toContain('/staff/0');
    });
  });

  it('stand in one table each', () => {
    const names = Object.values(settingTables).flatMap((table) => Object.keys(table));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('are all described', () => {
    const described = Object.values(settingTables)
      .flatMap((table) => Object.values(table))
      .map((field) => field.meta());
    expect(described.filter((meta) => !meta?.description)).toEqual([]);
  });

  it('report names that look like ours and mean nothing', () => {
    expect(unknownNames({ LEXECON_DATADIR: 'x', LEXECON_DATA_DIR: 'y', PATH: 'z' })).toEqual(['LEXECON_DATADIR']);
  });
});
