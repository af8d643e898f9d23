/** A secret that only the key service can open. */
export interface WrappedSecret {
  /** What the service made of it, base64. */
  readonly kms: string;
  /** The key that did it. */
  readonly key: string;
}

/** Wraps and unwraps the secrets of the vault key file with a key that never leaves the service. */
export interface KeyService {
  /** `use` names the secret in the file; it is bound to it and to the deployment. Throws VaultKeyProblem. */
  wrap(secret: Buffer, use: string): Promise<WrappedSecret>;
  /** Throws VaultKeyProblem: the service cannot be reached, refuses, or the key was destroyed. */
  unwrap(wrapped: WrappedSecret, use: string): Promise<Buffer>;
}
