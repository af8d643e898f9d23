import { Controller, Get, Header, Headers, HttpStatus, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '@lexecon/auth';
import { ComponentDto, HealthDto, ReadinessDto, StatusDto } from './health.dto.js';
import { type HealthReport, HealthService, type Readiness, type Word } from './health.service.js';

/** The little of a reply that is needed here. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
}

const unavailableUnless = (served: boolean): number => (served ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);

@ApiTags('health')
@ApiExtraModels(ComponentDto)
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How the service and its parts are (asked at most once a second)' })
  @ApiProduces('application/json', 'application/health+json')
  @ApiResponse({ status: 200, type: HealthDto, description: 'Healthy or degraded' })
  @ApiResponse({ status: 503, type: HealthDto, description: 'Unhealthy: no decision can be recorded' })
  async report(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    const report = await this.health.report();
    reply.status(unavailableUnless(report.status !== 'unhealthy'));
    if (!accept?.includes('application/health+json')) return report;
    reply.header('Content-Type', 'application/health+json');
    return healthJson(report);
  }

  @Get('ready')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Can this instance serve: it is not draining, its schema and policies are loaded, its database answers',
  })
  @ApiResponse({ status: 200, type: ReadinessDto })
  @ApiResponse({ status: 503, type: ReadinessDto })
  async ready(@Res({ passthrough: true }) reply: Reply): Promise<Readiness> {
    const readiness = await this.health.readiness();
    reply.status(unavailableUnless(readiness.status === 'ready'));
    return readiness;
  }

  @Get('live')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The event loop turns; asks nothing and nobody else' })
  @ApiResponse({ status: 200, type: StatusDto })
  live(): StatusDto {
    return { status: 'alive' };
  }

  @Get('mfa')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The second-factor path works' })
  @ApiResponse({ status: 200, type: StatusDto })
  @ApiResponse({ status: 503, type: StatusDto })
  async mfa(@Res({ passthrough: true }) reply: Reply): Promise<StatusDto> {
    const status = await this.health.secondFactor();
    reply.status(unavailableUnless(status === 'healthy'));
    return { status };
  }
}

const verdicts = { healthy: 'pass', degraded: 'warn', unhealthy: 'fail' } as const satisfies Record<Word, string>;

/** The same report in the words of the (expired) Internet draft for health+json, which some monitors read. */
const healthJson = ({ status, components, timestamp, version, policy_set }: HealthReport): object => ({
  status: verdicts[status],
  version: version.split('.')[0],
  releaseId: version,
  notes: [`policy set ${policy_set ?? 'none'}`],
  checks: Object.fromEntries(
    Object.entries(components).map(([name, component]) => [
      `${name}:responseTime`,
      [
        {
          status: verdicts[component.status],
          observedValue: component.latency_ms,
          observedUnit: 'ms',
          time: timestamp,
        },
      ],
    ]),
  ),
});
