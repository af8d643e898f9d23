import { createLogger, describeFault } from './logging.js';
import { requestContext, requestIdOf, traceOf } from './logging.context.js';

const fromDatabase = (message: string): Error =>
  Object.assign(new Error(message), {
    severity: 'ERROR',
    routine: '_bt_check_unique',
    code: '23505',
    constraint: 'account_email_once',
    detail: 'Key (email)=(ada@example.com) already exists.',
    parameters: ['ada@example.com'],
  });

describe('what a log says about a fault', () => {
  it('is its type, message and frames', () => {
    const { type, message, frames } = describeFault(new TypeError('x is not a function'));
    expect({ type, message }).toEqual({ type: 'TypeError', message: 'x is not a function' });
    expect(frames[0]).toContain('logging.spec');
  });

  it('leaves out what the message quotes', () => {
    expect(describeFault(new SyntaxError('Unexpected token, "ada@example.com" is not JSON')).message).not.toContain(
      'ada',
    );
    expect(describeFault(new Error('no mail to ada@example.com today')).message).not.toContain('ada');
  });

  it('leaves out what is between quotes in what the message quotes', () => {
    const fault = new SyntaxError(`Unexpected token 'x', "{"name":"Ada Lovelace"x" is not valid JSON`);
    expect(describeFault(fault).message).toBe('Unexpected token …, … is not valid JSON');
  });

  it('takes no part of the message for a frame', () => {
    const { frames } = describeFault(new Error('x\n    at Ada Lovelace (12 Main Street)'));
    expect(frames.join()).not.toContain('Lovelace');
    expect(frames[0]).toContain('logging.spec');
  });

  it('leaves out what a database error says, but for its code and constraint', () => {
    const described = describeFault(
      new Error('saving failed', { cause: fromDatabase('duplicate key ada@example.com') }),
    );
    expect(JSON.stringify(described)).not.toContain('ada');
    expect(described.cause).toMatchObject({ code: '23505', constraint: 'account_email_once' });
  });

  it('takes what is no error without a complaint', () => expect(describeFault('ada').message).not.toContain('ada'));
});

describe('a log line', () => {
  const written = (act: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> => {
    const lines: string[] = [];
    act(createLogger({ LOG_LEVEL: 'info' }, { write: (line: string) => lines.push(line) }));
    return JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
  };

  it('carries the ids of the request it belongs to', () => {
    const ids = { request_id: 'r', trace_id: 't', span_id: 's' };
    expect(requestContext.run(ids, () => written((logger) => logger.info('hello')))).toMatchObject(ids);
  });

  it('never holds the message of a database error', () => {
    const line = written((logger) => logger.error({ err: fromDatabase('duplicate key ada@example.com') }, 'failed'));
    expect(JSON.stringify(line)).not.toContain('ada');
    expect(line).toMatchObject({ level: 'error', msg: 'failed', err: { code: '23505' } });
  });
});

describe('the ids of a request', () => {
  it('keep a well-formed X-Request-Id', () => expect(requestIdOf('a-1.b_2')).toBe('a-1.b_2'));

  it.each(['', 'a b', 'a\nb', '<script>', 'x'.repeat(129), undefined, ['a', 'b']])('replace %j', (given) => {
    expect(requestIdOf(given)).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
  });

  it('go on with the caller’s trace, in a span of their own', () => {
    const { trace_id, span_id } = traceOf('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    expect(trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span_id).toMatch(/^[\da-f]{16}$/);
    expect(span_id).not.toBe('b7ad6b7169203331');
  });

  it.each(['00-zz-b7ad6b7169203331-01', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined])(
    'begin a trace on %s',
    (given) => {
      expect(traceOf(given).trace_id).toMatch(/^(?!0{32})[\da-f]{32}$/);
    },
  );

  it('differ between requests', () => {
    expect(new Set(Array.from({ length: 1000 }, () => traceOf(undefined).span_id)).size).toBe(1000);
  });
});
