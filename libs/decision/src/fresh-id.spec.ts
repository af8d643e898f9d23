import { freshId } from './fresh-id.js';

describe('ids of decisions', () => {
  it('say when it was decided, and never repeat', () => {
    const at = new Date('2026-11-22T10:30:00.123Z');
    const ids = Array.from({ length: 1_000 }, () => freshId(at));
    expect(new Set(ids.map((id) => id.toString('hex'))).size).toBe(1_000);
    for (const id of ids) {
      expect(id.readUIntBE(0, 6)).toBe(at.getTime());
      expect((id[6] ?? 0) >> 4).toBe(7);
      expect((id[8] ?? 0) >> 6).toBe(2);
    }
  });
});
