import { BlockList, isIP } from 'node:net';
import { registerDecorator } from 'class-validator';

/** Whether an address lies within. */
export type Networks = (address: string) => boolean;

/** An IPv4 or IPv6 network with its prefix: `192.0.2.0/24`, `2001:db8::/32`. */
export function isNetwork(value: unknown): boolean {
  const [, address = '', prefix = ''] = /^([0-9A-Fa-f.:]{2,39})\/(\d{1,3})$/.exec(String(value)) ?? [];
  const family = isIP(address);
  return typeof value === 'string' && family > 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** `networks` as `isNetwork` lets them pass. */
export function networksOf(networks: readonly string[]): Networks {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  let last: readonly [address: string, within: boolean] = ['', false];
  return (address) => {
    if (last[0] !== address) last = [address, isIP(address) > 0 && list.check(address, familyOf(address))];
    return last[1];
  };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** A list of networks. */
export function AreNetworks(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'areNetworks',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => Array.isArray(value) && value.every(isNetwork),
        defaultMessage: () => 'must be networks with their prefix, such as 192.0.2.0/24 or 2001:db8::/32',
      },
    });
  };
}
