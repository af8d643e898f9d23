import { Controller, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { notFound, ReadsPersonalData, Requires } from '@lexecon/auth';
import { ReviewPage, ReviewQuery, ReviewView } from './review.dto.js';
import { ReviewService } from './review.service.js';

/** What is not a UUID names no review. */
const id = new ParseUUIDPipe({ exceptionFactory: () => notFound('review') });

@ApiTags('reviews')
@Controller('api/v1/reviews')
export class ReviewController {
  constructor(private readonly reviews: ReviewService) {}

  /** Reviews, newest first. */
  @Get()
  @Requires('review:read')
  @ReadsPersonalData('reviews')
  @ApiOkResponse({ type: ReviewPage })
  list(@Query() query: ReviewQuery): Promise<ReviewPage> {
    return this.reviews.list(query);
  }

  /** One review. */
  @Get(':id')
  @Requires('review:read')
  @ReadsPersonalData('review')
  @ApiOkResponse({ type: ReviewView })
  get(@Param('id', id) reviewId: string): Promise<ReviewView> {
    return this.reviews.get(reviewId);
  }
}
