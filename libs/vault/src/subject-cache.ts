/** Most subjects whose keys one replica keeps in memory. */
const MOST = 100_000;

/** Bounded map; what was used longest ago leaves first. */
export class SubjectCache<Value> {
  readonly #entries = new Map<string, Value>();

  get(subject: string): Value | undefined {
    const value = this.#entries.get(subject);
    if (value !== undefined && this.#entries.size > MOST / 2) {
      this.#entries.delete(subject);
      this.#entries.set(subject, value);
    }
    return value;
  }

  set(subject: string, value: Value): void {
    this.#entries.set(subject, value);
    if (this.#entries.size <= MOST) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(matches: (value: Value) => boolean): void {
    for (const [subject, value] of this.#entries) if (matches(value)) this.#entries.delete(subject);
  }
}
