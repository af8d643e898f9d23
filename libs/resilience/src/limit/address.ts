import { isIPv4, isIPv6 } from 'node:net';

/** The network an address belongs to, coarse enough not to point at a person: IPv4 /24, IPv6 /48; `unknown` for anything else. */
export function networkOf(address: string): string {
  const plain = mappedIPv4(address);
  if (isIPv4(plain)) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (!isIPv6(plain)) return 'unknown';
  return `${groupsOf(plain).slice(0, 3).join(':')}::/48`;
}

/** What limits count by: one IPv4 address, or the /64 that one IPv6 customer has at the least. */
export function counterNameOf(address: string): string {
  const plain = mappedIPv4(address);
  return isIPv6(plain) ? groupsOf(plain).slice(0, 4).join(':') : plain;
}

/** An IPv4 address that was written as IPv6 (`::ffff:192.0.2.1`) without its prefix. */
const mappedIPv4 = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const split = (part: string): string[] => (part === '' ? [] : part.split(':').flatMap(hexOfDotted));
  const [front, back] = [split(head), tail === undefined ? [] : split(tail)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].map((group) => Number.parseInt(group, 16).toString(16));
}

/** The two groups that a dotted ending (`64:ff9b::192.0.2.1`) stands for. */
function hexOfDotted(group: string): readonly string[] {
  if (!group.includes('.')) return [group];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}
