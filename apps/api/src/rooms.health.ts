import { Injectable } from '@nestjs/common';
import { ActorRegistry } from '@lexecon/identity';
import { PolicyService } from '@lexecon/policy';

/** Who is calling can be found out: the registry of actors and keys is fresh. */
@Injectable()
export class AuthServiceHealth {
  readonly name = 'auth_service';
  readonly parts = ['health', 'ready'] as const;

  constructor(private readonly registry: ActorRegistry) {}

  check(): Promise<'up'> {
    this.registry.factsOf('agent', '');
    return Promise.resolve('up');
  }
}

/** The active policies are loaded, and fresh. */
@Injectable()
export class PoliciesHealth {
  readonly name = 'policies';
  readonly parts = ['ready'] as const;

  constructor(private readonly policies: PolicyService) {}

  check(): Promise<'up'> {
    this.policies.active();
    return Promise.resolve('up');
  }
}
