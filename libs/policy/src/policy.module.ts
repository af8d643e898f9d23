import { Global, Module } from '@nestjs/common';
import { ActivePolicies } from './active-policies.js';
import { PolicyController } from './policy.controller.js';
import { PolicyLog } from './policy-log.js';
import { PolicyService } from './policy.service.js';
import { PolicyTrial } from './policy-trial.js';
import { ResourceController } from './resource.controller.js';
import { ResourceService } from './resource.service.js';

/** What is allowed: policies and the catalogue of resources. Needs the database, vault and ledger modules beside it. */
@Global()
@Module({
  controllers: [PolicyController, ResourceController],
  providers: [ActivePolicies, PolicyLog, PolicyService, PolicyTrial, ResourceService],
  exports: [PolicyService, ResourceService],
})
export class PolicyModule {}
