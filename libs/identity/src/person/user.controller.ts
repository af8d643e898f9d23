import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { PageQuery } from '../actor/agent.dto.js';
import { PersonService } from './person.service.js';
import { InvitedView, InviteUser, UserPageView } from './user.dto.js';

@ApiTags('users')
@Controller('api/v1/users')
export class UserController {
  constructor(private readonly people: PersonService) {}

  @Get()
  @Requires('access:read')
  @ReadsPersonalData('people')
  @ApiOperation({ summary: 'List people who may sign in, newest first' })
  @ApiOkResponse({ type: UserPageView })
  list(@Query() { cursor, limit }: PageQuery): Promise<UserPageView> {
    return this.people.list(cursor, limit);
  }

  @Post()
  @Requires('user:invite', { fresh: true })
  @ApiOperation({ summary: 'Invite a person; the answer shows the invitation this once' })
  @ApiCreatedResponse({ type: InvitedView })
  invite(@Caller() caller: Principal, @Body() body: InviteUser): Promise<InvitedView> {
    return this.people.invite(caller, body);
  }
}
