import type { Json } from '@lexecon/crypto';
import { Invalid } from './verdict.js';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** Reads JSON and refuses a name that stands twice in one object: readers differ in which of the two they believe. Throws Invalid. */
export function strictJson(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Invalid('this is not JSON');
  }
  refuseRepeatedNames(text);
  return value;
}

/** Takes well-formed JSON. */
function refuseRepeatedNames(text: string): void {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') addTo(open.at(-1), JSON.parse(last) as string);
    last = token;
  }
}

function addTo(names: Set<string> | undefined, name: string): void {
  if (names?.has(name) === true) throw new Invalid(`"${name}" stands twice in one object`);
  names?.add(name);
}
