import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { PageQuery } from '../actor/agent.dto.js';
import { Because } from './grant.dto.js';
import { PersonService } from './person.service.js';
import { StandingService } from './standing.service.js';
import { InvitedView, InviteUser, UserPageView, UserView, UserWithGrantsView } from './user.dto.js';

@ApiTags('users')
@Controller('api/v1/users')
export class UserController {
  constructor(
    private readonly people: PersonService,
    private readonly standing: StandingService,
  ) {}

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

  @Get(':id')
  @Requires('access:read')
  @ReadsPersonalData('person', { account: 'id' })
  @ApiOperation({ summary: 'Read a person and every role they have or had' })
  @ApiOkResponse({ type: UserWithGrantsView })
  read(@Param('id') id: string): Promise<UserWithGrantsView> {
    return this.people.read(id);
  }

  @Post(':id/disable')
  @HttpCode(200)
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Let a person in no more; their sessions end at once' })
  @ApiOkResponse({ type: UserView })
  disable(@Caller() caller: Principal, @Param('id') id: string, @Body() { reason }: Because): Promise<UserView> {
    return this.standing.disable(caller, id, reason);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Let a disabled person in again, with the roles that have not ended' })
  @ApiOkResponse({ type: UserView })
  enable(@Caller() caller: Principal, @Param('id') id: string, @Body() { reason }: Because): Promise<UserView> {
    return this.standing.enable(caller, id, reason);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('user:write', { fresh: true })
  @ApiOperation({ summary: 'Delete a person and all that is known about them; what they did stays, under no name' })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @Param('id') id: string, @Body() { reason }: Because): Promise<void> {
    return this.standing.delete(caller, id, reason);
  }
}
