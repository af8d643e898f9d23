/** The little of a reply that is needed here. */
export interface Reply {
  header(name: string, value: string): Reply;
}

export const TEXT = 'text/plain; charset=utf-8';

/** Whether a caller that accepts both is better served with text: `text/plain` stands in its header before any JSON. */
export function prefersText(accept = ''): boolean {
  const text = accept.indexOf('text/plain');
  const json = accept.indexOf('application/json');
  return text >= 0 && (json < 0 || text < json);
}
