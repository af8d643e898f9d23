import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension, ApiHeader } from '@nestjs/swagger';
import { mergeMap, type Observable } from 'rxjs';
import { originOf } from './credentials.strategy.js';
import type { Origin, Principal } from './principal.js';

/** Metadata key under which a route says that its answer may hold personal data. */
export const READS = 'lexecon:reads';

/** A route whose answer may hold personal data: each answer is on record before it leaves, or it does not leave (503). `what` names
 *  the data for whoever reads the record. `about` says which parameter names one person: their account id, or the name of a user of
 *  the caller's system. */
export const ReadsPersonalData = (what: string, about: About = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(READS, { what, about }),
    UseInterceptors(ReadsInterceptor),
    ApiExtension('x-personal-data', what),
    ApiHeader({
      name: PURPOSE,
      required: false,
      description: 'Why this is read, in the reader’s own words, for the record.',
    }),
  );

/** Name of the parameter (of the path or the query) that names one person. */
export type About = Readonly<Partial<Record<'account' | 'user', string>>>;

/** One read of personal data. */
export interface PersonalDataRead {
  /** Undefined on a public route, where a person sees what is theirs. */
  readonly by: Principal | undefined;
  readonly from: Origin;
  readonly what: string;
  /** Method and template, without values: `GET /api/v1/users/:id`. */
  readonly route: string;
  /** What was asked for: parameters of the path and the query. May be personal. */
  readonly filter: Readonly<Record<string, string>>;
  /** The one person asked about: `account:<uuid>` or `user:<name>`. */
  readonly subject: string | undefined;
  /** How many records were shown; null for a file. */
  readonly count: number | null;
  readonly purpose: string | undefined;
}

/** Where reads are recorded. `identity` provides it. */
export abstract class Reads {
  /** Resolves when the read is durably on record; rejects with ProblemError 503 when it is not. */
  abstract record(read: PersonalDataRead): Promise<void>;
}

const PURPOSE = 'Lexecon-Purpose';

interface Request {
  readonly principal?: Principal;
  readonly ip: string;
  readonly id: string;
  readonly method: string;
  readonly routeOptions: { readonly url?: string };
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Holds an answer back until it is on record. A request that fails shows nothing and leaves no entry. */
@Injectable()
class ReadsInterceptor implements NestInterceptor {
  constructor(private readonly reads: Reads) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { what, about } = reflector.get<{ what: string; about: About }>(READS, context.getHandler());
    const request = context.switchToHttp().getRequest<Request>();
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        await this.reads.record(readOf(request, what, about, countOf(answer)));
        return answer;
      }),
    );
  }
}

const reflector = new Reflector();

function readOf(request: Request, what: string, about: About, count: number | null): PersonalDataRead {
  const asked = { ...request.query, ...request.params };
  const filter = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)]));
  const purpose = request.headers[PURPOSE.toLowerCase()];
  return {
    by: request.principal,
    from: originOf(request),
    what,
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    filter,
    subject: subjectOf(about, filter),
    count,
    purpose: typeof purpose === 'string' ? purpose : undefined,
  };
}

function subjectOf({ account, user }: About, filter: Readonly<Record<string, string>>): string | undefined {
  const [id, name] = [account && filter[account], user && filter[user]];
  // One person has one key in the vault, however their id is written.
  if (id) return `account:${id.toLowerCase()}`;
  return name ? `user:${name}` : undefined;
}

/** Members that hold the records of a page: ours, and SCIM's. */
const LISTS: ReadonlySet<string> = new Set(['items', 'Resources']);

function countOf(answer: unknown): number | null {
  if (Array.isArray(answer)) return answer.length;
  if (typeof answer !== 'object' || answer === null || 'getStream' in answer) return null;
  const [list] = Object.entries(answer).flatMap(([name, value]) =>
    LISTS.has(name) && Array.isArray(value) ? [value] : [],
  );
  return list?.length ?? 1;
}
