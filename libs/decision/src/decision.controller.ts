import { Body, Controller, Get, Headers, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Caller, notFound, type Principal, ProblemError, ReadsPersonalData, Requires } from '@lexecon/auth';
import { Limited } from '@lexecon/resilience';
import { CompiledBody } from './compiled-body.pipe.js';
import { DecisionBatchDto, DecisionQuery, DecisionRequestDto } from './decision.dto.js';
import { DecisionReader } from './decision.reader.js';
import { DecisionReplay } from './decision.replay.js';
import { DecisionSearch } from './decision.search.js';
import { DecisionService } from './decision.service.js';
import { ReceiptService } from './receipt.service.js';
import { DecisionBatchView, DecisionPage, DecisionView, ExplanationView, ReplayView } from './decision.view.js';

/** The bodies of the hot routes, as their compiled validator hands them over; not classes, so that they are not validated twice. */
type RequestBody = Pick<DecisionRequestDto, keyof DecisionRequestDto>;
type BatchBody = Pick<DecisionBatchDto, keyof DecisionBatchDto>;

/** What is not a UUID names no decision. */
const id = new ParseUUIDPipe({ exceptionFactory: () => notFound('decision') });
const KEY_HEADER = {
  name: 'Idempotency-Key',
  required: false,
  description: '1 to 255 visible ASCII characters. The same key with the same body always gives the same answer.',
};

const PREFER_HEADER = {
  name: 'Prefer',
  required: false,
  description: '`wait=proof` holds the answer until the receipt has its index and inclusion proof.',
};

@ApiTags('decisions')
@Controller('api/v1/decisions')
export class DecisionController {
  constructor(
    private readonly decisions: DecisionService,
    private readonly reader: DecisionReader,
    private readonly replays: DecisionReplay,
    private readonly searches: DecisionSearch,
    private readonly receipts: ReceiptService,
  ) {}

  /** Permit, deny or escalate. The answer leaves when its record is durable; any failure before that is a 503 without an outcome. */
  @Post()
  @HttpCode(200)
  @Limited('decision')
  @Requires('decision:make')
  @ApiHeader(KEY_HEADER)
  @ApiHeader(PREFER_HEADER)
  @ApiBody({ type: DecisionRequestDto })
  @ApiOkResponse({ type: DecisionView })
  async decide(
    @Caller() caller: Principal,
    @Body(new CompiledBody(DecisionRequestDto)) body: RequestBody,
    @Headers('idempotency-key') key?: string,
    @Headers('prefer') prefer?: string,
  ): Promise<DecisionView> {
    const decisions = await this.decisions.decide(caller, [body], checked(key), body);
    const [decision] = waits(prefer) ? await this.receipts.withProofs(decisions) : decisions;
    if (!decision) throw new Error('a request was not answered');
    return decision;
  }

  /** Up to 100 decisions in one ledger batch, answered in order: all of them or none. */
  @Post('batch')
  @HttpCode(200)
  @Limited('decision', requestsIn)
  @Requires('decision:make')
  @ApiHeader(KEY_HEADER)
  @ApiHeader(PREFER_HEADER)
  @ApiBody({ type: DecisionBatchDto })
  @ApiOkResponse({ type: DecisionBatchView })
  async decideBatch(
    @Caller() caller: Principal,
    @Body(new CompiledBody(DecisionBatchDto)) body: BatchBody,
    @Headers('idempotency-key') key?: string,
    @Headers('prefer') prefer?: string,
  ): Promise<DecisionBatchView> {
    const decisions = await this.decisions.decide(caller, body.requests, checked(key), body);
    return { decisions: waits(prefer) ? await this.receipts.withProofs(decisions) : decisions };
  }

  /** Decisions, newest first: what is public of them. */
  @Get()
  @Requires('decision:read')
  @ReadsPersonalData('decisions', { user: 'actor' })
  @ApiOkResponse({ type: DecisionPage })
  search(@Query() query: DecisionQuery): Promise<DecisionPage> {
    return this.searches.search(query);
  }

  /** One decision with everything that was answered. */
  @Get(':id')
  @Requires('decision:read')
  @ReadsPersonalData('decision')
  @ApiOkResponse({ type: DecisionView })
  get(@Param('id', id) decisionId: string): Promise<DecisionView> {
    return this.reader.answer(decisionId);
  }

  /** In plain words: which rules decided and what would have changed the outcome. */
  @Get(':id/explanation')
  @Requires('decision:read')
  @ReadsPersonalData('decision')
  @ApiOkResponse({ type: ExplanationView })
  explanation(@Param('id', id) decisionId: string): Promise<ExplanationView> {
    return this.replays.explanation(decisionId);
  }

  /** Makes the decision again from its record: the same, different, or not replayable and why. */
  @Post(':id/replay')
  @HttpCode(200)
  @Limited('expensive')
  @Requires('decision:read')
  @ReadsPersonalData('decision')
  @ApiOkResponse({ type: ReplayView })
  replay(@Param('id', id) decisionId: string): Promise<ReplayView> {
    return this.replays.replay(decisionId);
  }
}

/** How many decisions a body asks for, which nobody has checked yet. */
function requestsIn(body: unknown): number {
  const requests = typeof body === 'object' && body !== null && 'requests' in body ? body.requests : [];
  return Array.isArray(requests) ? Math.min(Math.max(1, requests.length), 100) : 1;
}

/** RFC 7240: preferences are separated by commas. */
const waits = (prefer: string | undefined): boolean =>
  prefer?.split(',').some((preference) => preference.trim() === 'wait=proof') === true;

function checked(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new ProblemError({
    status: 400,
    type: 'idempotency-key',
    title: 'The idempotency key is not valid',
    errors: [{ pointer: '/Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' }],
  });
}
