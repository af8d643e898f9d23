import { parseSettings } from './settings.js';
import { securityText } from './security-text.controller.js';

const NOW = Date.parse('2026-11-25T13:30:00Z');
const settings = { SECURITY_CONTACT: 'mailto:security@example.com', PUBLIC_URL: 'https://lexecon.example' };

describe('security.txt', () => {
  it('has a contact, an end in the future, and its own address', () => {
    expect(securityText(settings, NOW)).toBe(
      'Contact: mailto:security@example.com\nExpires: 2027-02-24T00:00:00Z\nPreferred-Languages: en\nCanonical: https://lexecon.example/.well-known/security.txt\n',
    );
  });

  it('ends less than a year ahead, and more than two months, on whatever day it is asked for', () => {
    for (let day = 0; day < 800; day += 1) {
      const now = NOW + day * 86_400_000 + day;
      const ahead = Date.parse(/Expires: (.*)/.exec(securityText(settings, now))?.[1] ?? '') - now;
      expect([day, ahead > 60 * 86_400_000, ahead < 365 * 86_400_000]).toEqual([day, true, true]);
    }
  });

  it('is not there without a contact', () => {
    expect(() => securityText({ SECURITY_CONTACT: undefined, PUBLIC_URL: undefined }, NOW)).toThrow('no such contact');
  });

  it('takes as contact what people can reach, in one line', () => {
    const contactOf = (SECURITY_CONTACT: string) => parseSettings({ SECURITY_CONTACT }).SECURITY_CONTACT;
    for (const good of ['mailto:security@example.com', 'https://example.com/security', 'tel:+49-30-1234'])
      expect(contactOf(good)).toBe(good);
    for (const bad of ['security@example.com', 'http://example.com', 'javascript:alert(1)', 'mailto:a@b.c\nPolicy: x'])
      expect(() => contactOf(bad)).toThrow('SECURITY_CONTACT');
  });
});
