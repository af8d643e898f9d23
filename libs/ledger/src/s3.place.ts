/** Where in S3, or a store that speaks its protocol, the checkpoints are. */
export interface S3Place {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Undefined: as the environment says (AWS_REGION, the profile). */
  readonly region: string | undefined;
  /** Undefined: AWS. */
  readonly endpoint: string | undefined;
}

/** The place is no `s3://bucket/prefix?region=…&endpoint=…`. */
export class WrongPlace extends Error {}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Reads `s3://bucket/prefix?region=…&endpoint=…`; the endpoint only for stores other than AWS. Throws WrongPlace. */
export function s3PlaceOf(place: string): S3Place {
  const url = urlOf(place);
  for (const name of url.searchParams.keys())
    if (name !== 'region' && name !== 'endpoint') throw new WrongPlace(`knows region and endpoint, not ${name}`);
  if (url.username || url.password || url.port || url.hash || !BUCKET.test(url.hostname))
    throw new WrongPlace('must name a bucket after s3://, and no credentials');
  const prefix = decodeURI(url.pathname).replace(/^\/+|\/+$/g, '');
  return {
    bucket: url.hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    region: url.searchParams.get('region') ?? undefined,
    endpoint: endpointOf(url.searchParams.get('endpoint')),
  };
}

/** Refuses a connection that anybody on the way could read and answer. */
function endpointOf(endpoint: string | null): string | undefined {
  if (endpoint === null) return undefined;
  const { protocol, hostname } = urlOf(endpoint);
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.has(hostname)))
    throw new WrongPlace('must have an https:// endpoint');
  return endpoint;
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new WrongPlace('is not a URL');
  return url;
}
