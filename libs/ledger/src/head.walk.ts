import type { Pool } from 'pg';
import { CheckpointError, formatCheckpoint, NoteError, type NoteVerifier, openNote } from '@lexecon/crypto';
import type { GrowingTree } from './core/growing-tree.js';
import type { Findings } from './finding.js';

const PAGE = 500;

interface Row {
  readonly size: string;
  readonly prev_size: string | null;
  readonly root: Buffer;
  readonly compact: Buffer;
  readonly names: readonly string[] | null;
  readonly signatures: readonly Buffer[] | null;
}

/** Compares the stored heads of a shard with a tree that grows past them. */
export class HeadWalk {
  #page: Row[] = [];
  #read: number;
  #before: number | null = null;
  #ended = false;

  constructor(
    private readonly pool: Pool,
    private readonly log: {
      readonly logId: number;
      /** Origin of its checkpoints. */
      readonly name: string;
      readonly verifiers: readonly NoteVerifier[];
    },
    from: number,
    private readonly findings: Findings,
  ) {
    this.#read = from;
  }

  /** To be told of the tree after every batch, in order. */
  async passes(tree: GrowingTree): Promise<void> {
    for (let head = await this.#next(); head && Number(head.size) <= tree.size; head = await this.#next()) {
      this.#page.shift();
      this.#check(head, tree);
    }
  }

  async #next(): Promise<Row | undefined> {
    if (this.#page.length === 0 && !this.#ended) {
      const { rows } = await this.pool.query<Row>({
        name: 'walk-heads',
        text: `SELECT h.size, h.prev_size, h.root, h.compact, g.names, g.signatures FROM ledger.tree_head h,
                 LATERAL (SELECT array_agg(key_name ORDER BY key_name) AS names, array_agg(signature ORDER BY key_name) AS signatures
                          FROM ledger.head_sig g WHERE g.log_id = h.log_id AND g.size = h.size) g
               WHERE h.log_id = $1 AND h.size > $2 ORDER BY h.size LIMIT ${String(PAGE)}`,
        values: [this.log.logId, this.#read],
      });
      this.#page = rows;
      this.#read = Number(rows.at(-1)?.size ?? this.#read);
      this.#ended = rows.length < PAGE;
    }
    return this.#page[0];
  }

  #check(head: Row, tree: GrowingTree): void {
    const size = Number(head.size);
    const place = `head of size ${String(size)}`;
    if (this.#before !== null && Number(head.prev_size) !== this.#before)
      this.findings.add(
        'head',
        place,
        `follows size ${String(head.prev_size)}, not ${String(this.#before)}: heads are missing`,
      );
    this.#before = size;
    if (size !== tree.size) this.findings.addHead(place, 'ends inside a batch');
    else if (!head.root.equals(tree.root()))
      this.findings.addHead(place, 'its root is not that of the entries, nor are those after it');
    else if (!head.compact.equals(tree.compact()))
      this.findings.add('head', place, 'its compact range is not that of the entries');
    (head.signatures ?? []).forEach((signature, i) => {
      const fault = this.#signatureFault(size, head.root, head.names?.[i] ?? '', signature);
      if (fault !== null) this.findings.add('signature', `checkpoint of size ${String(size)}`, fault);
    });
  }

  #signatureFault(size: number, root: Buffer, keyName: string, signature: Buffer): string | null {
    const { name, verifiers } = this.log;
    try {
      const text = formatCheckpoint({ origin: name, size, root });
      openNote(`${text}\n— ${keyName} ${signature.toString('base64')}\n`, verifiers);
      return null;
    } catch (error) {
      if (error instanceof NoteError || error instanceof CheckpointError) return error.message;
      throw error;
    }
  }
}
