/** The keys of the vault cannot be had; the message names the setting to look at and never holds a secret. */
export class VaultKeyProblem extends Error {}

/** A key of AWS KMS, or of a service that speaks its protocol. */
export interface KmsPlace {
  /** Id, ARN or alias. */
  readonly key: string;
  /** Undefined: as the environment says (AWS_REGION, the profile). */
  readonly region: string | undefined;
  /** Undefined: AWS. */
  readonly endpoint: string | undefined;
}

const KEY = /^(arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:)?(?:key\/|alias\/)?[A-Za-z0-9/_-]{1,256}$/;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Reads `<key id, ARN or alias>?region=…&endpoint=…`; null when it is none. */
export function kmsPlaceOf(text: string): KmsPlace | null {
  const [key = '', query = '', ...more] = text.split('?');
  const parts = KEY.exec(key);
  const options = new URLSearchParams(query);
  const endpoint = options.get('endpoint') ?? undefined;
  if (!parts || more.length > 0 || [...options.keys()].some((name) => name !== 'region' && name !== 'endpoint'))
    return null;
  if (endpoint !== undefined && !isPrivate(endpoint)) return null;
  return { key, region: options.get('region') ?? parts[2], endpoint };
}

/** Nobody on the way can read what is said. */
function isPrivate(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
}
