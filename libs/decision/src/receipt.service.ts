import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notFound, type Principal, ProblemError } from '@lexecon/auth';
import { LedgerReader, ProofService } from '@lexecon/ledger';
import type { Receipt } from '@lexecon/ledger/core';
import type { Decision } from './core/index.js';

/** How long `Prefer: wait=proof` holds an answer, in milliseconds. */
const WAIT_MS = 5_000;

/** Receipts once more, with the place in the log and what proves it. */
@Injectable()
export class ReceiptService {
  constructor(
    private readonly ledger: LedgerReader,
    private readonly proofs: ProofService,
    private readonly dataSource: DataSource,
  ) {}

  /** Throws ProblemError 404 when there is no such decision or the caller may not see it. */
  async receipt(principal: Principal, id: string): Promise<Receipt> {
    await this.#requireMaySee(principal, id);
    const entry = await this.ledger.read(id);
    if (!entry) throw notFound('decision');
    const proof = await this.proofs.entryProof(id);
    return proof ? { ...entry.receipt, index: proof.index, proof } : entry.receipt;
  }

  /** A C2SP tlog-proof file. Throws ProblemError 404, or 409 while the entry is not under a checkpoint yet. */
  async tlogProof(principal: Principal, id: string): Promise<string> {
    await this.#requireMaySee(principal, id);
    const file = await this.proofs.tlogProof(id);
    if (file !== null) return file;
    throw new ProblemError({
      status: 409,
      type: 'not-proven-yet',
      title: 'The entry is not under a checkpoint yet',
      detail: 'It will be after the next sequencing round.',
      retryAfter: 1,
    });
  }

  /** The same answers with index and proof, as far as the ledger gets there in five seconds. */
  withProofs(decisions: readonly Decision[]): Promise<readonly Decision[]> {
    return Promise.all(
      decisions.map(async (decision) => {
        const proof = await this.proofs.awaitProof(decision.id, WAIT_MS).catch(() => null);
        return proof ? { ...decision, receipt: { ...decision.receipt, index: proof.index, proof } } : decision;
      }),
    );
  }

  async #requireMaySee(principal: Principal, id: string): Promise<void> {
    const [row] = await this.dataSource.query<{ principal: string }[]>(
      'SELECT principal FROM decision.decision WHERE id = $1',
      [id],
    );
    if (!row || !(principal.permissions.has('decision:read') || row.principal === principal.id))
      throw notFound('decision');
  }
}
