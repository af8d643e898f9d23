import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { ActorService } from './actor.service.js';
import { AgentQuery, ChangeAgent, RegisterAgent, ReviewAgent } from './agent.dto.js';
import { AgentPageView, AgentView, AgentWithKeysView, IssuedKeyView } from './agent.view.js';
import { freshApiKey } from './api-key.format.js';
import { IssueKey } from './key.dto.js';
import { KeyService } from './key.service.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';

const LONGEST_DAYS = 90;

@ApiTags('agents')
@Controller('api/v1/agents')
export class AgentController {
  constructor(
    private readonly actors: ActorService,
    private readonly keys: KeyService,
    @Inject(SETTINGS) private readonly settings: IdentitySettings,
  ) {}

  @Get()
  @Requires('access:read')
  @ReadsPersonalData('actors')
  @ApiOperation({ summary: 'List registered actors, newest first' })
  @ApiOkResponse({ type: AgentPageView })
  list(@Query() { cursor, limit, review, owner }: AgentQuery): Promise<AgentPageView> {
    return this.actors.list(cursor, limit, { review, owner });
  }

  @Post()
  @Requires('agent:write')
  @ApiOperation({ summary: 'Register an agent, a service, or a user of the caller’s system' })
  @ApiCreatedResponse({ type: AgentView })
  register(@Caller() caller: Principal, @Body() body: RegisterAgent): Promise<AgentView> {
    return this.actors.register(caller, body);
  }

  @Get(':id')
  @Requires('access:read')
  @ReadsPersonalData('actor')
  @ApiOperation({ summary: 'Read an actor and its keys' })
  @ApiOkResponse({ type: AgentWithKeysView })
  read(@Param('id') id: string): Promise<AgentWithKeysView> {
    return this.actors.read(id);
  }

  @Patch(':id')
  @Requires('agent:write', { fresh: true })
  @ApiOperation({ summary: 'Change an actor; every replica knows within a second' })
  @ApiOkResponse({ type: AgentView })
  change(@Caller() caller: Principal, @Param('id') id: string, @Body() body: ChangeAgent): Promise<AgentView> {
    return this.actors.change(caller, id, body);
  }

  @Post(':id/review')
  @HttpCode(200)
  @Requires('agent:write')
  @ApiOperation({ summary: 'Confirm who answers for an agent, what it is for, and when to look at it next' })
  @ApiOkResponse({ type: AgentView })
  review(@Caller() caller: Principal, @Param('id') id: string, @Body() body: ReviewAgent): Promise<AgentView> {
    return this.actors.review(caller, id, body);
  }

  @Post(':id/keys')
  @Requires('agent:write', { fresh: true })
  @ApiOperation({ summary: 'Issue an API key; the answer shows it this once' })
  @ApiCreatedResponse({ type: IssuedKeyView })
  issueKey(@Caller() caller: Principal, @Param('id') id: string, @Body() body: IssueKey): Promise<IssuedKeyView> {
    const parts = freshApiKey(this.settings.API_KEY_ENVIRONMENT);
    const { role, days = LONGEST_DAYS, scopes, networks } = body;
    return this.keys.issue(caller, id, { parts, role, days, scopes, networks });
  }

  @Delete(':id/keys/:keyId')
  @HttpCode(204)
  @Requires('agent:write', { fresh: true })
  @ApiOperation({ summary: 'Revoke an API key; every replica refuses it within a second' })
  @ApiNoContentResponse()
  revokeKey(@Caller() caller: Principal, @Param('id') id: string, @Param('keyId') keyId: string): Promise<void> {
    return this.keys.revoke(caller, id, keyId);
  }
}
