import { isRole, permissions, permissionsOf, roles } from './permissions.js';

describe('permissions of roles', () => {
  it('gives nothing for names that are no roles, nor for those of Object itself', () => {
    expect([...permissionsOf(['root', 'constructor', '__proto__', 'toString'])]).toEqual([]);
    expect(isRole('constructor')).toBe(false);
  });

  it('is the union over the roles', () => {
    expect(permissionsOf(['agent', 'reviewer'])).toEqual(new Set([...roles.agent, ...roles.reviewer]));
  });

  it('names every permission as noun:verb and gives each to some role or to none by choice', () => {
    expect(Object.keys(permissions).filter((name) => !/^[a-z-]+:[a-z-]+$/.test(name))).toEqual([]);
    const given = permissionsOf(Object.keys(roles));
    expect(Object.keys(permissions).filter((name) => ![...given].some((permission) => permission === name))).toEqual(
      [],
    );
  });

  it('keeps the auditor from changing anything but their own account', () => {
    const changing = [...permissionsOf(['auditor'])].filter((name) => !/:(read|export|verify|own)$/.test(name));
    expect(changing).toEqual([]);
  });

  it('separates writing a policy from approving it', () => {
    for (const role of Object.keys(roles)) {
      const may = permissionsOf([role]);
      expect(may.has('policy:write') && may.has('policy:approve')).toBe(false);
    }
  });

  it('lets only a gateway decide for others', () => {
    expect(Object.keys(roles).filter((role) => permissionsOf([role]).has('decision:make-for-any'))).toEqual([
      'gateway',
    ]);
  });
});
