import { counterNameOf, networkOf } from './address.js';

describe('the network of an address', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1234:5678::1', '2001:db8:1234::/48'],
    ['2001:0db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0::/48'],
    ['somebody@example.com', 'unknown'],
    ['', 'unknown'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('the name attempts are counted by', () => {
  it('is one for all spellings of an IPv4 address', () => {
    expect(counterNameOf('::FFFF:192.0.2.77')).toBe(counterNameOf('192.0.2.77'));
  });

  it('is one for a whole IPv6 /64, and not for its neighbour', () => {
    expect(counterNameOf('2001:db8:1:2:ffff::1')).toBe(counterNameOf('2001:db8:1:2::9'));
    expect(counterNameOf('2001:db8:1:3::9')).not.toBe(counterNameOf('2001:db8:1:2::9'));
  });
});
