import { Inject, Injectable, Logger } from '@nestjs/common';
import { fetchUserInfo } from 'openid-client';
import { DataSource } from 'typeorm';
import { type Origin, type Principal, ProblemError } from '@lexecon/auth';
import { SecretBox } from '@lexecon/vault';
import { AccessLog } from '../access/access-log.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { notAccepted } from '../refusal.js';
import { freshToken, hashOfToken } from '../token.js';
import { accessTokenMatches, type Claims, claimsOf, isThin } from './id-token.js';
import type { OidcProvider } from './provider.config.js';
import { OidcProviders, outageIn } from './provider.directory.js';
import { beginFlow, finishFlow, type Pending, type Tokens } from './provider.flow.js';
import { SsoArrival, type Arrived } from './sso.arrival.js';
import { insertAttempt, takeAttempt } from './sso.queries.js';

/** How long somebody may take at the provider. */
export const ATTEMPT_MINUTES = 10;

export interface Started {
  /** Where the browser has to go. */
  readonly location: string;
  /** For the browser alone, in a cookie: whoever comes back without it is refused. */
  readonly browser: string;
}

export interface Wish {
  readonly session: 'bearer' | 'cookie';
  /** `login`: the provider is to ask for the proof again. */
  readonly prompt?: 'login' | undefined;
  /** Whoever is signed in already and wants to link what comes back to their account. */
  readonly by?: Principal;
  /** Token of the session that the browser holds in its cookie, which the new one will overwrite. */
  readonly held?: string | null;
}

export interface Callback {
  /** Of the callback's address, as the provider sent the browser there. */
  readonly parameters: URLSearchParams;
  /** The cookie that the browser was given at the start. */
  readonly browser: string | undefined;
  readonly from: Origin;
}

/** Signing in at an OpenID provider: code flow with PKCE, state and nonce, which stay here, sealed, and count once, for the browser
 *  that began. */
@Injectable()
export class SsoService {
  readonly #logger = new Logger(SsoService.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly providers: OidcProviders,
    private readonly arrival: SsoArrival,
    private readonly box: SecretBox,
    private readonly log: AccessLog,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'PUBLIC_URL'>,
  ) {}

  /** Throws ProblemError 404 for an unknown
   *  provider, 503 when it does not answer. */
  async begin(name: string, { session, prompt, by, held }: Wish): Promise<Started> {
    const provider = this.providers.named(name);
    const begun = await beginFlow(await this.#legOf(provider), {
      ...hintsOf(provider),
      ...(prompt && freshHints),
    }).catch(unlessOutage);
    const { state } = begun.pending;
    const stateHash = hashOfToken(state);
    const browser = freshToken('lxt');
    const attempt = {
      stateHash,
      browserHash: hashOfToken(browser),
      provider: name,
      session,
      accountId: by?.id ?? null,
    };
    const kept: Kept = {
      pending: begun.pending,
      linkedIn: by?.session ?? null,
      held: held == null ? null : hashOfToken(held).toString('hex'),
    };
    const sealed = this.box.seal(Buffer.from(JSON.stringify(kept)), boundTo(stateHash));
    await insertAttempt(this.dataSource.manager, { ...attempt, sealed }, ATTEMPT_MINUTES);
    return { location: begun.location.href, browser };
  }

  /** Throws ProblemError 401 whatever is wrong with what came back, 403 for somebody who has no account here, 503 when the
   *  provider does not answer. */
  async finish(name: string, { parameters, browser, from }: Callback): Promise<Arrived> {
    const provider = this.providers.named(name);
    const state = parameters.get('state');
    const attempt =
      state !== null && browser !== undefined
        ? await takeAttempt(this.dataSource.manager, {
            stateHash: hashOfToken(state),
            browserHash: hashOfToken(browser),
            provider: name,
          })
        : undefined;
    if (!attempt) throw refused();
    const { pending, linkedIn, held } = parseKept(this.box.open(attempt.sealed, boundTo(attempt.stateHash)));
    try {
      const claims = await this.#claims(provider, parameters, pending);
      const start = { ...attempt, linkedIn, held: held === null ? null : Buffer.from(held, 'hex'), from };
      return await this.arrival.welcome(provider, claims, start);
    } catch (error) {
      const problem = outageIn(error) ?? (error instanceof ProblemError ? error : refused());
      if (!(error instanceof ProblemError)) this.#logger.warn(`sign-in at ${name} failed: ${reasonOf(error)}`);
      if (problem.problem.status < 500) await this.#recordFailure(provider, from);
      throw problem;
    }
  }

  async #claims(provider: OidcProvider, parameters: URLSearchParams, pending: Pending): Promise<Claims> {
    const leg = await this.#legOf(provider);
    const tokens = await finishFlow(leg, parameters, pending);
    const idToken = tokens.claims();
    if (!idToken || !accessTokenMatches(provider.algorithm, tokens.access_token, idToken['at_hash'])) throw refused();
    const claims = claimsOf(provider, idToken, isThin(provider, idToken) ? await this.#userInfo(leg, tokens) : {});
    if (!claims) throw refused();
    return claims;
  }

  /** What the provider says beside the ID token; the library has checked that it is said of the same person. */
  async #userInfo({ config }: Leg, tokens: Tokens): Promise<object> {
    if (config.serverMetadata().userinfo_endpoint === undefined) return {};
    return fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '');
  }

  async #legOf(provider: OidcProvider): Promise<Leg> {
    const config = await this.providers.configurationOf(provider);
    const redirectUri = `${this.settings.PUBLIC_URL ?? ''}/api/v1/auth/oidc/${provider.name}/callback`;
    return { config, redirectUri, scope: provider.scopes.join(' ') };
  }

  async #recordFailure({ name }: OidcProvider, from: Origin): Promise<void> {
    const record = await this.log.seal({ event: 'login-failed', from, proof: 'oidc', public: { provider: name } });
    await this.dataSource.transaction((tx) => this.log.append(tx, record));
  }
}

type Leg = Parameters<typeof finishFlow>[0];

/** Asks for the level of proof that is to count as a second factor. */
const hintsOf = ({ secondFactor }: OidcProvider): Readonly<Record<string, string>> =>
  secondFactor === 'local' || secondFactor.acr.length === 0 ? {} : { acr_values: secondFactor.acr.join(' ') };

/** Makes the provider ask again, and say when it did; the library checks that. */
const freshHints = { prompt: 'login', max_age: '60' } as const;

const boundTo = (stateHash: Buffer): string => `sso:${stateHash.toString('hex')}`;

/** What the beginning leaves for the end, beside the row that is searched for. */
interface Kept {
  readonly pending: Pending;
  /** Id of the session in which somebody links an identity to their account. */
  readonly linkedIn: string | null;
  /** Hash of the token that the browser held, in hex. */
  readonly held: string | null;
}

function parseKept(plain: Buffer): Kept {
  return JSON.parse(plain.toString('utf8')) as Kept;
}

function unlessOutage(error: unknown): never {
  throw outageIn(error) ?? error;
}

/** Codes of the library only: its messages may quote what the provider sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const code: unknown = Reflect.get(error, 'code');
  return `${error.constructor.name}${typeof code === 'string' ? ` ${code}` : ''}`;
}

const refused = (): ProblemError =>
  notAccepted(
    'The sign-in at the identity provider did not succeed, or this browser did not begin it: begin it again.',
  );
