// Loaded with `node --import`, before anything that it instruments. Without an endpoint nothing is loaded and nothing runs: the
// ids that logs carry come from logging.context.ts, which honours the caller's traceparent at a fraction of the cost.

interface Telemetry {
  shutdown(): Promise<void>;
}

const PROBES = /^\/health(\/|$|\?)/;

const running = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ? await start() : null;

async function start(): Promise<Telemetry> {
  const [{ NodeSDK }, { getNodeAutoInstrumentations }, { FastifyOtelInstrumentation }, { trace }, { discreet }] =
    await Promise.all([
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/auto-instrumentations-node'),
      import('@fastify/otel'),
      import('@opentelemetry/api'),
      import('./telemetry.privacy.js'),
    ]);
  process.env['OTEL_SERVICE_NAME'] ??= 'lexecon';
  process.env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] ??= 'http,pg,pino,runtime-node';
  const instrumentations = [
    ...getNodeAutoInstrumentations({
      '@opentelemetry/instrumentation-http': {
        ignoreIncomingRequestHook: ({ url }) => PROBES.test(url ?? ''),
        requireParentforOutgoingSpans: true,
      },
      '@opentelemetry/instrumentation-pg': { requireParentSpan: true, ignoreConnectSpans: true },
      '@opentelemetry/instrumentation-pino': { disableLogCorrelation: true },
    }),
    new FastifyOtelInstrumentation({
      registerOnInitialization: true,
      recordExceptions: false,
      instrumentHooks: false,
      ignorePaths: ({ url }) => PROBES.test(url),
    }),
  ];
  const sdk = new NodeSDK({ instrumentations });
  sdk.start();
  for (const instrumentation of instrumentations)
    instrumentation.setTracerProvider(discreet(trace.getTracerProvider()));
  return sdk;
}

/** Sends what the telemetry still holds. Called after the application has drained, so that its last spans are in it. */
export async function stopTelemetry(): Promise<void> {
  await running?.shutdown();
}
