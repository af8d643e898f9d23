import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { notFound, Requires } from '@lexecon/auth';
import { Limited } from '@lexecon/resilience';
import { VerificationRequest, VerificationView } from './verification.dto.js';
import { VerificationTask } from './verification.task.js';

/** What is not a UUID names no verification. */
const id = new ParseUUIDPipe({ exceptionFactory: () => notFound('verification') });

@ApiTags('ledger')
@Controller('api/v1/ledger/verify')
export class VerificationController {
  constructor(private readonly verifications: VerificationTask) {}

  @Post()
  @HttpCode(202)
  @Limited('expensive')
  @Requires('ledger:verify')
  @ApiOperation({ summary: 'Recompute a range of the log from what is stored, as a job: one at a time' })
  @ApiAcceptedResponse({ type: VerificationView })
  start(@Body() request: VerificationRequest): Promise<VerificationView> {
    return this.verifications.start(request);
  }

  @Get(':id')
  @Requires('ledger:verify')
  @ApiOperation({ summary: 'How far a verification is, and what it found' })
  @ApiOkResponse({ type: VerificationView })
  get(@Param('id', id) verification: string): Promise<VerificationView> {
    return this.verifications.get(verification);
  }
}
