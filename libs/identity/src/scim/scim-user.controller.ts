import { Body, Controller, Delete, Get, Headers, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { ScimUserService } from './scim-user.service.js';
import { parseUser } from './scim.body.js';
import { patchUser } from './scim.patch.js';
import { listQueryOf, selectionOf } from './scim.query.js';
import {
  etagOf,
  listResponse,
  type ListResponse,
  type Resource,
  schemas,
  selected,
  type UserRow,
  userResource,
  versionOf,
} from './scim.resource.js';
import { ScimRoute } from './scim.route.js';

interface Answer {
  header(name: string, value: string): unknown;
}
type Asked = Readonly<Record<string, unknown>>;

const example = {
  schemas: [schemas.user],
  userName: 'ada@example.com',
  externalId: '00u1a2b3',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
  active: true,
};
const patchExample = { schemas: [schemas.patch], Operations: [{ op: 'replace', path: 'active', value: false }] };

@ApiTags('scim')
@Controller('scim/v2/Users')
export class ScimUserController {
  readonly #base: string;

  constructor(
    private readonly users: ScimUserService,
    @Inject(SETTINGS) { PUBLIC_URL = '' }: Pick<IdentitySettings, 'PUBLIC_URL'>,
  ) {
    this.#base = PUBLIC_URL;
  }

  @Get()
  @ReadsPersonalData('people')
  @ScimRoute({ summary: 'Find people whom the directory manages', list: true })
  async list(@Query() asked: Asked): Promise<ListResponse> {
    const query = listQueryOf(asked);
    const { total, rows } = await this.users.list(query.filter, query.startIndex - 1, query.count);
    return listResponse(
      total,
      query.startIndex,
      rows.map((user) => selected(userResource(user, this.#base), query)),
    );
  }

  @Get(':id')
  @ReadsPersonalData('person', { account: 'id' })
  @ScimRoute({ summary: 'Read a person', one: true })
  async read(
    @Param('id') id: string,
    @Query() asked: Asked,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<object> {
    return selected(this.#shown(await this.users.read(id), answer), selectionOf(asked));
  }

  @Post()
  @ScimRoute({
    summary: 'Make an account for a person, or take over the one with their e-mail',
    status: 201,
    body: example,
  })
  async create(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<Resource> {
    const resource = this.#shown(await this.users.create(caller, parseUser(body)), answer);
    answer.header('location', resource.meta.location);
    return resource;
  }

  @Put(':id')
  @ScimRoute({ summary: 'Replace what is known of a person', body: example, one: true })
  async replace(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
    @Headers('if-match') ifMatch?: string,
  ): Promise<Resource> {
    const user = parseUser(body);
    return this.#shown(await this.users.change(caller, id, () => user, versionOf(ifMatch)), answer);
  }

  @Patch(':id')
  @ScimRoute({ summary: 'Change a person; active false ends their sessions at once', body: patchExample, one: true })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) answer: Answer,
    @Headers('if-match') ifMatch?: string,
  ): Promise<Resource> {
    const user = await this.users.change(caller, id, (before) => patchUser(before, body), versionOf(ifMatch));
    return this.#shown(user, answer);
  }

  @Delete(':id')
  @ScimRoute({ summary: 'End a person’s access', status: 204, one: true })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch?: string,
  ): Promise<void> {
    await this.users.delete(caller, id, versionOf(ifMatch));
  }

  #shown(user: UserRow, answer: Answer): Resource {
    answer.header('etag', etagOf(user.version));
    return userResource(user, this.#base);
  }
}
