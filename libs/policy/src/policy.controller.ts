import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, Requires } from '@lexecon/auth';
import { Limited } from '@lexecon/resilience';
import { pageOf } from '@lexecon/database';
import { hashOf } from './core/index.js';
import { keyOf, numberOfCursor } from './cursor.js';
import { ListQuery, PolicyPath, PolicySource, PolicyTest, VersionPath } from './policy.dto.js';
import { PolicyService } from './policy.service.js';
import { PolicyPageView, TestView, ValidationView, VersionPageView, WholeVersionView } from './policy.view.js';
import { PolicyTrial } from './policy-trial.js';

const PAGE = 50;

@ApiTags('policies')
@Controller('api/v1/policies')
export class PolicyController {
  constructor(
    private readonly policies: PolicyService,
    private readonly trial: PolicyTrial,
  ) {}

  @Get()
  @Requires('policy:read')
  @ApiOperation({ summary: 'List policies by name' })
  @ApiOkResponse({ type: PolicyPageView })
  async list(@Query() { cursor, limit = PAGE }: ListQuery): Promise<PolicyPageView> {
    const rows = await this.policies.list(keyOf(cursor) ?? '', limit + 1);
    return pageOf(
      rows,
      limit,
      ({ name }) => name,
      (row) => row,
    );
  }

  @Post()
  @Requires('policy:write')
  @ApiOperation({ summary: 'Save a policy as its next version, a draft' })
  @ApiCreatedResponse({ type: WholeVersionView })
  create(@Caller() caller: Principal, @Body() { source }: PolicySource): Promise<WholeVersionView> {
    return this.policies.create(caller, source);
  }

  @Post('validate')
  @HttpCode(200)
  @Requires('policy:write')
  @ApiOperation({ summary: 'Say everything that is wrong with a policy, with places' })
  @ApiOkResponse({ type: ValidationView })
  validate(@Body() { source }: PolicySource): ValidationView {
    const parsed = this.trial.validate(source);
    return parsed.ok
      ? { valid: true, hash: hashOf(parsed.document), problems: [] }
      : { valid: false, hash: null, problems: parsed.problems };
  }

  @Post('test')
  @HttpCode(200)
  @Limited('expensive')
  @Requires('policy:write')
  @ApiOperation({ summary: 'Run cases on policies, saved or not' })
  @ApiOkResponse({ type: TestView })
  test(@Body() { sources, cases }: PolicyTest): Promise<TestView> {
    return this.trial.test(sources, cases);
  }

  @Get(':name/versions')
  @Requires('policy:read')
  @ApiOperation({ summary: 'List the versions of a policy, newest first' })
  @ApiOkResponse({ type: VersionPageView })
  async versions(
    @Param() { name }: PolicyPath,
    @Query() { cursor, limit = PAGE }: ListQuery,
  ): Promise<VersionPageView> {
    const rows = await this.policies.versions(name, numberOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ version }) => String(version),
      (row) => row,
    );
  }

  @Get(':name/versions/:version')
  @Requires('policy:read')
  @ApiOperation({ summary: 'Read a version' })
  @ApiOkResponse({ type: WholeVersionView })
  read(@Param() { name, version }: VersionPath): Promise<WholeVersionView> {
    return this.policies.version(name, version);
  }

  @Post(':name/versions/:version/approve')
  @HttpCode(200)
  @Requires('policy:approve', { fresh: true })
  @ApiOperation({ summary: 'Approve a draft that somebody else wrote' })
  @ApiOkResponse({ type: WholeVersionView })
  approve(@Caller() caller: Principal, @Param() { name, version }: VersionPath): Promise<WholeVersionView> {
    return this.policies.approve(caller, name, version);
  }

  @Post(':name/versions/:version/activate')
  @HttpCode(200)
  @Requires('policy:activate', { fresh: true })
  @ApiOperation({ summary: 'Make an approved version the active one, on every replica within two seconds' })
  @ApiOkResponse({ type: WholeVersionView })
  activate(@Caller() caller: Principal, @Param() { name, version }: VersionPath): Promise<WholeVersionView> {
    return this.policies.activate(caller, name, version);
  }

  @Post(':name/versions/:version/retire')
  @HttpCode(200)
  @Requires('policy:activate', { fresh: true })
  @ApiOperation({ summary: 'Take a version out of force, on every replica within two seconds' })
  @ApiOkResponse({ type: WholeVersionView })
  retire(@Caller() caller: Principal, @Param() { name, version }: VersionPath): Promise<WholeVersionView> {
    return this.policies.retire(caller, name, version);
  }
}
