import { type DynamicModule, Global, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { readVaultKeys } from './key-file.js';
import { keyServiceAt } from './key-service.place.js';
import { SecretBox } from './secret-box.js';
import { CACHE_BOUND_MS, SubjectVault } from './subject-vault.js';
import { VaultKeys } from './vault-keys.js';

export interface VaultOptions {
  readonly url: string;
  readonly keyFile: string;
  /** VAULT_KMS_KEY; undefined: the key file holds its secrets in the open. */
  readonly kmsKey?: string | undefined;
  /** Names the deployment to the key service: LEDGER_ORIGIN. */
  readonly deployment: string;
  /** Whether a missing key file may be made. */
  readonly mayCreate: boolean;
}

const POOL = Symbol('vault pool');

@Global()
@Module({})
export class VaultModule implements OnApplicationShutdown {
  readonly #timer: NodeJS.Timeout;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    vault: SubjectVault,
  ) {
    const log = new Logger('Vault');
    pool.on('error', (error) => {
      log.warn({ err: error }, 'key store');
    });
    this.#timer = setInterval(() => {
      vault.refresh().catch((error: unknown) => {
        log.warn({ err: error }, 'key store');
      });
    }, CACHE_BOUND_MS / 3);
  }

  static with({ url, keyFile, kmsKey, deployment, mayCreate }: VaultOptions): DynamicModule {
    return {
      module: VaultModule,
      providers: [
        {
          provide: POOL,
          useFactory: (): pg.Pool =>
            new pg.Pool({
              connectionString: url,
              max: 2,
              application_name: 'lexecon-vault',
              connectionTimeoutMillis: 3_000,
              statement_timeout: 2_000,
              query_timeout: 2_500,
              keepAlive: true,
            }),
        },
        {
          provide: VaultKeys,
          useFactory: async (): Promise<VaultKeys> =>
            readVaultKeys({ file: keyFile, service: await keyServiceAt(kmsKey, deployment), mayCreate }),
        },
        {
          provide: SecretBox,
          useFactory: (keys: VaultKeys): SecretBox => new SecretBox(keys.box),
          inject: [VaultKeys],
        },
        {
          provide: SubjectVault,
          useFactory: (pool: pg.Pool, keys: VaultKeys): SubjectVault => new SubjectVault(pool, keys),
          inject: [POOL, VaultKeys],
        },
      ],
      exports: [SubjectVault, SecretBox],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.pool.end();
  }
}
