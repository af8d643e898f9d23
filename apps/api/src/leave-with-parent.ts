// Loaded into the server by launch.ts with `--import`: should the launcher be killed, its end of the channel closes, and
// the server shuts down as at a SIGTERM instead of running on without anybody who would restart its database.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
process.channel?.unref();
