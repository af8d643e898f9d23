/** The first thing that is wrong: the evidence does not hold. Exit code 1. */
export class Invalid extends Error {}

/** Nothing can be said: wrong usage, an unreadable file, a missing key. Exit code 2. */
export class Undecided extends Error {}
