import { isOfRecord, outcomeOf, reasonOf } from './failure.js';

const database = (code: string, message: string): Error =>
  Object.assign(new Error(message), { severity: 'ERROR', code });

describe('failures of the ledger', () => {
  it('are told without the words of the database, which may quote a person', () => {
    const quoting = database('22P02', 'invalid input syntax for type uuid: "ada@example.org"');
    expect(reasonOf(quoting)).toBe('the database refused a statement, 22P02');
    expect(reasonOf(new Error('Connection terminated unexpectedly'))).toBe('Connection terminated unexpectedly');
    expect(reasonOf('ada@example.org')).toBe('unknown reason');
  });

  it.each([
    ['22021', 'refused', true],
    ['23514', 'refused', true],
    ['54000', 'refused', true],
    ['40P01', 'refused', false],
    ['53100', 'refused', false],
    ['LX001', 'superseded', false],
    ['57014', 'refused', false],
    ['57P01', 'unknown', false],
    ['08006', 'unknown', false],
  ])('%s is %s, of one record: %s', (code, outcome, ofRecord) => {
    expect(outcomeOf(database(code, ''))).toBe(outcome);
    expect(isOfRecord(database(code, ''))).toBe(ofRecord);
  });
});
