import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { AddFederation, FederationsView, FederationView } from './federation.dto.js';
import { FederationService } from './federation.service.js';

@ApiTags('agents')
@Controller('api/v1/agents/:id/federations')
export class FederationController {
  constructor(private readonly federations: FederationService) {}

  @Get()
  @Requires('access:read')
  @ReadsPersonalData('actor')
  @ApiOperation({ summary: 'List whose tokens let an actor in' })
  @ApiOkResponse({ type: FederationsView })
  async list(@Param('id') id: string): Promise<FederationsView> {
    return { items: await this.federations.list(id) };
  }

  @Post()
  @Requires('agent:write', { fresh: true })
  @ApiOperation({ summary: 'Let an actor in by tokens of a pinned issuer' })
  @ApiCreatedResponse({ type: FederationView })
  add(@Caller() caller: Principal, @Param('id') id: string, @Body() body: AddFederation): Promise<FederationView> {
    const { issuer, subject, role } = body;
    return this.federations.add(caller, id, { issuer, subject, role });
  }

  @Delete(':federationId')
  @HttpCode(204)
  @Requires('agent:write', { fresh: true })
  @ApiOperation({ summary: 'Let an actor in by these tokens no more; every replica refuses them within a second' })
  @ApiNoContentResponse()
  remove(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('federationId') federationId: string,
  ): Promise<void> {
    return this.federations.remove(caller, id, federationId);
  }
}
