import { guardPlaceProblem } from './guard.place.js';
import { s3PlaceOf } from './s3.place.js';

describe('places of a guard', () => {
  it.each([
    ['file:///var/lib/guard', null],
    ['file://relative', 'must be a file:///… or an s3://bucket/prefix?region=… place'],
    ['https://bucket.s3.amazonaws.com/', 'must be a file:///… or an s3://bucket/prefix?region=… place'],
    ['s3://guard-bucket', null],
    ['s3://guard-bucket/logs/prod?region=eu-central-1', null],
    ['s3://guard-bucket?region=eu-central-1&endpoint=https://store.example:9000', null],
    ['s3://guard-bucket?endpoint=http://127.0.0.1:9000', null],
    ['s3://guard-bucket?endpoint=http://store.example', 'must have an https:// endpoint'],
    ['s3://guard-bucket?endpoint=store', 'is not a URL'],
    ['s3://', 'must name a bucket after s3://, and no credentials'],
    ['s3://AKID:secret@guard-bucket', 'must name a bucket after s3://, and no credentials'],
    ['s3://guard-bucket?secret=x', 'knows region and endpoint, not secret'],
  ])('%s: %s', (place, problem) => {
    expect(guardPlaceProblem(place)).toBe(problem);
  });

  it('names bucket, prefix, region and endpoint', () => {
    expect(s3PlaceOf('s3://guard-bucket/logs/prod/?region=eu-central-1&endpoint=https://store.example')).toEqual({
      bucket: 'guard-bucket',
      prefix: 'logs/prod/',
      region: 'eu-central-1',
      endpoint: 'https://store.example',
    });
    expect(s3PlaceOf('s3://guard-bucket')).toMatchObject({ prefix: '', region: undefined, endpoint: undefined });
  });
});
