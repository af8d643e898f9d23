import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { ListQuery } from './policy.dto.js';
import { CatalogueResource, ResourcePageView, ResourceView } from './resource.dto.js';
import { ResourceService } from './resource.service.js';

@ApiTags('resources')
@Controller('api/v1/resources')
export class ResourceController {
  constructor(private readonly resources: ResourceService) {}

  @Get()
  @Requires('resource:read')
  @ReadsPersonalData('resources')
  @ApiOperation({ summary: 'List the catalogue, newest first' })
  @ApiOkResponse({ type: ResourcePageView })
  list(@Query() { cursor, limit }: ListQuery): Promise<ResourcePageView> {
    return this.resources.list(cursor, limit);
  }

  @Post()
  @Requires('resource:write')
  @ApiOperation({ summary: 'Add a resource, or all whose id a glob matches; every replica knows within a second' })
  @ApiCreatedResponse({ type: ResourceView })
  catalogue(@Caller() caller: Principal, @Body() body: CatalogueResource): Promise<ResourceView> {
    const { sensitivity = null, subject = null, ...resource } = body;
    return this.resources.catalogue(caller, { ...resource, sensitivity, subject });
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('resource:delete', { fresh: true })
  @ApiOperation({
    summary: 'Remove an entry, which can only make later decisions less strict; every replica knows within a second',
  })
  @ApiNoContentResponse()
  remove(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    return this.resources.remove(caller, id);
  }
}
