import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Receipt } from '@lexecon/ledger/core';
import type { Obligation, Outcome } from '@lexecon/policy/core';
import type { Decision, RuleView } from './core/index.js';

const OUTCOMES = ['permit', 'deny', 'escalate'];
const EXAMPLE_ID = '0199f0c4-1111-7000-8000-000000000001';

export class DecidingRule implements RuleView {
  @ApiProperty({ example: 'customer-support' })
  readonly policy: string;

  @ApiProperty({ example: 7 })
  readonly version: number;

  @ApiProperty({ example: 'bulk-export' })
  readonly rule: string;

  @ApiProperty({ enum: ['permit', 'forbid', 'escalate'] })
  readonly effect: string;
}

export class DecisionActor {
  @ApiProperty({ example: 'agent' })
  readonly type: string;

  @ApiProperty({ example: 'support-bot' })
  readonly id: string;
}

export class ObligationView implements Obligation {
  @ApiProperty({ example: 'mask-fields' })
  readonly name: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { fields: ['email'] } })
  readonly parameters: Obligation['parameters'];
}

export class PendingReview {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ enum: ['pending', 'expired'] })
  readonly status: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt: string;
}

/** The answer. HTTP 200 for all three outcomes; `apps/verify` takes it whole. */
export class DecisionView implements Decision {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  readonly id: string;

  @ApiProperty({ enum: OUTCOMES })
  readonly outcome: Outcome;

  @ApiProperty({ example: 'Bulk export of personal data needs a reviewer' })
  readonly reason: string;

  @ApiProperty({ type: DecisionActor })
  readonly actor: DecisionActor;

  @ApiProperty({ type: [DecidingRule] })
  readonly rules: readonly DecidingRule[];

  @ApiProperty({ type: [ObligationView] })
  readonly obligations: readonly ObligationView[];

  @ApiProperty({ example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  readonly policySet: string;

  @ApiProperty({ format: 'date-time' })
  readonly decidedAt: string;

  @ApiProperty({ type: PendingReview, nullable: true })
  readonly review: PendingReview | null;

  @ApiProperty({ type: 'null', description: 'Reserved for capability tokens.' })
  readonly token: null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Proof that the record is in the ledger; verify it with apps/verify.',
  })
  readonly receipt: Receipt;
}

export class DecisionBatchView {
  @ApiProperty({ type: [DecisionView] })
  readonly decisions: readonly DecisionView[];
}

export class SummaryActor {
  @ApiProperty()
  readonly type: string;

  @ApiPropertyOptional({ description: 'Only of registered agents and services.' })
  readonly id?: string;
}

export class DecisionSummaryView {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  readonly id: string;

  @ApiProperty({ format: 'date-time' })
  readonly decidedAt: string;

  @ApiProperty({ enum: OUTCOMES })
  readonly outcome: Outcome;

  @ApiProperty({ type: SummaryActor })
  readonly actor: SummaryActor;

  @ApiProperty({ example: 'database:read' })
  readonly action: string;

  @ApiProperty({ example: 'table' })
  readonly resourceType: string;

  @ApiProperty({ description: 'Agent or service that asked.' })
  readonly principal: string;

  @ApiProperty()
  readonly policySet: string;

  @ApiProperty({ type: [DecidingRule] })
  readonly rules: readonly DecidingRule[];

  @ApiProperty({ type: [String], description: 'Names only.' })
  readonly obligations: readonly string[];

  @ApiPropertyOptional({ format: 'uuid' })
  readonly review?: string;
}

export class DecisionPage {
  @ApiProperty({ type: [DecisionSummaryView] })
  readonly items: readonly DecisionSummaryView[];

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  readonly next: string | null;
}

export class ExplanationView {
  @ApiProperty({ enum: OUTCOMES })
  readonly outcome: Outcome;

  @ApiProperty({ description: 'One sentence.' })
  readonly summary: string;

  @ApiProperty({ type: [String], description: 'Which rules decided, and why they matched.' })
  readonly because: readonly string[];

  @ApiProperty({ type: [String], description: 'What would have changed the outcome.' })
  readonly changes: readonly string[];
}

export class ReplayView {
  @ApiProperty({ enum: ['same', 'differs', 'not replayable'] })
  readonly result: 'same' | 'differs' | 'not replayable';

  @ApiProperty({ type: String, nullable: true })
  readonly why: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly recorded: object | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly replayed: object | null;
}
