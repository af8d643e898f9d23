import { HttpException, UnsupportedMediaTypeException } from '@nestjs/common';
import { ThrottlerException } from '@nestjs/throttler';
import { ProblemError, unprocessable } from '@lexecon/auth';
import { problemOf } from './problem.filter.js';
import { problemsOf } from './validation.js';

describe('the problem of what was thrown', () => {
  it('is the one that was meant', () => {
    const meant = { status: 409, type: 'conflict', title: 'Taken' };
    expect(problemOf(new ProblemError(meant), '/')).toBe(meant);
  });

  it('is 429 over a limit', () => expect(problemOf(new ThrottlerException(), '/').status).toBe(429));

  it('is 415 for a wrong content type, and 400 at an AuthZEN address', () => {
    expect(problemOf(new UnsupportedMediaTypeException(), '/api/v1/decisions').status).toBe(415);
    expect(problemOf(new UnsupportedMediaTypeException(), '/access/v1/evaluation').status).toBe(400);
  });

  it.each([400, 413, 422])('names a field with every %d', (status) => {
    expect(problemOf(new HttpException('no', status), '/').errors).toHaveLength(1);
  });

  it.each([new Error('hunter2'), 'hunter2', null, undefined, new HttpException('hunter2', 500), { status: 200 }])(
    'is a fault that tells nothing for %p',
    (thrown) => {
      const problem = problemOf(thrown, '/');
      expect(problem.status).toBe(500);
      expect(JSON.stringify(problem)).not.toContain('hunter2');
    },
  );

  it('never repeats what an exception says', () => {
    for (const status of [400, 404, 418, 503])
      expect(JSON.stringify(problemOf(new HttpException('hunter2', status), '/'))).not.toContain('hunter2');
  });

  it('says when to try again after 503', () => expect(problemOf(new HttpException('', 503), '/').retryAfter).toBe(1));
});

describe('the fields of a failed validation', () => {
  it('lead through objects and arrays, with ~ and / escaped', () => {
    const nested = {
      property: 'a/b',
      children: [{ property: '0', children: [{ property: 'c~d', constraints: { x: 'must be x' } }] }],
    };
    expect(problemsOf([nested])).toEqual([{ pointer: '/a~1b/0/c~0d', detail: 'must be x' }]);
  });

  it('are all named', () => {
    const errors = [
      { property: 'a', constraints: { x: '1', y: '2' } },
      { property: 'b', constraints: { x: '3' } },
    ];
    expect(unprocessable(problemsOf(errors)).problem.errors).toHaveLength(3);
  });
});
