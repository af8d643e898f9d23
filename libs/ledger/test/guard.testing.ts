import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { S3Server } from '../../../test/aws/s3.server.js';

/** A place for a guard that a test may damage. */
export interface GuardPlace {
  /** As LEDGER_GUARD names it. */
  readonly place: string;
  /** Names of all that is kept there. */
  readonly names: () => readonly string[];
  readonly empty: () => void;
  readonly close: () => Promise<void>;
}

export function folderPlace(): Promise<GuardPlace> {
  const parent = mkdtempSync(join(tmpdir(), 'lexecon-guard-'));
  const place = pathToFileURL(join(parent, 'guard')).href;
  const empty = (): void => {
    rmSync(fileURLToPath(place), { recursive: true, force: true });
  };
  return Promise.resolve({
    place,
    names: () => readdirSync(fileURLToPath(place)),
    empty,
    close: () => {
      rmSync(parent, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
}

export interface BucketPlace extends GuardPlace {
  readonly server: S3Server;
}

export async function bucketPlace(): Promise<BucketPlace> {
  const server = await S3Server.start();
  const { accessKeyId, secretAccessKey } = server.credentials;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  const query = new URLSearchParams({ region: server.region, endpoint: server.endpoint });
  return {
    server,
    place: `s3://${server.bucket}/logs/prod?${query.toString()}`,
    names: () => [...server.objects.keys()].map((key) => key.replace(`/${server.bucket}/logs/prod/`, '')),
    empty: () => {
      server.objects.clear();
    },
    close: () => server.stop(),
  };
}
