/** Codes of PostgreSQL that speak of the moment, not of the statement: connections, resources, a shutdown, a statement that took too long,
 *  a lock that was not had in time, a serialization that failed. */
const OF_THE_MOMENT = /^(08|53|57|40|55P03|25006|25P0[34])/;
const OF_THE_NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What pg and its pool say without a code. */
const WITHOUT_CODE =
  /^(timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error|Cannot use a pool after calling end)/;

/** Whether an error says that the database cannot be asked at the moment, in whatever form it arrives: answer 503, the same request may
 *  be sent again. Everything else is a fault of ours. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string')
    return OF_THE_NETWORK.has(code) || (/^[0-9A-Z]{5}$/.test(code) && OF_THE_MOMENT.test(code));
  const { message, driverError } = error as { readonly message?: unknown; readonly driverError?: unknown };
  return (typeof message === 'string' && WITHOUT_CODE.test(message)) || isUnavailable(driverError);
}
