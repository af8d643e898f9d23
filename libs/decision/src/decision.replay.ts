import { Injectable } from '@nestjs/common';
import { ProblemError } from '@lexecon/auth';
import { canonicalJson, type Json } from '@lexecon/crypto';
import { PolicyService } from '@lexecon/policy';
import { evaluate, explain, type Explanation, mergeFacts, type PolicySet, type Verdict } from '@lexecon/policy/core';
import { DecisionReader, erased, type OpenedDecision } from './decision.reader.js';
import type { RuleView, SealedFields } from './core/index.js';

export interface Outcome {
  readonly outcome: string;
  readonly reason: string;
  readonly rules: readonly RuleView[];
  readonly obligations: readonly { readonly name: string; readonly parameters: unknown }[];
}

export interface Replay {
  readonly result: 'same' | 'differs' | 'not replayable';
  /** Why it is not replayable, or what differs. */
  readonly why: string | null;
  readonly recorded: Outcome | null;
  readonly replayed: Outcome | null;
}

/** Makes decisions again from their record: same policies, same facts, same clock. */
@Injectable()
export class DecisionReplay {
  constructor(
    private readonly reader: DecisionReader,
    private readonly policies: PolicyService,
  ) {}

  async replay(id: string): Promise<Replay> {
    const decision = await this.reader.opened(id);
    const { sealed, open } = decision;
    if (!sealed) return notReplayable('the person concerned was erased, and the facts with them');
    const set = await this.policies.setOf(open.policySet);
    if (!set) return notReplayable(`the policy set ${open.policySet} is not known here`);
    const recorded = recordedOf(decision, sealed);
    const replayed = outcomeOf(evaluate(set, factsOf(sealed), decision.decidedAt));
    const different = (Object.keys(recorded) as (keyof Outcome)[]).filter(
      (member) => canonicalJson(recorded[member] as Json) !== canonicalJson(replayed[member] as Json),
    );
    return {
      result: different.length === 0 ? 'same' : 'differs',
      why: different.length === 0 ? null : `differs in ${different.join(', ')}`,
      recorded,
      replayed,
    };
  }

  /** In plain words: which rules decided, and what would have changed the outcome. Throws ProblemError 404, 409 or 410. */
  async explanation(id: string): Promise<Explanation> {
    const { sealed, open, decidedAt } = await this.reader.opened(id);
    if (!sealed) throw erased();
    const set: PolicySet | null = await this.policies.setOf(open.policySet);
    if (!set)
      throw new ProblemError({
        status: 409,
        type: 'policy-set-unknown',
        title: 'The policies it was made under are not known here',
      });
    return explain(set, factsOf(sealed), decidedAt);
  }
}

const factsOf = ({ request, known }: SealedFields): ReturnType<typeof mergeFacts> => mergeFacts(request, known);

const notReplayable = (why: string): Replay => ({ result: 'not replayable', why, recorded: null, replayed: null });

const recordedOf = ({ open }: OpenedDecision, { answer }: SealedFields): Outcome => ({
  outcome: open.outcome,
  reason: answer.reason,
  rules: open.rules.map(ruleOf),
  obligations: answer.obligations.map(obligationOf),
});

const outcomeOf = ({ outcome, reason, rules, obligations }: Verdict): Outcome => ({
  outcome,
  reason,
  rules: rules.map(ruleOf),
  obligations: obligations.map(obligationOf),
});

const ruleOf = ({ policy, version, rule, effect }: RuleView): RuleView => ({ policy, version, rule, effect });
const obligationOf = ({
  name,
  parameters,
}: {
  readonly name: string;
  readonly parameters: unknown;
}): Outcome['obligations'][number] => ({
  name,
  parameters,
});
