import { Module } from '@nestjs/common';
import { KillSwitch } from './kill-switch.js';
import { ReviewController } from './review.controller.js';
import { ReviewService } from './review.service.js';
import { ReviewTask } from './review.task.js';

@Module({
  controllers: [ReviewController],
  providers: [KillSwitch, ReviewService, ReviewTask],
  exports: [KillSwitch, ReviewService],
})
export class OversightModule {}
