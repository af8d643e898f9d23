import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { type FieldProblem, ProblemError, unprocessable } from '@lexecon/auth';
import { SCIM_JSON } from '@lexecon/identity';
import { isScim } from './scim.problem.js';
import { escapePointer } from './validation.js';

/** Deeper than anything we ask for, shallow enough that no recursion over a body can run out of stack. */
const MAX_DEPTH = 32;

const isScimType = (type = ''): boolean => type.toLowerCase().startsWith(SCIM_JSON);

const FORM = 'application/x-www-form-urlencoded';
const FORM_LIMIT = 16 * 1024;
/** Routes of protocols that are not ours and send forms. Nowhere else: a page of any site can send one without being asked. */
const takesForm = (route = ''): boolean => route.endsWith('/backchannel-logout');

/** JSON and nothing else, but where another protocol says so; an empty body is no body. What no room could keep is refused at the door:
 *  nesting without end, and text that PostgreSQL and canonical JSON cannot hold (U+0000, lone surrogates). */
export function parseBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    ['application/json', SCIM_JSON],
    { parseAs: 'string' },
    (request, text: string, done) => {
      if (isScimType(request.headers['content-type']) && !isScim(request.url))
        return done(new UnsupportedMediaTypeException());
      if (text === '') return done(null, undefined);
      void parse(request, text, (error, body: unknown) => {
        const problems = error ? [] : problemsOfText(text, body);
        if (error) done(malformed('is not JSON'));
        else if (problems.length > 0) done(unprocessable(problems));
        else done(null, body);
      });
    },
  );
  fastify.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: FORM_LIMIT }, (request, text: string, done) => {
    if (takesForm(request.routeOptions.url)) done(null, new URLSearchParams(text));
    else done(new UnsupportedMediaTypeException());
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!request.url.includes('%00')) return done();
    const names = Object.entries({ ...asRecord(request.params), ...asRecord(request.query) })
      .filter(([name, value]) => name.includes('\0') || String(value).includes('\0'))
      .map(([name]) => ({ pointer: `/${escapePointer(name)}`, detail: 'must not contain U+0000' }));
    done(unprocessable(names.length > 0 ? names : [{ pointer: '', detail: 'the address must not contain U+0000' }]));
  });
}

const malformed = (detail: string): ProblemError =>
  new ProblemError({
    status: 400,
    type: 'malformed',
    title: 'The request cannot be read',
    errors: [{ pointer: '', detail }],
  });

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' ? { ...value } : {});

/** Only bodies that could be wrong are walked: more than MAX_DEPTH brackets, or an escape. */
function problemsOfText(text: string, body: unknown): readonly FieldProblem[] {
  const suspicious = text.includes('\\u') || (text.length > 2 * MAX_DEPTH && brackets(text) > MAX_DEPTH);
  return suspicious ? walk(body) : [];
}

function brackets(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length && count <= MAX_DEPTH; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 0x7b || unit === 0x5b) count += 1;
  }
  return count;
}

/** Walks without recursion and stops at the first 20 problems. */
function walk(body: unknown): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const open: { readonly value: unknown; readonly pointer: string; readonly depth: number }[] = [
    { value: body, pointer: '', depth: 0 },
  ];
  for (let next = open.pop(); next && problems.length < 20; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (typeof value === 'string' && !storable(value)) problems.push({ pointer, detail: NOT_STORABLE });
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) problems.push({ pointer, detail: `is nested more than ${String(MAX_DEPTH)} levels deep` });
    else
      for (const [name, member] of Object.entries(value)) {
        if (storable(name))
          open.push({ value: member, pointer: `${pointer}/${escapePointer(name)}`, depth: depth + 1 });
        else problems.push({ pointer, detail: `a member name ${NOT_STORABLE}` });
      }
  }
  return problems;
}

const NOT_STORABLE = 'must not contain U+0000 or half a surrogate pair';
const storable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text);
