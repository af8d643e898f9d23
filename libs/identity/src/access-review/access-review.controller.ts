import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, ReadsPersonalData, Requires } from '@lexecon/auth';
import { PageQuery } from '../actor/agent.dto.js';
import { DecideItem, ItemQuery, OpenAccessReview } from './access-review.dto.js';
import { AccessReviewService } from './access-review.service.js';
import {
  AccessReviewItemView,
  AccessReviewPage,
  AccessReviewView,
  AccessReviewWithItems,
  SignedReportView,
} from './access-review.view.js';
import { ItemService } from './item.service.js';

const USUAL_DAYS = 30;

@ApiTags('access-reviews')
@Controller('api/v1/access-reviews')
export class AccessReviewController {
  constructor(
    private readonly reviews: AccessReviewService,
    private readonly decisions: ItemService,
  ) {}

  @Get()
  @Requires('access-review:read')
  @ReadsPersonalData('access-reviews')
  @ApiOperation({ summary: 'List access reviews, newest first' })
  @ApiOkResponse({ type: AccessReviewPage })
  list(@Query() { cursor, limit }: PageQuery): Promise<AccessReviewPage> {
    return this.reviews.list(cursor, limit);
  }

  @Post()
  @Requires('access-review:open', { fresh: true })
  @ApiOperation({ summary: 'Open an access review over every role, key and agent there is' })
  @ApiCreatedResponse({ type: AccessReviewView })
  open(@Caller() caller: Principal, @Body() { name, dueInDays }: OpenAccessReview): Promise<AccessReviewView> {
    return this.reviews.open(caller, { name, dueInDays: dueInDays ?? USUAL_DAYS });
  }

  @Get(':id')
  @Requires('access-review:read')
  @ReadsPersonalData('access-review', { account: 'account' })
  @ApiOperation({ summary: 'An access review with a page of its items' })
  @ApiOkResponse({ type: AccessReviewWithItems })
  read(@Param('id') id: string, @Query() query: ItemQuery): Promise<AccessReviewWithItems> {
    return this.reviews.read(id, query);
  }

  @Post(':id/items/:itemId/decision')
  @HttpCode(200)
  @Requires('access-review:decide', { fresh: true })
  @ApiOperation({ summary: 'Confirm an item, or take it back at once; the first decision stands' })
  @ApiOkResponse({ type: AccessReviewItemView })
  decide(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('itemId') itemId: string,
    @Body() { decision, reason }: DecideItem,
  ): Promise<AccessReviewItemView> {
    return this.decisions.decide(caller, id, itemId, { decision, reason });
  }

  @Get(':id/report')
  @Requires('access-review:read')
  @ReadsPersonalData('access-review-report')
  @ApiOperation({ summary: 'The signed report of a closed access review' })
  @ApiOkResponse({ type: SignedReportView })
  report(@Param('id') id: string): Promise<SignedReportView> {
    return this.reviews.report(id);
  }
}
