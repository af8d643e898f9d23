import { glob, isGlob, type Matcher, SENSITIVITIES, type Sensitivity, stemOf, stemsOf } from './core/index.js';
import type { Resource, ResourceFacts } from './resource.js';

type Entry = Pick<Resource, 'id' | 'type' | 'resource' | 'dataClasses' | 'sensitivity' | 'subject'>;
type Pattern = { readonly entry: Entry; readonly matches: Matcher };

/** The catalogue in memory: finds what is known of a resource without looking at the entries that cannot match it. */
export class ResourceCatalogue {
  readonly #entries = new Map<string, Entry>();
  readonly #types = new Map<string, TypeEntries>();

  put(entry: Entry): void {
    this.remove(entry.id);
    this.#entries.set(entry.id, entry);
    const entries = this.#types.get(entry.type) ?? new TypeEntries();
    this.#types.set(entry.type, entries);
    entries.put(entry);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#types.get(entry.type)?.remove(entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#types.clear();
  }

  /** Undefined when no entry matches. */
  factsOf(type: string, id: string): ResourceFacts | undefined {
    const found = this.#types.get(type)?.find(id) ?? [];
    const [first] = found;
    if (!first) return undefined;
    const sensitivity = found.reduce<Sensitivity | null>((high, entry) => higher(high, entry.sensitivity), null);
    const subject = found.find((entry) => entry.subject !== null)?.subject;
    return {
      dataClasses: found.length === 1 ? first.dataClasses : [...new Set(found.flatMap((entry) => entry.dataClasses))],
      ...(sensitivity && { sensitivity }),
      ...(subject && { subject }),
    };
  }
}

class TypeEntries {
  readonly #exact = new Map<string, Entry>();
  /** Globs by their literal stem. */
  readonly #globs = new Map<string, readonly Pattern[]>();

  put(entry: Entry): void {
    if (!isGlob(entry.resource)) {
      this.#exact.set(entry.resource, entry);
      return;
    }
    const stem = stemOf(entry.resource);
    this.#globs.set(stem, [...(this.#globs.get(stem) ?? []), { entry, matches: glob(entry.resource) }]);
  }

  remove(entry: Entry): void {
    if (this.#exact.get(entry.resource)?.id === entry.id) this.#exact.delete(entry.resource);
    if (!isGlob(entry.resource)) return;
    const stem = stemOf(entry.resource);
    const rest = (this.#globs.get(stem) ?? []).filter((pattern) => pattern.entry.id !== entry.id);
    if (rest.length > 0) this.#globs.set(stem, rest);
    else this.#globs.delete(stem);
  }

  /** The closest first: the id itself, then globs by their length. */
  find(id: string): readonly Entry[] {
    const exact = this.#exact.get(id);
    const found = exact ? [exact] : [];
    if (this.#globs.size === 0) return found;
    const globs = stemsOf(id)
      .flatMap((stem) => this.#globs.get(stem) ?? [])
      .filter(({ matches }) => matches(id))
      .map(({ entry }) => entry)
      .sort((a, b) => b.resource.length - a.resource.length || (a.id < b.id ? -1 : 1));
    return [...found, ...globs];
  }
}

function higher(a: Sensitivity | null, b: Sensitivity | null): Sensitivity | null {
  if (a === null || b === null) return a ?? b;
  return SENSITIVITIES.indexOf(a) > SENSITIVITIES.indexOf(b) ? a : b;
}
