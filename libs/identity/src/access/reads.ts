import { Inject, Injectable } from '@nestjs/common';
import { type PersonalDataRead, Reads } from '@lexecon/auth';
import { oneLine } from './access-fact.js';
import { AccessLog } from './access-log.js';

/** Puts reads of personal data on record. Route, kind of data and number are public; what was asked for
 *  and what for is sealed under the person it names, else under the reader. */
@Injectable()
export class ReadsOnRecord extends Reads {
  constructor(@Inject(AccessLog) private readonly log: Pick<AccessLog, 'record'>) {
    super();
  }

  override record({ by, from, what, route, filter, subject, count, purpose }: PersonalDataRead): Promise<void> {
    const asked = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, oneLine(value)]));
    const said = {
      ...(Object.keys(asked).length > 0 && { asked }),
      ...(purpose && { purpose: oneLine(purpose) }),
    };
    return this.log.record({
      event: 'personal-data-read',
      by,
      from,
      ...(subject === undefined ? { sealed: said } : { about: { subject, fields: said } }),
      public: { what, route, ...(count !== null && { count }) },
    });
  }
}
