import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CaseResult, Mode, PolicyDocument, PolicyProblem, Risk } from './core/index.js';
import { EXAMPLE_DOCUMENT, EXAMPLE_HASH, EXAMPLE_SOURCE } from './policy.example.js';
import type { PolicySummary, Version, VersionState, WholeVersion } from './policy.version.js';

const ID = '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10';
const TIME = { format: 'date-time', example: '2026-11-22T10:30:00.123Z' };

export class PolicyView implements PolicySummary {
  @ApiProperty({ example: 'customer-support' })
  readonly name: string;

  @ApiProperty({ type: 'integer', description: 'Number of the newest version', example: 7 })
  readonly latest: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Number of the active version', example: 6 })
  readonly active: number | null;

  @ApiProperty({ enum: ['strict', 'permissive', 'paranoid'], example: 'strict' })
  readonly mode: Mode;

  @ApiProperty({ enum: ['standard', 'high'], example: 'standard' })
  readonly risk: Risk;

  @ApiProperty({ type: String, nullable: true, example: 'What the support agents may do.' })
  readonly description: string | null;
}

export class PolicyPageView {
  @ApiProperty({ type: [PolicyView] })
  readonly items: readonly PolicyView[];

  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the following page', example: null })
  readonly next: string | null;
}

export class VersionView implements Version {
  @ApiProperty({ example: 'customer-support' })
  readonly name: string;

  @ApiProperty({ type: 'integer', example: 7 })
  readonly version: number;

  @ApiProperty({ description: 'SHA-256 over the canonical document', example: EXAMPLE_HASH })
  readonly hash: string;

  @ApiProperty({ enum: ['draft', 'approved', 'active', 'retired'], example: 'draft' })
  readonly state: VersionState;

  @ApiProperty({ format: 'uuid', example: ID })
  readonly author: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  readonly approver: string | null;

  @ApiProperty(TIME)
  readonly createdAt: Date;

  @ApiProperty({ ...TIME, type: String, nullable: true, example: null })
  readonly approvedAt: Date | null;

  @ApiProperty({ ...TIME, type: String, nullable: true, example: null })
  readonly activatedAt: Date | null;

  @ApiProperty({ ...TIME, type: String, nullable: true, example: null })
  readonly retiredAt: Date | null;
}

export class VersionPageView {
  @ApiProperty({ type: [VersionView] })
  readonly items: readonly VersionView[];

  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the following page', example: null })
  readonly next: string | null;
}

export class WholeVersionView extends VersionView implements WholeVersion {
  @ApiProperty({ description: 'As it was saved', example: EXAMPLE_SOURCE })
  readonly source: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Defaults filled in, durations in seconds',
    example: EXAMPLE_DOCUMENT,
  })
  readonly document: PolicyDocument;
}

class PolicyProblemView implements PolicyProblem {
  @ApiProperty({ description: 'JSON pointer into the policy', example: '/rules/0/when' })
  readonly pointer: string;

  @ApiPropertyOptional({ type: 'integer', example: 9 })
  readonly line?: number;

  @ApiPropertyOptional({ type: 'integer', example: 19 })
  readonly column?: number;

  @ApiProperty({ example: 'No such key: riskscore (at 1:9 of the condition)' })
  readonly detail: string;
}

export class ValidationView {
  @ApiProperty({ example: false })
  readonly valid: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Hash of the version this would be', example: null })
  readonly hash: string | null;

  @ApiProperty({ type: [PolicyProblemView], description: 'Everything that is wrong, in the order of the text' })
  readonly problems: readonly PolicyProblemView[];
}

class CaseResultView implements Omit<CaseResult, 'verdict'> {
  @ApiProperty({ example: 'a support agent reads orders' })
  readonly name: string;

  @ApiProperty({ example: true })
  readonly passed: boolean;

  @ApiProperty({ type: [String], example: [] })
  readonly differences: readonly string[];

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The whole verdict, with every rule looked at',
    example: { outcome: 'permit', reason: 'Permitted by the rule read-orders of the policy customer-support' },
  })
  readonly verdict: object;
}

export class TestView {
  @ApiProperty({ description: 'Whether every case passed', example: true })
  readonly passed: boolean;

  @ApiProperty({ description: 'Hash of the set the cases ran on', example: EXAMPLE_HASH })
  readonly policySet: string;

  @ApiProperty({ type: [CaseResultView] })
  readonly results: readonly CaseResultView[];
}
