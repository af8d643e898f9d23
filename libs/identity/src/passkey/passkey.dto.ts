import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import type { Transport } from '../session/session.credentials.js';
import { LINE } from '../text.rules.js';
import type { PasskeySummary } from './passkey.js';
import { IsAssertion, IsAttestation } from './passkey.rules.js';

const BASE64URL = 'AAAA';

export const ASSERTION = {
  type: Object,
  description: 'AuthenticationResponseJSON (WebAuthn): `toJSON()` of what `navigator.credentials.get()` gave',
};

const assertionExample = {
  id: BASE64URL,
  rawId: BASE64URL,
  type: 'public-key',
  response: {
    clientDataJSON: BASE64URL,
    authenticatorData: BASE64URL,
    signature: BASE64URL,
    userHandle: BASE64URL,
  },
  clientExtensionResults: {},
};

const ATTESTATION = {
  type: Object,
  description: 'RegistrationResponseJSON (WebAuthn): `toJSON()` of what `navigator.credentials.create()` gave',
  example: {
    id: BASE64URL,
    rawId: BASE64URL,
    type: 'public-key',
    response: { clientDataJSON: BASE64URL, attestationObject: BASE64URL, transports: ['internal'] },
    clientExtensionResults: {},
  },
};
const LABEL = {
  description: 'What the person calls it; personal, never public',
  minLength: 1,
  maxLength: 100,
  example: 'work laptop',
};

export class NewPasskeyBody {
  @ApiProperty(ATTESTATION)
  @IsAttestation()
  readonly attestation: unknown;

  @ApiProperty(LABEL)
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  readonly label: string;
}

export class EnrolmentOf {
  @ApiProperty({ description: '`enrolment` of the answer that began it', maxLength: 200, example: 'lxt_…' })
  @IsString()
  @Length(1, 200)
  readonly enrolment: string;
}

export class EnrolPasskey extends EnrolmentOf {
  @ApiProperty(ATTESTATION)
  @IsAttestation()
  readonly attestation: unknown;

  @ApiProperty(LABEL)
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  readonly label: string;
}

export class PasskeySignIn {
  @ApiProperty({ ...ASSERTION, example: assertionExample })
  @IsAssertion()
  readonly assertion: unknown;

  @ApiPropertyOptional({
    enum: ['bearer', 'cookie'],
    default: 'bearer',
    description: 'How the session will be carried; `cookie` needs TLS and PUBLIC_URL',
    example: 'bearer',
  })
  @IsOptional()
  @IsIn(['bearer', 'cookie'])
  readonly session?: Transport;
}

export class PasskeyView implements PasskeySummary {
  @ApiProperty({ format: 'uuid', example: '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10' })
  readonly id: string;

  @ApiProperty({ example: 'work laptop' })
  readonly label: string;

  @ApiProperty({ description: 'Whether it is copied to the person’s other devices (synced)', example: false })
  readonly backedUp: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T10:30:00.123Z' })
  readonly createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  readonly usedAt: Date | null;
}

export class PasskeyListView {
  @ApiProperty({ type: [PasskeyView] })
  readonly items: readonly PasskeyView[];
}
