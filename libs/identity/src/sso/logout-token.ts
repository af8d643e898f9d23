import { jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { OidcProvider } from './provider.config.js';

export interface LogoutOrder {
  readonly issuer: string;
  readonly subject: string | null;
  readonly sid: string | null;
  readonly jti: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** How old a logout token may be, in seconds; its jti is remembered for longer. */
export const OLDEST_S = 300;

const text = z.string().min(1).max(255);
const orderSchema = z
  .looseObject({
    iss: z.string(),
    jti: text,
    iat: z.number(),
    sub: text.optional(),
    sid: text.optional(),
    events: z.looseObject({ [EVENT]: z.looseObject({}) }),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined)
  .refine((claims) => !('nonce' in claims));

/** What a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6) orders. Rejects when it is none, or not this provider's to us. */
export async function verifyLogoutToken(
  token: string,
  { clientId, algorithm }: Pick<OidcProvider, 'clientId' | 'algorithm'>,
  issuer: string,
  keys: JWTVerifyGetKey,
  clockTolerance: number,
): Promise<LogoutOrder> {
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer,
    audience: clientId,
    algorithms: [algorithm],
    clockTolerance,
    maxTokenAge: OLDEST_S,
    requiredClaims: ['iat', 'jti', 'events'],
  });
  if (protectedHeader.typ !== undefined && !types.has(protectedHeader.typ.toLowerCase()))
    throw new Error('another typ');
  const { iss, sub, sid, jti } = orderSchema.parse(payload);
  return { issuer: iss, subject: sub ?? null, sid: sid ?? null, jti };
}

const types: ReadonlySet<string> = new Set(['logout+jwt', 'application/logout+jwt', 'jwt']);
