import { Module } from '@nestjs/common';
import { OversightModule } from '@lexecon/oversight';
import { PolicyModule } from '@lexecon/policy';
import { DecisionController } from './decision.controller.js';
import { DecisionMaker } from './decision.maker.js';
import { DecisionReader } from './decision.reader.js';
import { DecisionReplay } from './decision.replay.js';
import { DecisionSearch } from './decision.search.js';
import { DecisionService } from './decision.service.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyTask } from './idempotency.task.js';
import { ReceiptController } from './receipt.controller.js';
import { ReceiptService } from './receipt.service.js';

@Module({
  imports: [OversightModule, PolicyModule],
  controllers: [DecisionController, ReceiptController],
  providers: [
    DecisionMaker,
    DecisionReader,
    DecisionReplay,
    DecisionSearch,
    DecisionService,
    Idempotency,
    IdempotencyTask,
    ReceiptService,
  ],
})
export class DecisionModule {}
