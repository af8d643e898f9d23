import { isNetwork, networksOf } from './network.rules.js';

describe('networks that a key is bound to', () => {
  it('are addresses with a prefix, and nothing else', () => {
    for (const network of ['0.0.0.0/0', '192.0.2.7/32', '10.0.0.0/8', '2001:db8::/32', '::1/128'])
      expect([network, isNetwork(network)]).toEqual([network, true]);
    for (const odd of [
      '',
      '10.0.0.0',
      '10.0.0.0/33',
      '10.0.0/8',
      '::/129',
      '::1/-1',
      '1.2.3.4/8/8',
      'localhost/8',
      '٣/8',
      7,
      null,
    ])
      expect([odd, isNetwork(odd)]).toEqual([odd, false]);
  });

  it('hold the addresses within and no others, also an IPv4 address written as IPv6', () => {
    const within = networksOf(['192.0.2.0/24', '2001:db8::/32']);
    const addresses = ['192.0.2.0', '192.0.2.255', '::ffff:192.0.2.9', '2001:db8:1::1'];
    expect(addresses.filter((address) => !within(address))).toEqual([]);
    expect(['192.0.3.0', '::ffff:192.0.3.9', '2001:db9::1', '', 'unknown', '192.0.2'].filter(within)).toEqual([]);
  });
});
