import pg from 'pg';

/** A client that ends its connection when a statement was not answered within `query_timeout`: the pool would hand the same silent
 *  connection to the next caller, who would wait behind the statement that nobody answers. And one whose connection may end at any
 *  moment, also between being connected and being handed over, when nobody listens yet: that must not end the process. */
export class ImpatientClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }

  // Every form of `query` that gives a promise passes here; the callers’ types are those of pg.Client.
  override query(...given: readonly unknown[]): never {
    const answer: unknown = Reflect.apply(super.query.bind(this), this, given);
    if (answer instanceof Promise)
      answer.catch((error: unknown) => {
        if (error instanceof Error && error.message === TIMED_OUT) this.end().catch(() => undefined);
      });
    return answer as never;
  }
}

/** How pg says so; it has no code. */
const TIMED_OUT = 'Query read timeout';
