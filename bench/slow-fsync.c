/* Preloaded into PostgreSQL: every fsync and fdatasync takes SLOW_FSYNC_US microseconds (default 1000) and does nothing else.
 * For a data folder in memory: a disk of one fixed commit time, the same on every machine. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static struct timespec cost = {0, 1000000};

__attribute__((constructor)) static void configure(void) {
  const char *given = getenv("SLOW_FSYNC_US");
  if (given) {
    long us = atol(given);
    cost.tv_sec = us / 1000000;
    cost.tv_nsec = us % 1000000 * 1000;
  }
}

static int pause_once(void) {
  /* The kernel may wake a sleeper up to 50 us late unless told otherwise; forked children inherit the setting, threads too. */
  static int told;
  if (!told) told = prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0) == 0;
  struct timespec left = cost;
  while (nanosleep(&left, &left) == -1 && errno == EINTR) continue;
  return 0;
}

int fsync(int fd) {
  (void)fd;
  return pause_once();
}

int fdatasync(int fd) {
  (void)fd;
  return pause_once();
}
