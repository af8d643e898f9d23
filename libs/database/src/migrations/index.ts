import { Ledger1764000000100 } from './1764000000100-ledger.js';
import { Vault1764000000200 } from './1764000000200-vault.js';
import { Identity1764000000300 } from './1764000000300-identity.js';
import { Policy1764000000400 } from './1764000000400-policy.js';
import { Oversight1764000000500 } from './1764000000500-oversight.js';
import { Decision1764000000600 } from './1764000000600-decision.js';
import { People1764000000700 } from './1764000000700-people.js';
import { Session1764000000800 } from './1764000000800-session.js';
import { Sso1764000000900 } from './1764000000900-sso.js';
import { Agent1764000001000 } from './1764000001000-agent.js';
import { Limits1764000001100 } from './1764000001100-limits.js';
import { AccessReview1764000001200 } from './1764000001200-access-review.js';
import { LedgerRemainder1764000001300 } from './1764000001300-ledger-remainder.js';

/** The one history of the schema, in order. Forward only: expand first, contract in a later release. */
export const migrations = [
  Ledger1764000000100,
  Vault1764000000200,
  Identity1764000000300,
  Policy1764000000400,
  Oversight1764000000500,
  Decision1764000000600,
  People1764000000700,
  Session1764000000800,
  Sso1764000000900,
  Agent1764000001000,
  Limits1764000001100,
  AccessReview1764000001200,
  LedgerRemainder1764000001300,
];
