import type { Rule } from './document.js';
import type { Facts } from './facts.js';
import { isGlob, stemOf, stemsOf } from './glob.js';

/**
 * Finds the rules that can match a request without looking at the others: a tree over action, then resource, then actor.
 * A rule stands under every pattern of one member of each of the three (the exact text, or the literal stem of a glob),
 * so what is found is a superset of what matches, and always includes rules whose roles are unknown.
 */
export interface RuleIndex {
  add(rule: Rule, position: number): void;
  /** Positions of the rules that can match, ascending, each once. */
  find(facts: Facts): readonly number[];
}

/** How often one rule may stand in the index; beyond it the member with the most patterns counts as absent. */
const MAX_ENTRIES = 1024;

export function ruleIndex(): RuleIndex {
  const actions = new Branch<Resources>(() => new Resources());
  return {
    add(rule, position) {
      const [action, resource, actor] = withinLimit([rule.actions ?? null, resourceKeys(rule), actorKeys(rule)]);
      for (const byResource of actions.grow(action)) {
        for (const byActor of byResource.grow(resource ? rule : null, resource)) {
          byActor.add(actor ? rule : null, actor, position);
        }
      }
    },
    find({ action, resource, actor }) {
      const found: number[] = [];
      for (const byResource of actions.reach(action.name)) {
        for (const byActor of byResource.reach(resource)) byActor.collect(actor, found);
      }
      return ascending(found);
    },
  };
}

type Keys = readonly string[] | null;

const resourceKeys = ({ resources }: Rule): Keys => resources?.ids ?? resources?.types ?? null;
const actorKeys = ({ actors }: Rule): Keys => actors?.ids ?? actors?.roles ?? actors?.types ?? null;

function withinLimit(keys: readonly [Keys, Keys, Keys]): readonly [Keys, Keys, Keys] {
  const sizes = keys.map((list) => list?.length ?? 1);
  if (sizes.reduce((product, size) => product * size, 1) <= MAX_ENTRIES) return keys;
  const longest = sizes.indexOf(Math.max(...sizes));
  const [a, b, c] = keys;
  return withinLimit([longest === 0 ? null : a, longest === 1 ? null : b, longest === 2 ? null : c]);
}

/** One step of the tree: what follows for an exact value, for a stem, and for rules that take any value. */
class Branch<Next> {
  private exact: Map<string, Next> | null = null;
  private stems: Map<string, Next> | null = null;
  private any: Next | null = null;

  constructor(private readonly make: () => Next) {}

  grow(patterns: Keys): readonly Next[] {
    if (!patterns) return [(this.any ??= this.make())];
    return [
      ...new Set(
        patterns.map((pattern) =>
          isGlob(pattern)
            ? this.grown((this.stems ??= new Map<string, Next>()), stemOf(pattern))
            : this.grown((this.exact ??= new Map<string, Next>()), pattern),
        ),
      ),
    ];
  }

  reach(value: string): readonly Next[] {
    const reached: Next[] = this.any === null ? [] : [this.any];
    const exact = this.exact?.get(value);
    if (exact !== undefined) reached.push(exact);
    if (!this.stems) return reached;
    for (const stem of stemsOf(value)) {
      const next = this.stems.get(stem);
      if (next !== undefined) reached.push(next);
    }
    return reached;
  }

  private grown(map: Map<string, Next>, key: string): Next {
    const next = map.get(key) ?? this.make();
    map.set(key, next);
    return next;
  }
}

const actorsBranch = (): Branch<Actors> => new Branch<Actors>(() => new Actors());

class Resources {
  private readonly ids = actorsBranch();
  private readonly types = actorsBranch();

  grow(rule: Rule | null, keys: Keys): readonly Actors[] {
    return (rule?.resources?.ids ? this.ids : this.types).grow(keys);
  }

  reach({ type, id }: Facts['resource']): readonly Actors[] {
    return [...this.ids.reach(id), ...this.types.reach(type)];
  }
}

const leaves = (): Branch<number[]> => new Branch<number[]>(() => []);

class Actors {
  private readonly ids = leaves();
  private readonly roles = leaves();
  private readonly types = leaves();
  /** Every rule below: for an actor whose roles are unknown. */
  private readonly all: number[] = [];

  add(rule: Rule | null, keys: Keys, position: number): void {
    const branch = rule?.actors?.ids ? this.ids : rule?.actors?.roles ? this.roles : this.types;
    for (const leaf of branch.grow(keys)) leaf.push(position);
    this.all.push(position);
  }

  collect(actor: Facts['actor'], found: number[]): void {
    if (!actor.registered) {
      found.push(...this.all);
      return;
    }
    for (const leaf of this.ids.reach(actor.id)) found.push(...leaf);
    for (const leaf of this.types.reach(actor.type)) found.push(...leaf);
    for (const role of actor.roles) for (const leaf of this.roles.reach(role)) found.push(...leaf);
  }
}

function ascending(found: number[]): readonly number[] {
  for (let i = 1; i < found.length; i++) {
    if ((found[i - 1] ?? 0) >= (found[i] ?? 0)) {
      return found.sort((a, b) => a - b).filter((position, j) => position !== found[j - 1]);
    }
  }
  return found;
}
