import type { Attributes, Span, SpanOptions, Tracer, TracerProvider } from '@opentelemetry/api';

/** Attributes that can hold personal data or lead to a person: addresses with ids in them, queries, the caller's machine. */
const withheld =
  /^(url\.(path|query|full)|http\.(url|target|user_agent|client_ip)|user_agent\.|client\.|net(work)?\.peer\.|net\.sock\.|exception\.(message|stacktrace)|http\.(request|response)\.header\.)/;

const allowed = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !withheld.test(name)));

/** A provider whose spans never take personal data: no paths, queries, headers or addresses, no texts of errors. What is not
 *  on a span cannot leave with it, whatever exporter is set up. */
export const discreet = (provider: TracerProvider): TracerProvider => ({
  getTracer: (...named) => discreetTracer(provider.getTracer(...named)),
});

const discreetTracer = (tracer: Tracer): Tracer => ({
  startSpan: (name, options, context) => hushed(tracer.startSpan(name, allowedOptions(options), context)),
  startActiveSpan: () => {
    throw new Error('instrumentations start their spans with startSpan');
  },
});

const allowedOptions = (options: SpanOptions = {}): SpanOptions =>
  options.attributes === undefined ? options : { ...options, attributes: allowed(options.attributes) };

function hushed(span: Span): Span {
  const setAttribute = span.setAttribute.bind(span);
  const setStatus = span.setStatus.bind(span);
  const setAttributes = span.setAttributes.bind(span);
  span.setAttribute = (name, value) => (withheld.test(name) ? span : setAttribute(name, value));
  span.setAttributes = (attributes) => setAttributes(allowed(attributes));
  span.setStatus = ({ code }) => setStatus({ code });
  span.recordException = (exception) => {
    const type = exception instanceof Error ? exception.name : 'error';
    setAttribute('error.type', type);
  };
  return span;
}
