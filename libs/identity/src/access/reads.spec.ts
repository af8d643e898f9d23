import type { PersonalDataRead } from '@lexecon/auth';
import type { AccessFact } from './access-fact.js';
import type { AccessLog } from './access-log.js';
import { ReadsOnRecord } from './reads.js';

const read: PersonalDataRead = {
  by: undefined,
  from: { address: '192.0.2.1' },
  what: 'person',
  route: 'GET /api/v1/users/:id',
  filter: { id: 'of ada' },
  subject: 'account:ada',
  count: 1,
  purpose: 'complaint of Ada,\nof May',
};

async function factOf(given: PersonalDataRead): Promise<AccessFact | undefined> {
  const facts: AccessFact[] = [];
  const log: Pick<AccessLog, 'record'> = { record: (fact) => Promise.resolve(void facts.push(fact)) };
  await new ReadsOnRecord(log).record(given);
  return facts[0];
}

describe('a read of personal data on record', () => {
  it('keeps what was asked and what for under the person it is about, so that it goes with them', async () => {
    const { about, sealed, public: open } = (await factOf(read)) ?? {};
    const fields = { asked: { id: 'of ada' }, purpose: 'complaint of Ada, of May' };
    expect([about, sealed]).toEqual([{ subject: 'account:ada', fields }, undefined]);
    expect(open).toEqual({ what: 'person', route: 'GET /api/v1/users/:id', count: 1 });
  });

  it('keeps it under the reader when it is about nobody in particular', async () => {
    const { about, sealed } = (await factOf({ ...read, subject: undefined, filter: {} })) ?? {};
    expect([about, sealed]).toEqual([undefined, { purpose: 'complaint of Ada, of May' }]);
  });
});
