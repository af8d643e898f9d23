import { type Json, leafHash, NoteError, type NoteVerifier, verifyInclusion } from '@lexecon/crypto';
import {
  bytesOf,
  type EntryProof,
  type Leaf,
  LeafError,
  type Opening,
  openReceipt,
  type Receipt,
  ReceiptError,
  receiptKeyName,
  tenantOf,
} from '@lexecon/ledger/core';
import { openCheckpoint } from './checkpoint.js';
import { countOf, hashesOf, membersOf, objectOf, orNull, textOf, textsOf } from './shape.js';
import { Invalid, Undecided } from './verdict.js';

const MEMBERS = ['log', 'entry', 'leaf', 'opening', 'batch', 'position', 'path', 'note', 'index'];

/** Throws Invalid for anything but exactly a receipt. */
export function receiptOf(value: Json | undefined): Receipt {
  const members = membersOf(value, 'receipt', MEMBERS, ['proof']);
  return {
    log: textOf(members['log'], 'receipt/log'),
    entry: textOf(members['entry'], 'receipt/entry'),
    leaf: textOf(members['leaf'], 'receipt/leaf'),
    opening: openingOf(members['opening'], 'receipt/opening'),
    batch: textOf(members['batch'], 'receipt/batch'),
    position: countOf(members['position'], 'receipt/position'),
    path: textsOf(members['path'], 'receipt/path'),
    note: textOf(members['note'], 'receipt/note'),
    index: orNull(members['index'], (index) => countOf(index, 'receipt/index')),
    ...(members['proof'] !== undefined && { proof: proofOf(members['proof']) }),
  };
}

export function openingOf(value: Json | undefined, name: string): Opening {
  const members = membersOf(value, name, ['schema', 'seed', 'public', 'commitments']);
  return {
    schema: countOf(members['schema'], `${name}/schema`),
    seed: textOf(members['seed'], `${name}/seed`),
    public: objectOf(members['public'], `${name}/public`),
    commitments: textsOf(members['commitments'], `${name}/commitments`),
  };
}

function proofOf(value: Json): EntryProof {
  const members = membersOf(value, 'receipt/proof', ['shard', 'index', 'size', 'path', 'checkpoint']);
  return {
    shard: textOf(members['shard'], 'receipt/proof/shard'),
    index: countOf(members['index'], 'receipt/proof/index'),
    size: countOf(members['size'], 'receipt/proof/size'),
    path: textsOf(members['path'], 'receipt/proof/path'),
    checkpoint: textOf(members['checkpoint'], 'receipt/proof/checkpoint'),
  };
}

/** What the receipt proves: the leaf with its opened fields was promised by the log's receipt key, and is at its place where a proof
 *  says so. Throws Invalid; Undecided when a key is missing. */
export function verifyReceipt(receipt: Receipt, verifiers: readonly NoteVerifier[]): Leaf {
  const leaf = opened(receipt, verifiers);
  if (!leaf.tenant.equals(tenantOf(receipt.log)))
    throw new Invalid(`receipt/leaf is of another log than ${receipt.log}`);
  if (receipt.proof) verifyPlace(receipt, receipt.proof, verifiers);
  return leaf;
}

function opened(receipt: Receipt, verifiers: readonly NoteVerifier[]): Leaf {
  const name = receiptKeyName(receipt.log);
  const keys = verifiers.filter((verifier) => verifier.name === name);
  if (keys.length === 0) throw new Undecided(`the key of ${JSON.stringify(name)} is needed to check this receipt`);
  try {
    return openReceipt(receipt, keys);
  } catch (error) {
    if (error instanceof ReceiptError || error instanceof LeafError || error instanceof NoteError)
      throw new Invalid(`receipt: ${error.message}`);
    throw error;
  }
}

function verifyPlace({ log, leaf, index }: Receipt, proof: EntryProof, verifiers: readonly NoteVerifier[]): void {
  const { origin, size, root } = openCheckpoint(proof.checkpoint, verifiers, 'receipt/proof/checkpoint');
  if (origin !== `${log}/${proof.shard}`) throw new Invalid(`receipt/proof/shard: the checkpoint is of ${origin}`);
  if (size !== proof.size) throw new Invalid(`receipt/proof/size is not the checkpoint's, ${String(size)}`);
  if (index !== proof.index) throw new Invalid('receipt/index is not the one that is proven');
  const path = hashesOf(proof.path, 'receipt/proof/path');
  if (!verifyInclusion({ leafHash: leafHash(bytesOf(leaf, 'leaf')), index: proof.index, size, path, root }))
    throw new Invalid('receipt/proof/path does not lead from the leaf to the checkpoint');
}
