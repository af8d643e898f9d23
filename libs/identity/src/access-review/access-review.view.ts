import { ApiProperty } from '@nestjs/swagger';
import type { Json } from '@lexecon/crypto';
import { type Outcome, outcomes } from '../core/index.js';
import type { AccessReview, AccessReviewItem } from './access-review.js';
import type { SignedReport } from './access-review.service.js';

const ID = { format: 'uuid', example: '0199f0c4-1111-7000-8000-0000000000aa' } as const;
const OPTIONAL_ID = { type: String, format: 'uuid', nullable: true } as const;
const OPTIONAL_TEXT = { type: String, nullable: true } as const;
const OPTIONAL_MOMENT = { type: String, format: 'date-time', nullable: true } as const;

export class AccessReviewView implements AccessReview {
  @ApiProperty(ID)
  readonly id: string;

  @ApiProperty({ example: 'Access review 2026-10' })
  readonly name: string;

  @ApiProperty({ ...OPTIONAL_TEXT, description: 'YYYY-MM of one that the calendar opened', example: '2026-10' })
  readonly period: string | null;

  @ApiProperty({ ...OPTIONAL_ID, description: 'Null when the calendar opened it' })
  readonly openedBy: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly openedAt: Date;

  @ApiProperty({ format: 'date-time', description: 'Then whatever nobody confirmed is taken back' })
  readonly dueAt: Date;

  @ApiProperty({ ...OPTIONAL_MOMENT, description: 'Null while it runs' })
  readonly closedAt: Date | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { undecided: 12, confirmed: 30, revoked: 1, 'revoked-automatically': 0, kept: 0, 'ended-before': 0 },
  })
  readonly counts: Readonly<Record<Outcome | 'undecided', number>>;
}

export class AccessReviewPage {
  @ApiProperty({ type: [AccessReviewView] })
  readonly items: readonly AccessReviewView[];

  @ApiProperty({ type: String, nullable: true })
  readonly next: string | null;
}

export class AccessReviewItemView implements AccessReviewItem {
  @ApiProperty(ID)
  readonly id: string;

  @ApiProperty({ enum: ['grant', 'key', 'agent'] })
  readonly kind: 'grant' | 'key' | 'agent';

  @ApiProperty({ description: 'Id of the grant, key or agent' })
  readonly of: string;

  @ApiProperty({ ...OPTIONAL_ID, description: 'Who holds the grant, or answers for the agent' })
  readonly account: string | null;

  @ApiProperty({ ...OPTIONAL_TEXT, description: 'Of that person; null when they were deleted' })
  readonly email: string | null;

  @ApiProperty(OPTIONAL_ID)
  readonly actorId: string | null;

  @ApiProperty({ ...OPTIONAL_ID, description: 'May revoke it, not confirm it' })
  readonly grantedBy: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What it was when the access review opened',
    example: { role: 'reviewer', source: 'person', grantedAt: '2026-08-01T09:00:00Z', endsAt: '2027-08-01T09:00:00Z' },
  })
  readonly snapshot: Readonly<Record<string, Json>>;

  @ApiProperty({ enum: outcomes, nullable: true, type: String, description: 'Null while it is undecided' })
  readonly outcome: Outcome | null;

  @ApiProperty({ ...OPTIONAL_TEXT, description: 'Why it was kept although nobody confirmed it' })
  readonly exception: string | null;

  @ApiProperty(OPTIONAL_ID)
  readonly decidedBy: string | null;

  @ApiProperty(OPTIONAL_MOMENT)
  readonly decidedAt: Date | null;

  @ApiProperty(OPTIONAL_TEXT)
  readonly reason: string | null;

  @ApiProperty({ ...OPTIONAL_TEXT, description: 'Base64; with the reason it gives the hash in the report' })
  readonly salt: string | null;
}

export class AccessReviewWithItems extends AccessReviewView {
  @ApiProperty({ type: [AccessReviewItemView] })
  readonly items: readonly AccessReviewItemView[];

  @ApiProperty({ type: String, nullable: true })
  readonly next: string | null;
}

export class SignedReportView implements SignedReport {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Snapshot, decisions and counts; people by account id alone',
  })
  readonly report: Readonly<Record<string, Json>>;

  @ApiProperty({ description: 'SHA-256 of the canonical JSON (RFC 8785) of `report`, in hex' })
  readonly sha256: string;

  @ApiProperty({ description: 'Signed note (C2SP signed-note) over that hash, by the receipt key' })
  readonly note: string;

  @ApiProperty({ format: 'uuid', description: 'Ledger entry that closes the access review; it holds the same hash' })
  readonly entry: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'By item: the words and the salt behind the hash, as far as they were not erased',
  })
  readonly reasons: SignedReport['reasons'];

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'E-mail addresses by account, as far as the people were not deleted',
  })
  readonly people: Readonly<Record<string, string>>;
}
