import { requireNotOlder, UnsupportedDatabase } from './migrate.js';

describe('the version of the server', () => {
  it.each([130_023, 90_624])('%d is refused, with what is needed', (version) => {
    const check = (): void => {
      requireNotOlder(version);
    };
    expect(check).toThrow(UnsupportedDatabase);
    expect(check).toThrow(/^DATABASE_URL leads to PostgreSQL (13|9); version 14 or newer is needed$/);
  });

  it.each([140_000, 140_023, 180_001])('%d will do', (version) => {
    expect(() => {
      requireNotOlder(version);
    }).not.toThrow();
  });
});
