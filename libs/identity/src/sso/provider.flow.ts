import {
  type Configuration,
  randomNonce,
  randomState,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { Strategy } from 'openid-client/passport';

export type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** What the beginning of a sign-in leaves for its end, as the strategy names it. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly code_verifier: string;
  /** How old the proof may be, in seconds, where that was asked for. */
  readonly max_age?: number;
}

export interface Begun {
  /** Where the browser has to go. */
  readonly location: URL;
  readonly pending: Pending;
}

/** The provider said that this person does not sign in. */
class SignInDenied extends Error {}

interface Leg {
  readonly config: Configuration;
  readonly redirectUri: string;
  readonly scope: string;
}

/** First leg: the address at the provider, with PKCE (S256), state and nonce. */
export async function beginFlow(leg: Leg, more: Readonly<Record<string, string>> = {}): Promise<Begun> {
  const session: Session = {};
  const own = { state: randomState(), nonce: randomNonce() };
  const verdict = await run(new Flow(leg, { ...more, ...own }, null), session);
  const { code_verifier: verifier, max_age } = session[KEY] ?? {};
  if (!('location' in verdict) || verifier === undefined) throw new Error('the strategy did not begin a sign-in');
  return {
    location: verdict.location,
    pending: { ...own, code_verifier: verifier, ...(max_age !== undefined && { max_age }) },
  };
}

/** Second leg: what the browser brought back, for tokens. `parameters` are those of the callback's address. Rejects with what openid-client
 *  found wrong, or SignInDenied. */
export async function finishFlow(leg: Leg, parameters: URLSearchParams, pending: Pending): Promise<Tokens> {
  const verdict = await run(new Flow(leg, {}, parameters), { [KEY]: pending });
  if (!('tokens' in verdict)) throw new SignInDenied();
  return verdict.tokens;
}

const KEY = 'pending';
interface Session {
  [KEY]?: Partial<Pending>;
}

type Verdict = { readonly location: URL } | { readonly tokens: Tokens } | { readonly denied: true };

/** openid-client's strategy for Passport, one for each leg. What it would keep in the session of a web framework is handed in and
 *  taken out: we keep it ourselves, sealed, used once and bound to the browser. */
class Flow extends Strategy {
  readonly verdict = Promise.withResolvers<Verdict>();

  constructor(
    { config, redirectUri, scope }: Leg,
    private readonly asked: Readonly<Record<string, string>>,
    private readonly answer: URLSearchParams | null,
  ) {
    super({ config, callbackURL: redirectUri, scope, sessionKey: KEY }, (tokens) => {
      this.verdict.resolve({ tokens });
    });
  }

  override authorizationRequestParams(): Record<string, string> {
    return { ...this.asked };
  }

  override currentUrl(): URL {
    return new URL(`https://callback.invalid/?${this.answer?.toString() ?? ''}`);
  }

  override shouldInitiateAuthRequest(): boolean {
    return this.answer === null;
  }

  // What Passport adds to a strategy for each request.
  redirect(location: string): void {
    this.verdict.resolve({ location: new URL(location) });
  }
  fail(): void {
    this.verdict.resolve({ denied: true });
  }
  error(reason: unknown): void {
    this.verdict.reject(reason);
  }
  success(): void {
    this.verdict.reject(new Error('the tokens were not handed over'));
  }
  pass(): void {
    this.verdict.resolve({ denied: true });
  }
}

/** As Passport's own middleware does it; of the request the strategy reads the method and the session only. */
function run(flow: Flow, session: Session): Promise<Verdict> {
  Reflect.apply(flow.authenticate.bind(flow), flow, [{ method: 'GET', session }, {}]);
  return flow.verdict.promise;
}
