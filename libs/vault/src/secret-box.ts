import { randomBytes } from 'node:crypto';
import { decrypt, encrypt } from '@lexecon/crypto';

/** Encrypts the deployment's own small secrets at rest; `aad` binds a ciphertext to the row it belongs to. */
export class SecretBox {
  constructor(private readonly key: Buffer) {}

  seal(plain: Buffer, aad: string): Buffer {
    return encrypt(this.key, randomBytes(12), Buffer.from(aad), plain);
  }

  /** Throws EnvelopeError when the ciphertext was changed or belongs to another row. */
  open(sealed: Buffer, aad: string): Buffer {
    return decrypt(this.key, Buffer.from(aad), sealed);
  }
}
