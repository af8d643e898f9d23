import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ProblemError, ReadsPersonalData, Requires } from '@lexecon/auth';
import { AccessEventPage, AccessEventQuery } from './access-event.dto.js';
import { AccessReader } from './access-reader.js';

@ApiTags('access-events')
@Controller('api/v1/access-events')
export class AccessEventController {
  constructor(private readonly reader: AccessReader) {}

  @Get()
  @Requires('access:read')
  @ReadsPersonalData('access-events', { account: 'account', user: 'actor' })
  @ApiOperation({ summary: 'Who did what to whose access, and who read personal data, newest first' })
  @ApiOkResponse({ type: AccessEventPage })
  search(@Caller() caller: Principal, @Query() query: AccessEventQuery): Promise<AccessEventPage> {
    const open = caller.permissions.has('access-record:read');
    if (query.account !== undefined && !open) throw notForYou();
    return this.reader.search(query, open);
  }
}

const notForYou = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'forbidden',
    title: 'Not allowed',
    detail: 'Asking for one person needs the permission access-record:read.',
  });
