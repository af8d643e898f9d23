import type { Principal } from '@lexecon/auth';
import { type AccessFact, accountSubject } from '../access/access-log.js';
import { type Actor, nameOf } from './actor.js';
import type { ReviewedChange } from './actor.queries.js';

/** What goes on record of a registration, change or review. A user's name is personal: it and what is said of that person are sealed
 *  under them. Whose account answers for an agent is sealed under that account. */
export function factOf(
  event: 'actor-registered' | 'actor-changed' | 'actor-reviewed',
  by: Principal | undefined,
  actor: Pick<Actor, 'type' | 'name'>,
  { roles, attributes, status, purpose, owner, ownerId, riskClass, reviewBy }: ReviewedChange,
): AccessFact {
  const open = {
    ...(roles && { roles: [...roles] }),
    ...(status && { status }),
    ...(riskClass && { riskClass }),
    ...(reviewBy && { reviewBy }),
  };
  const closed = { ...(attributes && { attributes }), ...(purpose && { purpose }), ...(owner && { owner }) };
  if (actor.type === 'user') {
    const fields = { actor: actor.name, ...open, ...closed, ...(ownerId && { ownerId }) };
    return { event, by, about: { subject: `user:${actor.name}`, fields }, public: { actor: { type: 'user' } } };
  }
  const about = ownerId ? { about: { subject: accountSubject(ownerId), fields: { ownerId } } } : {};
  return { event, by, ...about, public: { actor: nameOf(actor), ...open }, sealed: closed };
}
