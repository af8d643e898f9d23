import type { KeyService } from './key-service.js';
import { kmsPlaceOf, VaultKeyProblem } from './kms.place.js';

/** The service that a setting of the form VAULT_KMS_KEY names; null without one. Credentials are those of the environment: variables, a
 *  profile, or the role of the pod or machine. */
export async function keyServiceAt(setting: string | undefined, deployment: string): Promise<KeyService | null> {
  if (setting === undefined) return null;
  const place = kmsPlaceOf(setting);
  if (!place) throw new VaultKeyProblem('VAULT_KMS_KEY: it names no key');
  // Loaded only where it is used: it makes a start noticeably longer.
  const { KmsKeyService } = await import('./key-service.kms.js');
  return new KmsKeyService(place, deployment);
}
