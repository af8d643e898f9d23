import type { Evidence } from './evidence.js';
import {
  everyAnswerToAKeyIsTheSame,
  everyDecisionHasItsRow,
  everyEscalationHasItsReview,
  everyKeyHasOneDecision,
  everyLeafHasItsPayload,
  everythingAcknowledgedIsRecorded,
  nothingAbortedIsRecorded,
  nothingStrangeWasAnswered,
  orderFollowsAcknowledgement,
  outagesAreRefusals,
  receiptsOpen,
} from './oracle.decision.js';
import {
  batchSignaturesHold,
  type Check,
  checkpointsAreConsistent,
  everyBatchIsSequencedOnce,
  everyHeadIsSigned,
  guardHoldsTheNewestHead,
  headsFollowEachOther,
  indexesAreDense,
  noEntryStandsTwice,
  rootsAreRecomputed,
  tilesAreRight,
} from './oracle.log.js';

/** What must hold after every fault, as the sentence it proves. */
export const oracles = {
  'everything acknowledged is in the log, with the leaf that was promised': everythingAcknowledgedIsRecorded,
  'no entry stands twice': noEntryStandsTwice,
  'every answer to one key is the same': everyAnswerToAKeyIsTheSame,
  'every key has one decision, and every decision its key': everyKeyHasOneDecision,
  'nothing that was rolled back is in the log': nothingAbortedIsRecorded,
  'order follows acknowledgement': orderFollowsAcknowledgement,
  'indexes are dense': indexesAreDense,
  'every batch is sequenced once': everyBatchIsSequencedOnce,
  'heads follow each other without a fork': headsFollowEachOther,
  'every root is that of its entries': rootsAreRecomputed,
  'every head is signed by the log’s key': everyHeadIsSigned,
  'every checkpoint is consistent with the next': checkpointsAreConsistent,
  'tiles are right and complete': tilesAreRight,
  'every batch is signed by the receipt key': batchSignaturesHold,
  'every receipt opens and says what was answered': receiptsOpen,
  'every leaf has its payload': everyLeafHasItsPayload,
  'every decision has its row and its record': everyDecisionHasItsRow,
  'every escalation has its review, as row and as leaf': everyEscalationHasItsReview,
  'the guard holds the newest head and never went back': guardHoldsTheNewestHead,
  'only decisions and 503 are answered': nothingStrangeWasAnswered,
  'without PostgreSQL there are only 503': outagesAreRefusals,
} as const satisfies Readonly<Record<string, Check>>;

export type OracleName = keyof typeof oracles;
export const oracleNames = Object.keys(oracles) as readonly OracleName[];

/** The first few things that are wrong. */
export function findings(name: OracleName, evidence: Evidence, most = 5): readonly string[] {
  const found: string[] = [];
  for (const finding of oracles[name](evidence)) {
    found.push(finding);
    if (found.length === most) break;
  }
  return found;
}
