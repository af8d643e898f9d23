import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ReviewQuery } from './review.dto.js';

const faults = (query: object): readonly string[] =>
  validateSync(plainToInstance(ReviewQuery, query)).map((fault) => fault.property);

describe('asking for reviews', () => {
  it('takes the id that a page ended with as cursor, and refuses what the database could not read as one', () => {
    expect(faults({ cursor: '0199f0c4-1111-7000-8000-0000000000aa' })).toEqual([]);
    for (const cursor of ['YWJj', 'MDE5OWYwYzQ', '', "'"]) expect(faults({ cursor })).toEqual(['cursor']);
  });
});
