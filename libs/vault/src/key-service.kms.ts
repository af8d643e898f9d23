import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import type { KeyService, WrappedSecret } from './key-service.js';
import { type KmsPlace, VaultKeyProblem } from './kms.place.js';

/** Longest time for one request, in milliseconds; the client repeats one that fails for the moment. */
const REQUEST_MS = 3_000;
const ATTEMPTS = 3;

/** AWS KMS, or a service that speaks its protocol. The encryption context names the deployment and the use of the secret, so that a
 *  ciphertext of another deployment, or in another place of the file, does not open. */
export class KmsKeyService implements KeyService {
  readonly #client: KMSClient;

  constructor(
    private readonly place: KmsPlace,
    private readonly deployment: string,
  ) {
    this.#client = new KMSClient({
      ...(place.region !== undefined && { region: place.region }),
      ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
      maxAttempts: ATTEMPTS,
    });
  }

  async wrap(secret: Buffer, use: string): Promise<WrappedSecret> {
    const command = new EncryptCommand({
      KeyId: this.place.key,
      Plaintext: secret,
      EncryptionContext: this.#contextOf(use),
    });
    try {
      const { CiphertextBlob, KeyId = this.place.key } = await this.#client.send(command, bounded());
      if (!CiphertextBlob) throw new Error('the answer is empty');
      return { kms: Buffer.from(CiphertextBlob).toString('base64'), key: KeyId };
    } catch (error) {
      throw failed(`cannot wrap ${use}`, error);
    }
  }

  async unwrap({ kms, key }: WrappedSecret, use: string): Promise<Buffer> {
    const command = new DecryptCommand({
      KeyId: key,
      CiphertextBlob: Buffer.from(kms, 'base64'),
      EncryptionContext: this.#contextOf(use),
    });
    try {
      const { Plaintext } = await this.#client.send(command, bounded());
      if (!Plaintext) throw new Error('the answer is empty');
      return Buffer.from(Plaintext);
    } catch (error) {
      throw failed(`cannot unwrap ${use} of the vault key file`, error);
    }
  }

  #contextOf(use: string): Record<string, string> {
    return { 'lexecon:deployment': this.deployment, 'lexecon:secret': use };
  }
}

const bounded = (): { readonly abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(ATTEMPTS * REQUEST_MS),
});

function failed(what: string, error: unknown): VaultKeyProblem {
  const kind =
    error instanceof KMSServiceException ? error.name : error instanceof Error ? error.message : 'unknown reason';
  return new VaultKeyProblem(`VAULT_KMS_KEY: the key service ${what}: ${kind}`, { cause: error });
}
