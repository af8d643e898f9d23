import { Body, Controller, Delete, Get, Headers, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { type Group, ScimGroupService } from './scim-group.service.js';
import { parseGroup } from './scim.body.js';
import { patchGroup } from './scim.patch.js';
import { listQueryOf, selectionOf } from './scim.query.js';
import {
  etagOf,
  listResponse,
  type ListResponse,
  type Resource,
  schemas,
  selected,
  groupResource,
  versionOf,
} from './scim.resource.js';
import { ScimRoute } from './scim.route.js';

interface Answer {
  header(name: string, value: string): unknown;
}
type Asked = Readonly<Record<string, unknown>>;

const example = { schemas: [schemas.group], displayName: 'Lexecon auditors', members: [] };
const patchExample = {
  schemas: [schemas.patch],
  Operations: [{ op: 'replace', path: 'displayName', value: 'Lexecon auditors' }],
};

@ApiTags('scim')
@Controller('scim/v2/Groups')
export class ScimGroupController {
  readonly #base: string;

  constructor(
    private readonly groups: ScimGroupService,
    @Inject(SETTINGS) { PUBLIC_URL = '' }: Pick<IdentitySettings, 'PUBLIC_URL'>,
  ) {
    this.#base = PUBLIC_URL;
  }

  @Get()
  @ReadsPersonalData('groups')
  @ScimRoute({ summary: 'Find groups', list: true })
  async list(@Query() asked: Asked): Promise<ListResponse> {
    const query = listQueryOf(asked);
    const { total, rows } = await this.groups.list(query.filter, query.startIndex - 1, query.count);
    return listResponse(
      total,
      query.startIndex,
      rows.map((group) => selected(groupResource(group, group.members, this.#base), query)),
    );
  }

  @Get(':id')
  @ReadsPersonalData('group')
  @ScimRoute({ summary: 'Read a group and its members', one: true })
  async read(
    @Param('id') id: string,
    @Query() asked: Asked,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<object> {
    return selected(this.#shown(await this.groups.read(id), answer), selectionOf(asked));
  }

  @Post()
  @ScimRoute({ summary: 'Make a group', status: 201, body: example })
  async create(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<Resource> {
    const resource = this.#shown(await this.groups.create(caller, parseGroup(body)), answer);
    answer.header('location', resource.meta.location);
    return resource;
  }

  @Put(':id')
  @ScimRoute({ summary: 'Replace a group', body: example, one: true })
  async replace(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
    @Headers('if-match') ifMatch?: string,
  ): Promise<Resource> {
    const group = parseGroup(body);
    return this.#shown(await this.groups.change(caller, id, () => group, versionOf(ifMatch)), answer);
  }

  @Patch(':id')
  @ScimRoute({ summary: 'Change a group: its name, or who is in it', body: patchExample, one: true })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
    @Headers('if-match') ifMatch?: string,
  ): Promise<Resource> {
    const group = await this.groups.change(caller, id, (before) => patchGroup(before, body), versionOf(ifMatch));
    return this.#shown(group, answer);
  }

  @Delete(':id')
  @ScimRoute({ summary: 'Delete a group; the roles it gave end', status: 204, one: true })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch?: string,
  ): Promise<void> {
    await this.groups.delete(caller, id, versionOf(ifMatch));
  }

  #shown(group: Group, answer: Answer): Resource {
    answer.header('etag', etagOf(group.version));
    return groupResource(group, group.members, this.#base);
  }
}
